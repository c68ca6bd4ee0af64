"""What the processes of a sandbox say to each other and to the referee: frames as in sandbox/frames.ts, and faults."""

import json
import os
import struct

HELLO, SETUP, READY, GO, WARM, ANSWER, STOP, ERROR, CLEAN, CALL = 1, 2, 3, 4, 5, 6, 9, 10, 11, 12
HEADER = struct.Struct("<IB")
ROLES = ("compress", "decompress")
# An error is a code, a line number and a few lines of text.
ERROR_BYTES_MAX = 4096
TEXT_CHARACTERS_MAX = 600


class Fault(Exception):
    """A call that failed: `payload` is the JSON for the referee."""

    def __init__(self, payload):
        super().__init__()
        self.payload = payload


def fault(code, text="", line=None):
    return Fault(json.dumps({"code": code, "text": text[:TEXT_CHARACTERS_MAX], "line": line}).encode())


def describe(error):
    """The last line of a traceback; a stranger's exception may fail at being printed."""
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:
        return type(error).__name__


def line_in(file, error):
    """The last line of `file` that the exception passed through."""
    line, frame = None, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == file:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def compiled(source, file):
    try:
        return compile(source, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise fault("SYNTAX_ERROR", describe(error), getattr(error, "lineno", None)) from None


def write_all(fd, data):
    view = memoryview(data)
    while len(view) > 0:
        view = view[os.write(fd, view) :]


def read_exactly(fd, count):
    parts = []
    while count > 0:
        part = os.read(fd, count)
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
