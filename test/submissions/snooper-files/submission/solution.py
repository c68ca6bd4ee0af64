"""Tries to read what is the host's and to write what is not its own. Any success shows as an exception; else it is honest."""
import glob
import os
from functools import partial


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


def read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def write(path: str) -> None:
    with open(path, "ab") as file:
        file.write(b"x")


def find_foreign() -> None:
    """Succeeds when something of the host, of the pool or of another submission lies anywhere."""
    places = ("/home/*", "/root/*", "/mnt/*", "/media/*", "/srv/*", "/opt/*", "/run/*", "/var/*", "/tmp/*", "/dev/shm/*")
    found = [path for place in places for path in glob.glob(place) if not path.startswith("/run/lock")]
    found += [path for path in glob.glob("/**/*.bin", recursive=False)]
    # Podman makes this folder in every container; here it is empty and stays so.
    found = [path for path in found if path != "/var/tmp" or os.listdir(path)]
    if not found:
        raise FileNotFoundError


def attempts() -> dict:
    secrets = ["/etc/shadow", "/root/.bashrc", "/root/.ssh/id_ed25519", "/etc/machine-id", "/proc/kcore", "/dev/mem"]
    secrets += ["/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/kvm", "/sys/kernel/debug"]
    targets = ["/new", "/usr/new", "/etc/new", "/etc/passwd", "/harness/new", "/harness/shim.py", "/var/new", "/dev/new"]
    targets += ["/var/tmp/new", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/usr/bin/python3", "/sys/new"]
    return {
        **{f"read {path}": partial(read, path) for path in secrets},
        **{f"write {path}": partial(write, path) for path in targets},
        "list /root": lambda: os.listdir("/root")[0],
        "foreign": find_foreign,
        "mount": lambda: os.mkdir("/harness/folder"),
        "device": lambda: os.mknod("/tmp/device", 0o60666, os.makedev(254, 0)),
        "root": lambda: os.setuid(0),
        "chroot": lambda: os.chroot("/tmp"),
        "environment": lambda: [value for name, value in os.environ.items() if "SECRET" in name or "KEY" in name][0],
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
