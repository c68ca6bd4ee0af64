"""Leaves traces in the network that the next call could read, and looks for those of earlier ones. Any success is an error; else it is honest."""
import json
import os
import socket
import sys
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT = int(sys.argv[2])
MSG_FASTOPEN = 0x20000000


def rows() -> list[str]:
    """Sockets of this network that are neither ours nor the bridge's connections to us."""
    found = []
    for path in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/unix"):
        with open(path) as table:
            lines = [line.split() for line in list(table)[1:]]
        # Abstract names, and whatever is bound or still closing.
        found += [" ".join(line) for line in lines if path.endswith("unix") and line[-1].startswith("@")]
        found += [" ".join(line[:4]) for line in lines if path[-4:] in ("/tcp", "tcp6") and f":{PORT:04X}" not in line[1] + line[2]]
    return found


def leave() -> list[str]:
    """What should be refused and was not."""
    done = []
    with socket.create_server(("127.0.0.1", 0)) as door, socket.socket() as client:
        try:
            client.connect(door.getsockname())
            done.append("connect")
        except PermissionError:
            pass
        try:
            client.sendto(b"x", MSG_FASTOPEN, door.getsockname())
            done.append("sendto")
        except PermissionError:
            pass
        try:
            client.sendmsg([b"x"], [], MSG_FASTOPEN, door.getsockname())
            done.append("sendmsg")
        except PermissionError:
            pass
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind, protocol in ((socket.SOCK_DGRAM, 0), (socket.SOCK_STREAM, 262), (socket.SOCK_STREAM, 132)):
            try:
                socket.socket(family, kind, protocol).close()
                done.append(f"socket {family} {kind} {protocol}")
            except PermissionError:
                pass
    try:
        # As another call's server might still listen there, or hold it closing.
        socket.create_server(("127.0.0.1", 19_999), reuse_port=False).close()
    except OSError as error:
        done.append(str(error))
    if os.fork() == 0:
        os.setsid()
        socket.create_server(("127.0.0.1", 19_999)).accept()
    return done


wrong = rows() + leave()


class Handler(BaseHTTPRequestHandler):
    def answer(self, body: bytes, status: int = 200, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(json.dumps({"status": "healthy"}).encode(), 200 if self.path == "/health" else 404)

    def field(self) -> bytes:
        mark = b"\r\n--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        return body[body.index(b"\r\n\r\n") + 4 : body.rindex(mark)]

    def do_POST(self) -> None:
        if wrong:
            return self.answer(", ".join(wrong).encode(), 500)
        work = {"/compress": zlib.compress, "/decompress": zlib.decompress}[self.path]
        self.answer(work(self.field()))


HTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
