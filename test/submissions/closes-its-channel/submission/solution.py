"""Closes every descriptor that it has and returns."""
import os


def compress(data: bytes) -> bytes:
    os.closerange(0, 256)
    return data


def decompress(data: bytes) -> bytes:
    return data
