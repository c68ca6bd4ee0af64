"""Lets a child take the 10 GB."""
import os


def compress(data: bytes) -> bytes:
    child = os.fork()
    if child == 0:
        hoard = [b"\1" * 100_000_000 for _ in range(100)]
        os._exit(len(hoard) % 2)
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise MemoryError
    return data


def decompress(data: bytes) -> bytes:
    return data
