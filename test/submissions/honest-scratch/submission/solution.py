"""Uses a scratch file and leaves it behind."""
import tempfile

import zstandard


def through_file(data: bytes) -> bytes:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(data)
        file.seek(0)
        return file.read()


def compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(through_file(data))


def decompress(data: bytes) -> bytes:
    return through_file(zstandard.ZstdDecompressor().decompress(data))
