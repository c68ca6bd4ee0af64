"""One step for a whole matrix, as wide as the similarity allows: error goes where it costs least, and small numbers take few bits."""
import numpy
import zstandard

# The rule wants more than 0.99; the cosine takes its part of the error too.
ENOUGH = 0.9902
HALVINGS = 12
# Matches are chance here: long ones only, so that nearly all goes to the entropy coder.
PARAMETERS = zstandard.ZstdCompressionParameters.from_level(9, min_match=7, write_content_size=True, write_checksum=False)


def to_words(values):
    """The nearest bfloat16, ties to even."""
    bits = numpy.ascontiguousarray(values, dtype="<f4").view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def to_values(words):
    return (words.astype("<u4") << 16).view("<f4")


def similarity(x, y):
    x, y = x.astype(numpy.float64), y.astype(numpy.float64)
    norm = numpy.sqrt(x @ x)
    return (x @ y) / (norm * numpy.sqrt(y @ y) + 1e-300) * (1 - numpy.sqrt((x - y) @ (x - y)) / norm)


def verbatim(data):
    return b"\x00" + zstandard.ZstdCompressor(compression_params=PARAMETERS).compress(data)


def compress(data: bytes) -> bytes:
    words = numpy.frombuffer(data, dtype="<u2", count=len(data) // 2)
    values = to_values(words)
    size = float(numpy.abs(values).max(initial=0))
    # Odd bytes, numbers that are none, and extremes that float32 would not square: as they are.
    if len(data) % 2 == 1 or not 1e-15 < size < 1e15:
        return verbatim(data)
    low, high, best = size / 32_000, size, None
    for _ in range(HALVINGS):
        step = numpy.float32(numpy.sqrt(low * high))
        steps = numpy.rint(values / step)
        if similarity(values, to_values(to_words(steps * step))) > ENOUGH:
            low, best = step, (step, steps)
        else:
            high = step
    if best is None:
        return verbatim(data)
    step, steps = best
    numbers = steps.astype("<i2").view("<u2")
    packer = zstandard.ZstdCompressor(compression_params=PARAMETERS)
    # An offset keeps the high byte the same on both sides of 0.
    numbers = numbers + numpy.uint16(128)
    planes = [packer.compress((numbers >> shift & 0xFF).astype(numpy.uint8).tobytes()) for shift in (0, 8)]
    return b"\x01" + step.tobytes() + len(planes[0]).to_bytes(4, "little") + b"".join(planes)


def decompress(data: bytes) -> bytes:
    unpacker = zstandard.ZstdDecompressor()
    if data[0] == 0:
        return unpacker.decompress(data[1:])
    step = numpy.frombuffer(data[1:5], dtype="<f4")[0]
    split = 9 + int.from_bytes(data[5:9], "little")
    low, high = (numpy.frombuffer(unpacker.decompress(part), dtype=numpy.uint8) for part in (data[9:split], data[split:]))
    numbers = ((high.astype("<u2") << 8) | low) - numpy.uint16(128)
    return to_words(numbers.view("<i2").astype("<f4") * step).tobytes()
