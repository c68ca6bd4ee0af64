"""Proves that the image computes: NumPy's product by OpenBLAS, one thread, and zstandard."""
import os
import time
import numpy as np
import zstandard

a = np.arange(1_000_000, dtype=np.float64).reshape(1000, 1000) / 1e6
start = time.monotonic()
b = a @ a
seconds = time.monotonic() - start
raw = a.tobytes()
packed = zstandard.ZstdCompressor(level=3).compress(raw)
assert zstandard.ZstdDecompressor().decompress(packed) == raw
print(f'{b.sum():.3f} {len(os.listdir("/proc/self/task"))} {seconds:.3f}')
