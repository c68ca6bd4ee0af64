"""Returns far more than it was given."""


def compress(data: bytes) -> bytes:
    return data * 64


def decompress(data: bytes) -> bytes:
    return data[: len(data) // 64]
