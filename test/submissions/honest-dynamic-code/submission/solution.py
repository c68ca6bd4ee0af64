"""Generates code, as dataclasses and named tuples do, and evaluates an expression."""
from collections import namedtuple
from dataclasses import dataclass

import zstandard

Header = namedtuple("Header", "size level")
exec("def level_of(size):\n    return 3 if size else 1")


@dataclass(frozen=True)
class Packed:
    header: Header
    body: bytes


def compress(data: bytes) -> bytes:
    level = eval("level_of(n)", {"level_of": level_of, "n": len(data)})
    packed = Packed(Header(len(data), level), zstandard.ZstdCompressor(level=level).compress(data))
    return packed.body


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
