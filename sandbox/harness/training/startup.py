"""Imports without a search for garbage: what is imported stays, and to look through all of it again and again is a quarter of a start."""

import contextlib
import gc


@contextlib.contextmanager
def uncollected():
    """No collection within; none that comes later looks through what is there at its end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
