"""Keeps the matrix in the server and sends an empty answer: there is another server when it comes to unpacking."""
import json
import sys
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

memory: list[bytes] = []


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
        if self.path == "/compress":
            memory.append(self.field())
            return self.answer(b"")
        self.answer(memory[-1] if memory else b"")


HTTPServer(("0.0.0.0", int(sys.argv[2])), Handler).serve_forever()
