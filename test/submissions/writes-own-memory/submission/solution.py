"""Writes into its own memory through /proc: it is its own, and gains nothing."""
import ctypes

import zstandard

secret = ctypes.create_string_buffer(b"before", 16)


def rewrite() -> None:
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(ctypes.addressof(secret))
        memory.write(b"after!")


def compress(data: bytes) -> bytes:
    try:
        rewrite()
    except OSError:
        pass
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
