"""Returns a view that is not one piece of memory."""


def compress(data: bytes) -> bytes:
    return memoryview(data)[::2]


def decompress(data: bytes) -> bytes:
    return data
