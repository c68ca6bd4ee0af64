"""A server of the standard library alone: multipart parsed by hand, one request after the other."""
import argparse
import json
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer


def pack(data: bytes) -> bytes:
    return zlib.compress(data, 1)


class Handler(BaseHTTPRequestHandler):
    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        found = self.path == "/health"
        body = {"status": "healthy"} if found else {"detail": "not found"}
        self.answer(200 if found else 404, "application/json", json.dumps(body).encode())

    def field(self) -> bytes:
        mark = b"--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head, _, rest = body.partition(b"\r\n\r\n")
        assert head.startswith(mark) and b'name="file"' in head
        return rest[: rest.rindex(b"\r\n" + mark)]

    def do_POST(self) -> None:
        work = {"/compress": pack, "/decompress": zlib.decompress}[self.path]
        self.answer(200, "application/octet-stream", work(self.field()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    HTTPServer(("0.0.0.0", parser.parse_args().port), Handler).serve_forever()
