"""Writes to stderr for ever."""
import os


def compress(data: bytes) -> bytes:
    while True:
        os.write(2, b"x" * 65_536)


def decompress(data: bytes) -> bytes:
    return data
