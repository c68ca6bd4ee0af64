"""Tries every way out to a network. Any success shows as an exception; else it is honest."""
import socket


import zstandard


def opened(attempts) -> list:
    """Names of the attempts that did not fail."""
    found = []
    for name, attempt in attempts.items():
        try:
            attempt()
            found.append(name)
        except Exception:
            pass
    return found


def connect(family: int, kind: int, address) -> None:
    with socket.socket(family, kind) as made:
        made.settimeout(0.2)
        made.connect(address)


def attempts() -> dict:
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    return {
        "inet": lambda: socket.socket(socket.AF_INET, stream),
        "inet-connect": lambda: connect(socket.AF_INET, stream, ("127.0.0.1", 9944)),
        "inet-outside": lambda: connect(socket.AF_INET, stream, ("1.1.1.1", 53)),
        "udp": lambda: connect(socket.AF_INET, datagram, ("1.1.1.1", 53)),
        "inet6": lambda: socket.socket(socket.AF_INET6, stream),
        "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "vsock": lambda: socket.socket(socket.AF_VSOCK, stream),
        "crypto": lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
        "name": lambda: socket.getaddrinfo("example.com", 443),
        "docker": lambda: connect(socket.AF_UNIX, stream, "/var/run/docker.sock"),
        "bus": lambda: connect(socket.AF_UNIX, stream, "/run/dbus/system_bus_socket"),
    }


def refuse_if_open() -> None:
    found = opened(attempts())
    if found:
        raise RuntimeError(", ".join(found))


def compress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdDecompressor().decompress(data)
