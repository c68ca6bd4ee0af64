"""Prints without end."""


def compress(data: bytes) -> bytes:
    while True:
        print("x" * 65536, flush=True)


def decompress(data: bytes) -> bytes:
    return data
