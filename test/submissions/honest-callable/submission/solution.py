"""A callable object and a memory view in place of plain functions and bytes."""
import zstandard


class Compress:
    def __call__(self, data: bytes) -> bytearray:
        return bytearray(zstandard.ZstdCompressor(level=3).compress(data))


compress = Compress()


def decompress(data: bytes, /, *, verbose: bool = False) -> memoryview:
    return memoryview(zstandard.ZstdDecompressor().decompress(data))
