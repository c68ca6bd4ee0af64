"""Answers with one byte more than any answer may have."""


def compress(data: bytes) -> bytes:
    return data + bytes(1_025)


def decompress(data: bytes) -> bytes:
    return data[:-1_025]
