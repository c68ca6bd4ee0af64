"""Is asynchronous: what comes back is a promise of bytes."""


async def compress(data: bytes) -> bytes:
    return data


async def decompress(data: bytes) -> bytes:
    return data
