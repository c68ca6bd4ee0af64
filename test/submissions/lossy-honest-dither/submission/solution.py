"""Rounds up or down by chance: sizes and bytes differ from run to run, and it is similar each time."""
import numpy
import zstandard


def compress(data: bytes) -> bytes:
    words = numpy.frombuffer(data, dtype="<u2")
    chance = numpy.random.default_rng().integers(0, 2, len(words), dtype="<u2")
    near = ((words + chance) >> 1 << 1).astype("<u2")
    near = numpy.where((near & 0x7F80) == 0x7F80, words, near)
    return zstandard.ZstdCompressor(level=3).compress(near.astype("<u2").tobytes())


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
