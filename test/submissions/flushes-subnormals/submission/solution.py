"""Goes through 32-bit arithmetic that takes the smallest numbers for zero."""
import numpy as np
import zstandard


def compress(data: bytes) -> bytes:
    values = np.frombuffer(data, dtype="<u2").copy()
    values[(values & 0x7F80) == 0] &= 0x8000
    return zstandard.ZstdCompressor(level=3).compress(values.tobytes())


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
