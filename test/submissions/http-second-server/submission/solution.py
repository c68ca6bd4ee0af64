"""Leaves a second server behind that knows what the first was told, and asks for it at the next call; nobody is there."""
import json
import os
import socket
import sys
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

PLACE = "\0known"


def stay(data: bytes) -> None:
    """Away from the first server's session, for whoever knows the name."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            with socket.socket(socket.AF_UNIX) as door:
                door.bind(PLACE)
                door.listen()
                while True:
                    guest, _ = door.accept()
                    guest.sendall(data)
                    guest.close()
        os._exit(0)


def is_known() -> bool:
    """Whether somebody has the name already: connecting is refused in any case."""
    with socket.socket(socket.AF_UNIX) as door:
        try:
            door.bind(PLACE)
        except OSError:
            return True
    return False


class Handler(BaseHTTPRequestHandler):
    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
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
        data = self.field()
        if is_known():
            return self.answer(b"an earlier call is still there", 500)
        stay(data)
        work = {"/compress": zlib.compress, "/decompress": zlib.decompress}[self.path]
        self.answer(work(data))


HTTPServer(("0.0.0.0", int(sys.argv[2])), Handler).serve_forever()
