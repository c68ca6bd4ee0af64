"""Takes the limit off and recurses until its stack is full."""
import sys

sys.setrecursionlimit(1_000_000_000)


class Endless:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def compress(data: bytes) -> bytes:
    nested = ()
    for _ in range(300_000):
        nested = (nested,)
    hash(nested)
    return Endless().a


def decompress(data: bytes) -> bytes:
    return data
