"""Leaves links to everywhere, sockets and odd names in its scratch folders: they are removed, not followed."""
import os
import socket

import zstandard

TARGETS = ("/", "/usr", "/harness", "/proc/1/root", "/dev/shm", "..", "/tmp")


def compress(data: bytes) -> bytes:
    for folder in (b"/tmp/", b"/dev/shm/"):
        if os.listdir(folder):
            raise RuntimeError("something of an earlier call is there")
        for number, target in enumerate(TARGETS):
            os.symlink(target, folder + b"%d" % number)
        os.mkdir(folder + b"\xff\n*-rf")
        os.symlink("/", folder + b"\xff\n*-rf/-")
        socket.socket(socket.AF_UNIX).bind(folder + b"socket")
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
