"""Talks to itself over TCP on every way that a server may listen, and tries the address and port given."""
import json
import socket
import sys
import threading


def converse(family, bind, to):
    server = socket.create_server((bind, 0), family=family)
    threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"), daemon=True).start()
    client = socket.socket(family)
    client.settimeout(5)
    client.connect((to, server.getsockname()[1]))
    return client.recv(5).decode()


def outcome(attempt):
    try:
        return attempt()
    except OSError as error:
        return error.errno


print(
    json.dumps(
        {
            "any": outcome(lambda: converse(socket.AF_INET, "0.0.0.0", "127.0.0.1")),
            "v4": outcome(lambda: converse(socket.AF_INET, "127.0.0.1", "127.0.0.1")),
            "named": outcome(lambda: converse(socket.AF_INET, "localhost", "localhost")),
            "host": outcome(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2) and "open"),
            "outside": outcome(lambda: socket.create_connection(("192.0.2.1", 80), 2) and "open"),
        }
    )
)
