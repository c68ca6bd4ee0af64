"""Makes +0.0 of -0.0, which a comparison of numbers would not see."""
import numpy as np
import zstandard


def compress(data: bytes) -> bytes:
    values = np.frombuffer(data, dtype="<u2").copy()
    values[values == 0x8000] = 0
    return zstandard.ZstdCompressor(level=3).compress(values.tobytes())


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
