"""The lossy baseline: as few bits of each significand as the similarity allows, exponents and the rest apart, zstd level 3."""
import numpy
import zstandard

# Above the rule's 0.99 by what this float32 arithmetic may be off.
ENOUGH = 0.9901


def values_of(words):
    return (words.astype("<u4") << 16).view("<f4").astype(numpy.float64)


def rounded(words, dropped):
    """To the nearest word whose last bits are 0; what would round up to infinity is cut off, and what is no number stays."""
    near = (words + (1 << dropped >> 1)) >> dropped << dropped
    over = (near & 0x7F80) == 0x7F80
    near = numpy.where(over, words >> dropped << dropped, near)
    return numpy.where((words & 0x7F80) == 0x7F80, words, near).astype("<u2")


def is_enough(words, near):
    finite = (words & 0x7F80) != 0x7F80
    x, y = values_of(words[finite]), values_of(near[finite])
    size = numpy.abs(x).max(initial=0)
    if size == 0:
        return not y.any()
    x, y = x / size, y / size
    norm = numpy.sqrt(x @ x)
    cosine = (x @ y) / (norm * numpy.sqrt(y @ y))
    return cosine * (1 - numpy.sqrt((x - y) @ (x - y)) / norm) > ENOUGH


def compress(data: bytes) -> bytes:
    odd = data[len(data) & ~1 :]
    words = numpy.frombuffer(data, dtype="<u2", count=len(data) // 2)
    near = words
    for dropped in (2, 1):
        tried = rounded(words, dropped)
        if is_enough(words, tried):
            near = tried
            break
    # The sign moves from the top to the bottom bit: the high byte is then the exponent alone.
    turned = (near << 1) | (near >> 15)
    packer = zstandard.ZstdCompressor(level=3)
    exponents = packer.compress((turned >> 8).astype(numpy.uint8).tobytes())
    rest = packer.compress((turned & 0xFF).astype(numpy.uint8).tobytes())
    return len(exponents).to_bytes(4, "little") + exponents + rest + odd + len(odd).to_bytes(1, "little")


def decompress(data: bytes) -> bytes:
    end = len(data) - 1 - data[-1]
    split = 4 + int.from_bytes(data[:4], "little")
    unpacker = zstandard.ZstdDecompressor()
    exponents = numpy.frombuffer(unpacker.decompress(data[4:split]), dtype=numpy.uint8).astype("<u2")
    rest = numpy.frombuffer(unpacker.decompress(data[split:end]), dtype=numpy.uint8)
    turned = (exponents << 8) | rest
    return ((turned >> 1) | (turned << 15)).astype("<u2").tobytes() + data[end:-1]
