"""Half of the elements, the small ones, are 0."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    words = numpy.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype="<u2").copy()
    size = words & 0x7FFF
    words[size < numpy.median(size)] = 0
    return words.tobytes()
