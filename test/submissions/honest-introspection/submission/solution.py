"""Uses hasattr, type, getattr, staticmethod, property and __slots__, as libraries do."""
import zstandard


class Codec:
    __slots__ = ("level",)

    def __init__(self, level: int):
        self.level = level

    @staticmethod
    def pack(data: bytes, level: int) -> bytes:
        return zstandard.ZstdCompressor(level=level).compress(data)

    @property
    def packer(self):
        return type(self).pack if hasattr(type(self), "pack") else None


codec = Codec(3)


def compress(data: bytes) -> bytes:
    if type(data) is not bytes or not isinstance(data, bytes):
        raise TypeError(type(data).__name__)
    return getattr(codec, "packer")(data, codec.level)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
