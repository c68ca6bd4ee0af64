"""Calls itself for ever."""


def compress(data: bytes) -> bytes:
    return compress(data)


def decompress(data: bytes) -> bytes:
    return data
