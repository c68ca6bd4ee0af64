"""Leaves processes behind that hold its descriptors, ignore signals and burn the processor; they must not reach the next call."""
import os
import signal

import zstandard


def live_on() -> None:
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if os.fork() == 0:
                while True:
                    pass
            os._exit(0)


def compress(data: bytes) -> bytes:
    if len([pid for pid in os.listdir("/proc") if pid.isdigit()]) > 5:
        raise RuntimeError("a process of an earlier call is alive")
    live_on()
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)
