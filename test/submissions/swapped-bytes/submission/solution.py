"""Gives every number back with its two bytes the other way round."""
import numpy as np


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    return np.frombuffer(data, dtype="<u2").byteswap().tobytes()
