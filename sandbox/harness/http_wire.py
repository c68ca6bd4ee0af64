"""HTTP/1.1 as far as one request and its answer go, on a connection of its own; nothing is read beyond its limits."""

import re
import select
import socket
import struct
import time

HEAD_BYTES_MAX = 32 * 1024
CHUNK_LINE_BYTES_MAX = 1024
# Interim answers (100 Continue and its like) before the one that counts.
INTERIM_MAX = 4
PART_BYTES = 256 * 1024
# Of an answer that is none, kept for the miner.
ERROR_TEXT_BYTES = 2048
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?$")


class Malformed(Exception):
    """The peer does not speak HTTP/1 as it should; the text says what it did."""


class TooLarge(Exception):
    """More bytes than an answer may have."""


class Exchange:
    """Sends a request and reads whatever comes, both at once: a server may answer before it has heard everything."""

    def __init__(self, port, request, deadline=None):
        """`request`: byte strings in order. `deadline`: by time.monotonic, or none. Raises OSError."""
        self.deadline = deadline
        self.pending = [memoryview(part) for part in request if len(part) > 0]
        self.got = bytearray()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            # Closing resets: no trace of the connection stays in the kernel for whoever comes later.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.settimeout(self.left())
            self.socket.connect(("127.0.0.1", port))
            self.socket.setblocking(False)
        except BaseException:
            self.socket.close()
            raise
        self.poll = select.poll()

    def close(self):
        self.socket.close()

    def left(self):
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left

    def send_some(self):
        try:
            sent = self.socket.send(self.pending[0])
        except BlockingIOError:
            return
        except OSError:
            # It hears no more; its answer may lie there all the same.
            self.pending.clear()
            return
        if sent == len(self.pending[0]):
            self.pending.pop(0)
        else:
            self.pending[0] = self.pending[0][sent:]

    def fill(self, count):
        """Waits until `count` bytes are there; False when the peer closed before."""
        while len(self.got) < count:
            self.poll.register(self.socket, select.POLLIN | (select.POLLOUT if self.pending else 0))
            left = self.left()
            ready = self.poll.poll(None if left is None else max(1, int(left * 1000)))
            if not ready:
                continue  # `left` ends it.
            event = ready[0][1]
            if self.pending and event & ~select.POLLIN:
                self.send_some()
            if event & ~select.POLLOUT:
                try:
                    part = self.socket.recv(PART_BYTES)
                except BlockingIOError:
                    continue
                except OSError:
                    return False
                if not part:
                    return False
                self.got += part
        return True

    def take(self, count, what):
        if not self.fill(count):
            raise Malformed(f"closed after {len(self.got)} of {count} bytes of {what}")
        part = bytes(memoryview(self.got)[:count])
        del self.got[:count]
        return part

    def take_until(self, end, bytes_max, what):
        """What comes before `end`, which is taken too."""
        while True:
            at = self.got.find(end)
            if at >= 0:
                return self.take(at + len(end), what)[: -len(end)]
            if len(self.got) > bytes_max:
                raise Malformed(f"more than {bytes_max} bytes of {what}")
            if not self.fill(len(self.got) + 1):
                raise Malformed(f"closed before the end of {what}" if self.got else f"closed without {what}")


def read_head(exchange):
    """Status and headers, names in lower case; a header that came twice has both values, as a list would."""
    for _ in range(INTERIM_MAX + 1):
        lines = exchange.take_until(b"\r\n\r\n", HEAD_BYTES_MAX, "an HTTP head").split(b"\r\n")
        match = STATUS_LINE.match(lines[0])
        if match is None:
            raise Malformed(f"no HTTP/1 status line: {lines[0][:60]!r}")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or name.strip() != name or not name:
                raise Malformed(f"no header: {line[:60]!r}")
            headers.setdefault(name.lower().decode("latin-1"), []).append(value.strip().decode("latin-1"))
        status = int(match[1])
        if status >= 200:
            return status, {name: ", ".join(values) for name, values in headers.items()}
    raise Malformed(f"more than {INTERIM_MAX} interim answers")


def read_chunks(exchange, bytes_max):
    body = bytearray()
    while True:
        line = exchange.take_until(b"\r\n", CHUNK_LINE_BYTES_MAX, "a chunk's size").split(b";")[0].strip()
        if re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line) is None:
            raise Malformed(f"no size of a chunk: {line[:60]!r}")
        size = int(line, 16)
        if len(body) + size > bytes_max:
            raise TooLarge
        if size == 0:
            return bytes(body)
        body += exchange.take(size, "a chunk")
        if exchange.take(2, "a chunk's end") != b"\r\n":
            raise Malformed("a chunk longer than its size")


def read_body(exchange, headers, bytes_max):
    """The whole body, whichever way it tells its length. Raises Malformed or TooLarge."""
    coding = headers.get("transfer-encoding", "identity").lower()
    if coding == "chunked":
        return read_chunks(exchange, bytes_max)
    if coding != "identity":
        raise Malformed(f"transfer encoding {coding[:60]}")
    told = headers.get("content-length")
    if told is not None:
        if re.fullmatch(r"[0-9]{1,12}", told) is None:
            raise Malformed(f"content length {told[:60]}")
        if int(told) > bytes_max:
            raise TooLarge
        return exchange.take(int(told), "the body")
    # To the end of the connection, then.
    if exchange.fill(bytes_max + 1):
        raise TooLarge
    return bytes(exchange.got)


def read_error_text(exchange, headers):
    """What an answer that is an error says for itself, as far as it is there without much waiting."""
    told = headers.get("content-length", "")
    if re.fullmatch(r"[0-9]{1,12}", told):
        exchange.fill(min(int(told), ERROR_TEXT_BYTES))
    return bytes(exchange.got[:ERROR_TEXT_BYTES]).decode("utf-8", "replace")
