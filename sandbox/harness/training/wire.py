"""Frames between the referee and a training process: u32 LE payload length, u8 type, payload; types as in sandbox/training/frames.ts."""

import os
import struct

HELLO, SETUP, READY, GO, DATA, ANSWER, ASK, REPLY, STOP, ERROR = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
BEGIN, NEXT, CHECKPOINT, DUMP, WEIGHTS, TRAIN, CHECK, FOUND, PROBE = 20, 21, 22, 23, 24, 25, 26, 27, 28
HEADER = struct.Struct("<IB")
PART_BYTES = 1 << 20


class Gone(Exception):
    """The referee left: nothing is left to do."""


class Channel:
    """Both directions of one process; descriptors that are its alone."""

    def __init__(self, inlet, outlet):
        self.inlet, self.outlet = inlet, outlet

    def send(self, kind, *parts):
        views = [memoryview(part).cast("B") for part in parts]
        self._write(HEADER.pack(sum(len(view) for view in views), kind))
        for view in views:
            self._write(view)

    def receive(self, kind):
        """The payload of the next frame, which must be of this type."""
        length, found = HEADER.unpack(self._read(HEADER.size))
        payload = self._read(length)
        if found == STOP:
            raise Gone
        if found != kind:
            raise RuntimeError(f"frame {found} where {kind} is due")
        return payload

    def receive_any(self):
        length, kind = HEADER.unpack(self._read(HEADER.size))
        payload = self._read(length)
        if kind == STOP:
            raise Gone
        return kind, payload

    def _read(self, count):
        buffer = bytearray(count)
        view, done = memoryview(buffer), 0
        while done < count:
            part = os.readv(self.inlet, [view[done : done + PART_BYTES]])
            if part == 0:
                raise Gone
            done += part
        return buffer

    def _write(self, data):
        view = memoryview(data)
        while len(view) > 0:
            view = view[os.write(self.outlet, view) :]
