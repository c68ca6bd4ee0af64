"""Its first output differs from its second: allowed, for both must come back whole."""
import os

import zstandard


def compress(data: bytes) -> bytes:
    return os.urandom(1) + zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data[1:])
