"""Looks for other processes and for the memory of the harness. Any success shows as an exception; else it is honest."""
import ctypes
import os


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
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
PROCESS_VM_READV, PIDFD_OPEN, PIDFD_GETFD = 310, 434, 438


def must(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno())


def read_memory(pid: int, mode: str) -> None:
    """The first mapping's first page, by the file that the kernel shows to a debugger."""
    with open(f"/proc/{pid}/mem", mode, buffering=0) as memory:
        with open(f"/proc/{pid}/maps") as maps:
            memory.seek(int(maps.readline().split("-")[0], 16))
        memory.read(1)


def read_vector(pid: int) -> None:
    target = ctypes.create_string_buffer(64)
    local = (ctypes.c_void_p * 2)(ctypes.addressof(target), 64)
    remote = (ctypes.c_void_p * 2)(0x400000, 64)
    must(libc.syscall(PROCESS_VM_READV, pid, local, 1, remote, 1, 0))


def take_descriptor(pid: int) -> None:
    handle = libc.syscall(PIDFD_OPEN, pid, 0)
    must(handle)
    must(libc.syscall(PIDFD_GETFD, handle, 1, 0))


def find_stranger() -> None:
    """Succeeds when a process is seen that is neither the sandbox's own nor ours."""
    commands = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            commands.append(file.read().split(b"\0")[0])
    own = (b"/usr/bin/python3", b"bwrap", b"/usr/bin/timeout", b"timeout", b"/usr/bin/prlimit", b"/sbin/docker-init", b"")
    if len(commands) < 2 or all(command in own for command in commands):
        raise ProcessLookupError


def attempts() -> dict:
    parent = os.getppid()
    return {
        "stranger": find_stranger,
        "memory": lambda: read_memory(parent, "rb"),
        "memory file": lambda: open(f"/proc/{parent}/mem", "rb"),
        "memory of the first": lambda: open("/proc/1/mem", "rb"),
        "write memory": lambda: read_memory(parent, "r+b"),
        "maps": lambda: open(f"/proc/{parent}/maps").read(1)[0],
        "descriptors": lambda: os.listdir(f"/proc/{parent}/fd"),
        "channel": lambda: os.open(f"/proc/{parent}/fd/1", os.O_WRONLY),
        "environment": lambda: open(f"/proc/{parent}/environ").read(),
        "ptrace attach": lambda: must(libc.ptrace(PTRACE_ATTACH, parent, 0, 0)),
        "ptrace seize": lambda: must(libc.ptrace(PTRACE_SEIZE, parent, 0, 0)),
        "process_vm_readv": lambda: read_vector(parent),
        "pidfd_getfd": lambda: take_descriptor(parent),
        "namespace": lambda: must(libc.unshare(0x10000000)),
        "terminal": lambda: os.open("/dev/tty", os.O_RDWR),
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
