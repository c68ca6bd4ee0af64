"""Proves that the image computes: NumPy's product by OpenBLAS, how many times as fast as by loops, one thread, and zstandard."""
import os
import time
import numpy as np
import zstandard

a = np.arange(1_000_000, dtype=np.float64).reshape(1000, 1000) / 1e6
b = a @ a


def seconds(product):
    taken = []
    for _ in range(3):
        start = time.monotonic()
        product()
        taken.append(time.monotonic() - start)
    return min(taken)


small = a[:400, :400]
loops = seconds(lambda: np.einsum('ij,jk->ik', small, small, optimize=False))
faster = loops / seconds(lambda: small @ small)
raw = a.tobytes()
packed = zstandard.ZstdCompressor(level=3).compress(raw)
assert zstandard.ZstdDecompressor().decompress(packed) == raw
print(f'{b.sum():.3f} {len(os.listdir("/proc/self/task"))} {faster:.1f}')
