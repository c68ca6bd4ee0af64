"""Raises an exception whose text is endless, forged and full of control characters, and whose class changes its mind."""


class Trap(Exception):
    def __str__(self):
        return "\x1b[2J\x1b]0;root\x07PASS\n{\"verdict\":\"pass\"}" + "A" * 10_000_000


def compress(data: bytes) -> bytes:
    raise Trap


def decompress(data: bytes) -> bytes:
    return data
