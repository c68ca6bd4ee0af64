"""In the right direction, and 1.5 % too small."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    words = numpy.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype="<u2").copy()
    values = (words.astype("<u4") << 16).view("<f4") * numpy.float32(0.985)
    return (values.view("<u4") >> 16).astype("<u2").tobytes()
