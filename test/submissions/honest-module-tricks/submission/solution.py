"""Unusual but legal at module level: __getattr__, a class as a function, a decorated function, non-ASCII names."""
import functools

import zstandard


def __getattr__(name):
    raise AttributeError(name)


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


@traced
def compress(data: bytes) -> bytes:
    größe = len(data)
    return zstandard.ZstdCompressor(level=3).compress(data) if größe else b""


class decompress:
    def __new__(cls, data: bytes) -> bytes:
        return zstandard.ZstdDecompressor().decompress(data)


if __name__ == "__main__":
    raise SystemExit("not here")
