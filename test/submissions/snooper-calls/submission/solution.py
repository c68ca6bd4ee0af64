"""Makes system calls that no submission needs, by number. Any success shows as an exception; else it is honest."""
import ctypes
import os
import platform

import zstandard

libc = ctypes.CDLL(None, use_errno=True)
machine = 0 if platform.machine() == "x86_64" else 1
buffer = ctypes.create_string_buffer(4_096)
# x86_64, aarch64, arguments
CALLS = {
    "io_uring_setup": (425, 425, (8, buffer)),
    "io_setup": (206, 0, (1, buffer)),
    "userfaultfd": (323, 282, (1,)),
    "perf_event_open": (298, 241, (buffer, 0, -1, -1, 0)),
    "bpf": (321, 280, (0, buffer, 72)),
    "add_key": (248, 217, (b"user", b"stash", b"x", 1, -4)),
    "keyctl": (250, 219, (0, -4, 1)),
    "shmget": (29, 194, (4_711, 4_096, 0o1666)),
    "semget": (64, 190, (4_711, 1, 0o1666)),
    "msgget": (68, 186, (4_711, 0o1666)),
    "mq_open": (240, 180, (b"stash", 0o102, 0o666, None)),
    "unshare": (272, 97, (0x10000000,)),
    "setns": (308, 268, (0, 0)),
    "mount": (165, 40, (b"none", b"/tmp", b"tmpfs", 0, None)),
    "pivot_root": (155, 41, (b"/tmp", b"/tmp")),
    "open_tree": (428, 428, (-100, b"/tmp", 1)),
    "fsopen": (430, 430, (b"tmpfs", 0)),
    "ptrace": (101, 117, (0, 0, 0, 0)),
    "kcmp": (312, 272, (os.getpid(), os.getppid(), 0, 0, 0)),
    "clock_settime": (227, 112, (0, buffer)),
    "settimeofday": (164, 170, (buffer, None)),
    "personality": (135, 92, (0x0040000,)),
    "kexec_load": (246, 104, (0, 0, None, 0)),
    "init_module": (175, 105, (buffer, 16, b"")),
    "quotactl": (179, 60, (0, b"", 0, None)),
    "swapon": (167, 224, (b"/tmp/swap", 0)),
    "reboot": (169, 142, (0, 0, 0, None)),
    "sethostname": (170, 161, (b"other", 5)),
    "acct": (163, 89, (b"/tmp/acct",)),
    "name_to_handle_at": (303, 264, (-100, b"/", buffer, buffer, 0)),
    "open_by_handle_at": (304, 265, (-100, buffer, 0)),
    "fanotify_init": (300, 262, (0, 0)),
    "vmsplice": (278, 75, (1, buffer, 0, 0)),
    "process_madvise": (440, 440, (-1, buffer, 0, 0, 0)),
    "landlock_create_ruleset": (444, 444, (None, 0, 1)),
    "memfd_secret": (447, 447, (0,)),
    "vsock": (41, 198, (40, 1, 0)),
    "alg": (41, 198, (38, 5, 0)),
    "packet": (41, 198, (17, 3, 0)),
    "netlink": (41, 198, (16, 3, 0)),
    "inet6": (41, 198, (10, 1, 0)),
}


def refuse_if_open() -> None:
    found = [name for name, call in CALLS.items() if libc.syscall(call[machine], *call[2]) >= 0]
    if found:
        raise RuntimeError(", ".join(found))


def compress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdDecompressor().decompress(data)
