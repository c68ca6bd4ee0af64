"""Returns text."""


def compress(data: bytes) -> bytes:
    return data.hex()


def decompress(data: bytes) -> bytes:
    return bytes.fromhex(data)
