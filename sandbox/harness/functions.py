"""The form of two functions: imports solution.py and calls one of them, in a process of its own."""

import inspect
import struct
import sys
import types

import own_process
from wire import ANSWER, HEADER, READY, ROLES, compiled, describe, fault, line_in, read_exactly, write_all

FILE = "solution.py"


def load(source, role):
    code = compiled(source, FILE)
    module = types.ModuleType("solution")
    module.__file__ = FILE
    sys.modules["solution"] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        raise fault("LOAD_FAILED", describe(error), line_in(FILE, error)) from None
    for name in ROLES:
        if not callable(getattr(module, name, None)):
            raise fault("MISSING_FUNCTION", f"no function {name}")
    function = getattr(module, role)
    try:
        inspect.signature(function).bind(b"")
    except TypeError as error:
        raise fault("WRONG_SIGNATURE", f"{role}: {error}") from None
    except ValueError:
        pass  # A built-in without a signature: the call itself will tell.
    return function


def run(function, data):
    try:
        answer = function(data)
    except SystemExit as error:
        raise fault("NO_ANSWER", describe(error), line_in(FILE, error)) from None
    except BaseException as error:
        code = "OUT_OF_MEMORY" if isinstance(error, MemoryError) else "EXCEPTION"
        raise fault(code, describe(error), line_in(FILE, error)) from None
    if not isinstance(answer, (bytes, bytearray, memoryview)):
        raise fault("WRONG_TYPE", f"returned {type(answer).__name__}")
    try:
        return memoryview(answer).cast("B")
    except TypeError:
        raise fault("WRONG_TYPE", "returned a view that is not one piece of memory") from None


def serve(setup, inlet, outlet):
    """One call, in a child of the warm process; from `load` on a stranger may change everything in here."""
    if not own_process.confine(may_connect=True):
        raise fault("NO_ANSWER", "no filter")
    function = load(setup.source, setup.role)
    write_all(outlet, HEADER.pack(0, READY))
    (length,) = struct.unpack("<I", read_exactly(inlet, 4))
    answer = run(function, read_exactly(inlet, length))
    write_all(outlet, HEADER.pack(len(answer), ANSWER))
    write_all(outlet, answer)
