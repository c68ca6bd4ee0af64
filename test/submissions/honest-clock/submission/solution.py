"""Looks at the clock, the number of processors and the machine to choose how hard to try."""
import os
import platform
import time

import zstandard


def compress(data: bytes) -> bytes:
    started = time.perf_counter()
    packed = zstandard.ZstdCompressor(level=1).compress(data)
    isSlow = time.perf_counter() - started > 1 or os.cpu_count() is None or platform.machine() == ""
    return packed if isSlow else zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
