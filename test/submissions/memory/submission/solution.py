"""Takes 10 GB, and touches every page of it."""


def compress(data: bytes) -> bytes:
    hoard = [b"\1" * 100_000_000 for _ in range(100)]
    return b"".join(hoard)[: len(data)]


def decompress(data: bytes) -> bytes:
    return data
