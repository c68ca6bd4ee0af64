"""Is quick to compress and never comes back from decompress."""
import time


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    time.sleep(3_600)
    return data
