"""The form of a server: starts solution.py as a program, waits for its health, and asks it for one call over HTTP.

Each call has a server of its own, forked with what it imports already there, so nothing travels from one to the next.
This process is the bridge between the frame channel and the server; it runs nothing of the stranger's.
"""

import builtins
import json
import os
import socket
import struct
import sys
import threading
import time
import traceback
import types

import own_process
from http_wire import Exchange, Malformed, TooLarge, read_body, read_error_text, read_head
from wire import ANSWER, ERROR_BYTES_MAX, HEADER, READY, Fault, compiled, describe, fault, line_in, read_exactly, write_all

FILE = "/tmp/solution.py"
# Below the ports that the kernel hands out for our own connections.
PORTS = range(20_000, 32_768)
HEALTH_BYTES_MAX = 64 * 1024
HEALTH_PAUSE_S = 0.01
# How long a server that closed its connection may take to die, before we say that it lives.
DEATH_S = 0.2
LISTENING = "0A"


# ---- the server: from here on a stranger may change everything in its own process


def run_program(setup, port):
    """`python solution.py --port N` in a process that has imported before; returns when the program has ended."""
    with open(FILE, "wb") as file:
        file.write(setup.source)
    code = compiled(setup.source, FILE)
    sys.stdout.reconfigure(line_buffering=True)
    sys.argv = ["solution.py", "--port", str(port)]
    sys.path.insert(0, "/tmp")
    module = types.ModuleType("__main__")
    module.__file__ = FILE
    module.__builtins__ = builtins
    sys.modules["__main__"] = module
    if not own_process.confine(may_connect=False):
        raise fault("NO_ANSWER", "no filter")
    try:
        exec(code, module.__dict__)
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr, flush=True)
        os._exit(error.code & 0xFF if isinstance(error.code, int) else int(error.code is not None))
    except BaseException as error:
        traceback.print_exc()
        raise fault("LOAD_FAILED", describe(error), line_in(FILE, error)) from None


# ---- the bridge


class Server:
    """The stranger's process, as its parent sees it."""

    def __init__(self, setup, port, channel):
        """`channel`: descriptors of the bridge that are none of the server's business."""
        self.told, teller = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for pipe in (self.told, *channel):
                    os.close(pipe)
                run_program(setup, port)
                os._exit(0)
            except Fault as failed:
                write_all(teller, failed.payload)
            finally:
                os._exit(1)
        os.close(teller)
        os.set_blocking(self.told, False)
        self.end = None

    def has_ended(self):
        if self.end is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.end = os.waitstatus_to_exitcode(status)
        return self.end is not None

    def fault(self, code):
        """Why it ended: its own word if it left one."""
        try:
            word = os.read(self.told, ERROR_BYTES_MAX)
        except BlockingIOError:
            word = b""
        return Fault(word) if word else fault(code, f"the server ended with {self.end}")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


def free_port():
    """One that not even a closed connection of an earlier call holds: a server need not ask to reuse it."""
    while True:
        port = PORTS[int.from_bytes(os.urandom(4), "little") % len(PORTS)]
        if is_free(port):
            return port


def listening_ports():
    ports = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(path) as table:
                rows = [line.split() for line in list(table)[1:200]]
        except OSError:
            continue
        ports |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENING}
    return sorted(ports)


def why_refused(port):
    ports = listening_ports()
    if port in ports:
        return f"port {port} refuses connections to 127.0.0.1"
    if ports:
        return f"it listens on port {', '.join(map(str, ports[:5]))}, not on {port}"
    return f"nothing listens on port {port}"


def look_at_health(port, deadline):
    """None when the server is healthy, else what was seen."""
    request = f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    try:
        exchange = Exchange(port, [request.encode()], deadline)
    except ConnectionError:
        return why_refused(port)
    except OSError as error:
        return describe(error)
    try:
        status, headers = read_head(exchange)
        if status != 200:
            return f"GET /health answered {status}"
        answer = json.loads(read_body(exchange, headers, HEALTH_BYTES_MAX))
        told = answer.get("status") if isinstance(answer, dict) else None
        return None if told == "healthy" else f"GET /health answered {json.dumps(answer)[:100]}"
    except Malformed as error:
        return f"GET /health: {error}"
    except TooLarge:
        return f"GET /health: more than {HEALTH_BYTES_MAX} bytes"
    except (ValueError, RecursionError):
        return "GET /health answered no JSON"
    except TimeoutError:
        return "GET /health: no answer in time"
    finally:
        exchange.close()


def await_health(server, port, seconds):
    deadline = time.monotonic() + seconds
    while True:
        seen = look_at_health(port, deadline)
        if seen is None:
            return
        if server.has_ended():
            raise server.fault("NOT_HEALTHY")
        if time.monotonic() + HEALTH_PAUSE_S >= deadline:
            raise fault("NOT_HEALTHY", seen)
        time.sleep(HEALTH_PAUSE_S)


def toward(role, port, data):
    """The parts of a multipart upload with one field, `file`."""
    mark = os.urandom(16).hex()
    before = (
        f"--{mark}\r\n"
        'Content-Disposition: form-data; name="file"; filename="matrix.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    after = f"\r\n--{mark}--\r\n".encode()
    head = (
        f"POST /{role} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/octet-stream\r\n"
        f"Content-Type: multipart/form-data; boundary={mark}\r\n"
        f"Content-Length: {len(before) + len(data) + len(after)}\r\nConnection: close\r\n\r\n"
    ).encode()
    return [head + before, data, after]


def read_result(exchange, role, answer_bytes_max):
    status, headers = read_head(exchange)
    if 300 <= status < 400:
        raise fault("HTTP_STATUS", f"POST /{role} answered {status}, to {headers.get('location', 'nowhere')}")
    if status != 200:
        raise fault("HTTP_STATUS", f"POST /{role} answered {status}: {read_error_text(exchange, headers)}")
    kind = headers.get("content-type", "nothing").split(";")[0].strip().lower()
    if kind != "application/octet-stream":
        raise fault("HTTP_ANSWER", f"content type {kind[:60]}")
    coding = headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise fault("HTTP_ANSWER", f"content encoding {coding[:60]}")
    try:
        return read_body(exchange, headers, answer_bytes_max)
    except TooLarge:
        raise fault("OUTPUT_TOO_LARGE", f"more than {answer_bytes_max} bytes") from None


def ask(server, port, setup, data):
    try:
        exchange = Exchange(port, toward(setup.role, port, data))
        try:
            return read_result(exchange, setup.role, setup.answer_bytes_max)
        finally:
            exchange.close()
    except (Malformed, OSError) as error:
        until = time.monotonic() + DEATH_S
        while time.monotonic() < until:
            if server.has_ended():
                raise server.fault("NO_ANSWER") from None
            time.sleep(HEALTH_PAUSE_S)
        text = str(error) if isinstance(error, Malformed) else describe(error)
        raise fault("HTTP_ANSWER", f"POST /{setup.role}: {text}") from None


def serve(setup, inlet, outlet):
    """One call, in a child of the warm process."""
    port = free_port()
    server = Server(setup, port, (inlet, outlet))
    await_health(server, port, setup.ready_ms / 1000)
    write_all(outlet, HEADER.pack(0, READY))
    (length,) = struct.unpack("<I", read_exactly(inlet, 4))
    answer = ask(server, port, setup, read_exactly(inlet, length))
    write_all(outlet, HEADER.pack(len(answer), ANSWER))
    write_all(outlet, answer)
