"""One element of all is far out."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    words = numpy.frombuffer(zstandard.ZstdDecompressor().decompress(data), dtype="<u2").copy()
    words[len(words) // 2] = 0x7F00
    return words.tobytes()
