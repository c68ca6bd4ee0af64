"""Adds a little to every matrix."""


def compress(data: bytes) -> bytes:
    return data + b"x"


def decompress(data: bytes) -> bytes:
    return data[:-1]
