"""Raises in the function."""


def compress(data: bytes) -> bytes:
    return data[:-1] + bytes([data[len(data)]])


def decompress(data: bytes) -> bytes:
    return data
