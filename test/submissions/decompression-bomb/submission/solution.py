"""Gives back a gigabyte."""


def compress(data: bytes) -> bytes:
    return b""


def decompress(data: bytes) -> bytes:
    return bytes(400_000_000)
