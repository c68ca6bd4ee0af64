"""Proves that the image computes: a product by NumPy, the BLAS that it loaded, one thread, and zstandard."""
import os
import re
import numpy as np
import zstandard

a = np.arange(1_000_000, dtype=np.float64).reshape(1000, 1000) / 1e6
b = a @ a
with open('/proc/self/maps') as maps:
    loaded = {line.split(maxsplit=5)[5].strip() for line in maps if re.search(r'/lib\w*(blas|lapack)[^/]*$', line)}
raw = a.tobytes()
packed = zstandard.ZstdCompressor(level=3).compress(raw)
assert zstandard.ZstdDecompressor().decompress(packed) == raw
print(f'{b.sum():.3f} {len(os.listdir("/proc/self/task"))} {":".join(sorted(loaded))}')
