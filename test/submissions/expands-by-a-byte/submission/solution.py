"""Makes every matrix one byte larger: smaller is what it is about."""


def compress(data: bytes) -> bytes:
    return b"\0" + data


def decompress(data: bytes) -> bytes:
    return data[1:]
