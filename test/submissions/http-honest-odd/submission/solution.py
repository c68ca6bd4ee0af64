"""Unusual and right: listens on IPv6 too, from a thread while the program has ended, interim answers, chunks of odd sizes."""
import argparse
import json
import socket
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"version": 3, "status": "healthy"}).encode()
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def field(self) -> bytes:
        mark = b"\r\n--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        return body[body.index(b"\r\n\r\n") + 4 : body.rindex(mark)]

    def do_POST(self) -> None:
        self.send_response_only(100)
        self.end_headers()
        work = {"/compress": zlib.compress, "/decompress": zlib.decompress}[self.path]
        body = work(self.field())
        self.send_response(200)
        self.send_header("CONTENT-TYPE", "Application/Octet-Stream; charset=binary")
        self.send_header("Transfer-Encoding", "Chunked")
        self.end_headers()
        for at in range(0, len(body), 4_099):
            part = body[at : at + 4_099]
            self.wfile.write(b"%X;a=b\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
server = Server(("::", parser.parse_args().port), Handler)
threading.Thread(target=server.serve_forever).start()
