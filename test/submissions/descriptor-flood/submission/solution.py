"""Opens files until it may not."""


def compress(data: bytes) -> bytes:
    kept = []
    while True:
        kept.append(open("/dev/null"))


def decompress(data: bytes) -> bytes:
    return data
