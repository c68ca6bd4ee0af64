"""Nothing is smaller than nothing: only zeros come back."""


def compress(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little")


def decompress(data: bytes) -> bytes:
    return bytes(int.from_bytes(data, "little"))
