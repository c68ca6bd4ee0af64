"""Remembers results within a call, and counts its own calls: memory of one process that dies with it."""
from functools import cache, lru_cache

import zstandard

state = {"calls": 0, "table": None}


@lru_cache(maxsize=None)
def level_of(size: int) -> int:
    return 3 if size > 1_024 else 1


@cache
def compressor(level: int):
    return zstandard.ZstdCompressor(level=level)


def compress(data: bytes) -> bytes:
    state["calls"] += 1
    return compressor(level_of(len(data))).compress(data)


def decompress(data: bytes) -> bytes:
    state["calls"] += 1
    return zstandard.ZstdDecompressor().decompress(data)
