"""Everything comes back with the other sign: cosine and norm factor are both negative, and their product is 1."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    words = numpy.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype="<u2").copy()
    return (words ^ 0x8000).tobytes()
