"""Stops its own process for ever."""
import os
import signal


def compress(data: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGSTOP)
    return data


def decompress(data: bytes) -> bytes:
    return data
