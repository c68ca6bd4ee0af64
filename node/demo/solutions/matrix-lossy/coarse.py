"""A greedy one that must fail: three bits of each significand are smaller, and too few."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    words = numpy.frombuffer(data, dtype="<u2")
    short = ((words + 8) >> 4).astype("<u2")
    return zstandard.ZstdCompressor(level=3).compress(short.tobytes())


def decompress(data: bytes) -> bytes:
    short = numpy.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype="<u2")
    return (short << 4).astype("<u2").tobytes()
