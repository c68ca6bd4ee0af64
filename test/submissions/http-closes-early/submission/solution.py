"""Closes the connection instead of answering."""
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def answer(self, body: bytes, status: int = 200, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(json.dumps({"status": "healthy"}).encode(), 200 if self.path == "/health" else 404)

    def do_POST(self) -> None:
        self.close_connection = True


HTTPServer(("0.0.0.0", int(sys.argv[2])), Handler).serve_forever()
