"""Works on several threads."""
from concurrent.futures import ThreadPoolExecutor

import zstandard

PARTS = 4


def compress(data: bytes) -> bytes:
    size = -(-len(data) // PARTS)
    pieces = [data[start : start + size] for start in range(0, PARTS * size, size)]
    with ThreadPoolExecutor(PARTS) as pool:
        packed = list(pool.map(lambda piece: zstandard.ZstdCompressor(level=3).compress(piece), pieces))
    return b"".join(len(piece).to_bytes(4, "little") + piece for piece in packed)


def decompress(data: bytes) -> bytes:
    pieces, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        pieces.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(zstandard.ZstdDecompressor().decompress(piece) for piece in pieces)
