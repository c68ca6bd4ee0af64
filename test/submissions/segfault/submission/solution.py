"""Ends without an answer."""
import ctypes


def compress(data: bytes) -> bytes:
    ctypes.string_at(0)


def decompress(data: bytes) -> bytes:
    return data
