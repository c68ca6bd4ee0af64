"""Fetches a package and weights from the network when it is imported."""
import subprocess
import urllib.request

subprocess.run(["/usr/bin/python3", "-m", "pip", "install", "--target", "/tmp", "brotli"], timeout=5)
urllib.request.urlopen("http://192.0.2.1/weights.bin", timeout=2)


def compress(data: bytes) -> bytes:
    return data


def decompress(data: bytes) -> bytes:
    return data
