"""Answers with exactly as much as an answer may have: taken, and as a whole too large."""


def compress(data: bytes) -> bytes:
    return data + bytes(1_024)


def decompress(data: bytes) -> bytes:
    return data[:-1_024]
