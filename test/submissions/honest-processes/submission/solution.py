"""Works in processes of its own, and waits for them."""
import multiprocessing

import zstandard


def pack(piece: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(piece)


def compress(data: bytes) -> bytes:
    half = len(data) // 4 * 2
    with multiprocessing.get_context("fork").Pool(2) as pool:
        first, second = pool.map(pack, [data[:half], data[half:]])
        pool.close()
        pool.join()
    return len(first).to_bytes(4, "little") + first + second


def decompress(data: bytes) -> bytes:
    end = 4 + int.from_bytes(data[:4], "little")
    return b"".join(zstandard.ZstdDecompressor().decompress(piece) for piece in (data[4:end], data[end:]))
