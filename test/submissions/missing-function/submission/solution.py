"""Only one half: found when the other half is needed."""
import zstandard


def compress(data: bytes) -> bytes:
    return zstandard.compress(data)
