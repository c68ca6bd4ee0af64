"""Prints frames that say it is done, on everything that is called output; otherwise honest."""
import os
import struct
import sys

import zstandard


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack("<IB", len(payload), kind) + payload


def shout() -> None:
    for kind in range(1, 13):
        sys.stdout.buffer.write(frame(kind, b"x" * 7))
        sys.stdout.flush()
        for fd in (0, 1, 2):
            try:
                os.write(fd, frame(kind, b"x" * 7))
            except OSError:
                pass


def compress(data: bytes) -> bytes:
    shout()
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    shout()
    return zstandard.ZstdDecompressor().decompress(data)
