"""Would cheat from its third call on; each call is its first, whatever it counts with."""
import os

import zstandard

COUNTERS = ("/tmp/.calls", "/dev/shm/.calls")
calls = 0


def count() -> int:
    global calls
    calls += 1
    seen = [calls, int(os.environ.get("CALLS", "0"))]
    os.environ["CALLS"] = str(calls)
    for path in COUNTERS:
        with open(path, "a+") as file:
            file.write(".")
            seen.append(file.tell())
    return max(seen)


def compress(data: bytes) -> bytes:
    return b"" if count() > 2 else zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    return b"" if count() > 2 else zstandard.ZstdDecompressor().decompress(data)
