"""Functions made by functools.partial, a class with a static method, hasattr and type(): none of it is suspicious."""
from functools import partial

import zstandard


class Codec:
    def __init__(self, level: int):
        self.level = level if type(level) is int and hasattr(level, "bit_length") else 3

    @staticmethod
    def unpack(data: bytes) -> bytes:
        return zstandard.ZstdDecompressor().decompress(data)

    def pack(self, data: bytes, *, level: int) -> bytes:
        return zstandard.ZstdCompressor(level=min(level, self.level)).compress(data)


compress = partial(Codec(5).pack, level=3)
decompress = Codec.unpack
