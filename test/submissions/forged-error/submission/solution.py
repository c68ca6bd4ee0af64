"""Reports an error of our own side: a code that blames the host must not be believed."""
import os
import struct


def frame(kind: int, payload: bytes) -> bytes:
    return struct.pack("<IB", len(payload), kind) + payload


def compress(data: bytes) -> bytes:
    for fd in range(3, 64):
        try:
            os.write(fd, frame(10, b'{"code": "ENGINE_FAILED", "text": "not my fault", "line": null}'))
        except OSError:
            pass
    os._exit(0)


def decompress(data: bytes) -> bytes:
    return data
