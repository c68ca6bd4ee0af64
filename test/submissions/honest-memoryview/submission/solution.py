"""Answers with views of arrays instead of bytes, in two dimensions, read-only and writable."""
import numpy as np


def compress(data: bytes) -> bytes:
    return memoryview(np.frombuffer(data, dtype="<u2").reshape(2, -1))


def decompress(data: bytes) -> bytes:
    return bytearray(data)
