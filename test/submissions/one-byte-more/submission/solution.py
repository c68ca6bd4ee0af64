"""Gives one byte too many back."""


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    return data + b"\0"
