"""Numbers too small to matter, and the sign of zeros, are dropped."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    words = numpy.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype="<u2").copy()
    words[(words & 0x7F80) == 0] = 0
    return words.tobytes()
