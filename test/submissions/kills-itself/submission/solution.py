"""Ends without an answer."""
import os


def compress(data: bytes) -> bytes:
    os.kill(os.getpid(), 9)


def decompress(data: bytes) -> bytes:
    return data
