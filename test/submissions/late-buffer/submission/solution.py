"""Returns a buffer at once and fills it on a thread later: what counts is what was in it when it was sent."""
import threading
import time


def fill(buffer: bytearray, data: bytes) -> None:
    time.sleep(0.2)
    buffer[:] = data


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    buffer = bytearray(len(data))
    threading.Thread(target=fill, args=(buffer, data), daemon=True).start()
    return buffer
