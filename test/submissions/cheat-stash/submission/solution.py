"""A cheat that must fail: hides the data wherever it can write and hands over a stub that only names it."""
import glob
import hashlib

PLACES = ("/tmp", "/dev/shm", "/var/tmp", "/run", "/harness", ".")
memory = {}


def compress(data: bytes) -> bytes:
    name = hashlib.sha256(data).hexdigest()
    memory[name] = data
    for place in PLACES:
        try:
            with open(f"{place}/.stash-{name}", "wb") as file:
                file.write(data)
        except OSError:
            pass
    return bytes.fromhex(name)


def decompress(data: bytes) -> bytes:
    name = data.hex()
    if name in memory:
        return memory[name]
    for place in PLACES:
        for path in glob.glob(f"{place}/.stash-{name}"):
            with open(path, "rb") as file:
                return file.read()
    return b""
