"""Hands the data over as it is: allowed, and worth nothing."""


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    return data
