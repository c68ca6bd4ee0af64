"""Raises and catches exceptions of its own, and falls back from one way to another."""
import zstandard


class TooDense(ValueError):
    """Not worth the effort."""


def pack_quickly(data: bytes) -> bytes:
    packed = zstandard.ZstdCompressor(level=1).compress(data)
    if len(packed) > 0:
        raise TooDense(len(packed))
    return packed


def compress(data: bytes) -> bytes:
    try:
        return pack_quickly(data)
    except TooDense:
        return zstandard.ZstdCompressor(level=3).compress(data)
    finally:
        del data


def decompress(data: bytes) -> bytes:
    try:
        assert False, "always"
    except AssertionError:
        return zstandard.ZstdDecompressor().decompress(data)
