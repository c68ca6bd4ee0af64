"""Answers the bridge's reader with good HTTP, mutated, over a real connection; prints one JSON object of what came out."""
import json
import random
import socket
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import server  # noqa: E402
from http_wire import HEAD_BYTES_MAX, PART_BYTES, Exchange, Malformed, TooLarge  # noqa: E402
from wire import Fault  # noqa: E402

BODY_MAX = 4096
GOOD = [
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 9\r\n\r\nsome body",
    b"HTTP/1.0 200 OK\r\ncontent-type: application/octet-stream\r\n\r\nsome body",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n4;a=b\r\nsome\r\n5\r\n body\r\n0\r\n\r\n",
    b"HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nwhy?",
    b"HTTP/1.1 302 Elsewhere\r\nLocation: /\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes(BODY_MAX + 1),
]
PIECES = [b"\r\n", b"\r\n\r\n", b":", b"chunked", b"Content-Length: 99999999999999999999", b"-1", b"\0", b"0\r\n", b"FFFFFFFF\r\n"]
PIECES += [b"Content-Length: 3\r\n", b"Transfer-Encoding: gzip\r\n", b"HTTP/1.1 200 OK\r\n", bytes(5000), b"x" * 40_000]


def mutate(choice, data):
    data = bytearray(data)
    for _ in range(choice.randrange(4)):
        at = choice.randrange(len(data) + 1)
        kind = choice.randrange(4)
        if kind == 0:
            data[at:at] = choice.choice(PIECES)
        elif kind == 1:
            del data[at : at + choice.randrange(1, 12)]
        elif kind == 2 and at < len(data):
            data[at] = choice.randrange(256)
        else:
            data[at:] = data[at:] + choice.choice(GOOD)
    return bytes(data)


def peer(door, answers, choice):
    """Sends the good answers whole once asked, the others whole or in parts, and closes or resets, whether or not it has heard the question."""
    for index, answer in enumerate(answers):
        guest, _ = door.accept()
        with guest:
            try:
                if index < len(GOOD) or choice.random() < 0.8:
                    guest.recv(65_536)
                whole = len(answer) + 1
                step = whole if index < len(GOOD) else choice.choice([whole, 1 + len(answer) // 3, 7])
                for at in range(0, min(len(answer), 400 * step), step):
                    guest.sendall(answer[at : at + step])
            except OSError:
                pass


def main(seed, count):
    choice = random.Random(seed)
    answers = GOOD + [mutate(choice, choice.choice(GOOD)) for _ in range(count)]
    door = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=peer, args=(door, answers, random.Random(seed)), daemon=True).start()
    port = door.getsockname()[1]
    outcomes, largest, first = {}, 0, []
    for index in range(len(answers)):
        exchange = Exchange(port, server.toward("compress", port, bytes(10_000)), time.monotonic() + 10)
        try:
            outcome = server.read_result(exchange, "compress", BODY_MAX)
            assert len(outcome) <= BODY_MAX
            name = "body"
        except Malformed:
            outcome, name = None, "malformed"
        except TooLarge:
            outcome, name = None, "too large"
        except Fault as fault:
            outcome, name = None, json.loads(fault.payload)["code"]
        finally:
            exchange.close()
        largest = max(largest, len(exchange.got))
        outcomes[name] = outcomes.get(name, 0) + 1
        if index < len(GOOD):
            first.append([name, outcome.decode() if outcome is not None else None])
    print(json.dumps({"outcomes": outcomes, "first": first, "bounded": largest <= HEAD_BYTES_MAX + PART_BYTES + BODY_MAX}))


main(int(sys.argv[2]), int(sys.argv[3]))
