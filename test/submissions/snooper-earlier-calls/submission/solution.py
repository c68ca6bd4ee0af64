"""Looks for anything that an earlier call of its own could have left to it. Any success shows as an exception; else it is honest."""
import ctypes
import fcntl
import hashlib
import os
import resource


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

libc = ctypes.CDLL(None, use_errno=True)
MARK = 0x5EED


def leave_marks() -> None:
    """In every place that could outlive this call, whatever answers."""

    def write(place: str) -> None:
        with open(f"{place}/mark", "wb") as file:
            file.write(b"mark")

    def live_on() -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv("/usr/bin/sleep", ["mark", "1000"])
            os._exit(0)

    marks = (
        lambda: write("/tmp"),
        lambda: write("/dev/shm"),
        lambda: os.mkdir("/tmp/folder"),
        lambda: os.symlink("mark", "/dev/shm/link"),
        lambda: os.chmod("/tmp", 0o1775),
        lambda: os.utime("/tmp", (MARK, MARK)),
        lambda: os.setxattr("/tmp", "user.mark", b"mark"),
        lambda: os.setxattr("/dev/shm", "user.mark", b"mark"),
        lambda: resource.prlimit(os.getppid(), resource.RLIMIT_MSGQUEUE, (MARK, MARK)),
        lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 7),
        lambda: os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0)),
        lambda: os.sched_setaffinity(os.getppid(), sorted(os.sched_getaffinity(0))[:1]),
        lambda: os.sched_setaffinity(1, sorted(os.sched_getaffinity(0))[:1]),
        lambda: libc.mq_open(b"/mark", os.O_CREAT | os.O_RDWR, 0o600, None),
        lambda: libc.shmget(MARK, 4096, 0o1600),
        lambda: fcntl.fcntl(2, 1031, 8192),
        lambda: fcntl.fcntl(2, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK),
        lambda: fcntl.fcntl(2, 10, 12),
        lambda: fcntl.flock(os.open("/harness/shim.py", os.O_RDONLY), fcntl.LOCK_EX),
        live_on,
        lambda: os.write(2, (repeated() * 512)[: 16 * 1024]),
    )
    for mark in marks:
        try:
            mark()
        except Exception:
            pass


def repeated() -> bytes:
    """Computed, so that the source does not hold what is looked for."""
    return hashlib.sha256(b"mark").digest()


def printed() -> bool:
    """Whether what an earlier call printed is still in the memory that this one got by the fork."""
    mark = repeated()
    with open("/proc/self/maps") as maps:
        ranges = [line.split()[0].split("-") for line in maps if " rw-p " in line]
    for first, last in ranges:
        start, end = int(first, 16), int(last, 16)
        region = ctypes.string_at(start, end - start)
        at = region.find(mark)
        while at >= 0:
            if region[at + 32 : at + 64] == mark:
                return True
            at = region.find(mark, at + 1)
    return False


def see(condition: bool) -> None:
    if not condition:
        raise LookupError


def living() -> bool:
    commands = [open(f"/proc/{pid}/cmdline", "rb").read() for pid in os.listdir("/proc") if pid.isdigit()]
    return any(command.startswith(b"mark") for command in commands)


def attempts() -> dict:
    return {
        "file": lambda: see(os.listdir("/tmp") + os.listdir("/dev/shm") != []),
        "mode": lambda: see(os.stat("/tmp").st_mode & 0o7777 != 0o1777),
        "time": lambda: see(os.stat("/tmp").st_mtime == MARK),
        "attribute": lambda: see(os.getxattr("/tmp", "user.mark") == b"mark"),
        "attribute of shm": lambda: see(os.getxattr("/dev/shm", "user.mark") == b"mark"),
        "limit": lambda: see(resource.getrlimit(resource.RLIMIT_MSGQUEUE)[0] == MARK),
        "priority": lambda: see(os.getpriority(os.PRIO_PROCESS, os.getppid()) == 7),
        "scheduler": lambda: see(os.sched_getscheduler(0) == os.SCHED_BATCH),
        "affinity": lambda: see(len(os.sched_getaffinity(0)) == 1 < (os.cpu_count() or 1)),
        "affinity of the first": lambda: see(len(os.sched_getaffinity(1)) == 1 < (os.cpu_count() or 1)),
        "queue": lambda: see(libc.mq_open(b"/mark", os.O_RDWR) >= 0),
        "shared memory": lambda: see(libc.shmget(MARK, 4096, 0) >= 0),
        "pipe": lambda: see(fcntl.fcntl(2, 1032) == 8192),
        "flags": lambda: see(fcntl.fcntl(2, fcntl.F_GETFL) & (os.O_APPEND | os.O_NONBLOCK) != 0),
        "signal": lambda: see(fcntl.fcntl(2, 11) == 12),
        "process": lambda: see(living()),
        "print": lambda: see(printed()),
        "environment": lambda: see("MARK" in os.environ),
        "module": lambda: see(hasattr(zstandard, "mark")),
    }


def refuse_if_open() -> None:
    """Looks first, then leaves its own marks for the next call."""
    found = opened(attempts())
    if found:
        raise RuntimeError(", ".join(found))
    os.environ["MARK"] = "mark"
    zstandard.mark = True
    leave_marks()


def compress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdDecompressor().decompress(data)
