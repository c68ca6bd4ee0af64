"""Splits bfloat16 into a plane of exponents, which compress well, and a plane of signs and mantissas, which do not."""
import numpy
import zstandard

# Matches are chance here: long ones only, so that nearly all of the plane goes to the entropy coder.
PARAMETERS = zstandard.ZstdCompressionParameters.from_level(
    9, min_match=7, write_content_size=True, write_checksum=False
)


def compress(data: bytes) -> bytes:
    odd = data[len(data) & ~1 :]
    values = numpy.frombuffer(data, dtype="<u2", count=len(data) // 2)
    # The sign moves from the top to the bottom bit: the high byte is then the exponent alone.
    turned = (values << 1) | (values >> 15)
    packed = zstandard.ZstdCompressor(compression_params=PARAMETERS)
    exponents = packed.compress((turned >> 8).astype(numpy.uint8).tobytes())
    rest = packed.compress((turned & 0xFF).astype(numpy.uint8).tobytes())
    return len(exponents).to_bytes(4, "little") + exponents + rest + odd + len(odd).to_bytes(1, "little")


def decompress(data: bytes) -> bytes:
    odd_bytes = data[-1]
    end = len(data) - 1 - odd_bytes
    split = 4 + int.from_bytes(data[:4], "little")
    unpacked = zstandard.ZstdDecompressor()
    exponents = numpy.frombuffer(unpacked.decompress(data[4:split]), dtype=numpy.uint8).astype("<u2")
    rest = numpy.frombuffer(unpacked.decompress(data[split:end]), dtype=numpy.uint8)
    turned = (exponents << 8) | rest
    return ((turned >> 1) | (turned << 15)).astype("<u2").tobytes() + data[end:-1]
