"""Sets itself a time limit by a signal, turns the garbage collector off and on, and uses weak references."""
import gc
import signal
import weakref

import zstandard


class Worker:
    def pack(self, data: bytes) -> bytes:
        return zstandard.ZstdCompressor(level=3).compress(data)


def give_up(number, frame):
    raise TimeoutError


def compress(data: bytes) -> bytes:
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, 5)
    gc.disable()
    try:
        worker = Worker()
        return weakref.ref(worker)().pack(data)
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
