"""Raises what `except Exception` does not catch."""


class Escape(BaseException):
    pass


def compress(data: bytes) -> bytes:
    raise Escape("out")


def decompress(data: bytes) -> bytes:
    return data
