"""Raises in the second half."""


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    raise ValueError("\x1b[2Jnot today\u202e")
