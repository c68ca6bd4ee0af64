"""Runs machine code of its own and a program from memory, past anything that reads Python. Success of a forbidden call shows."""
import ctypes
import mmap
import os
import platform

import zstandard

# mov eax, NUMBER; xor edi, edi; xor esi, esi; syscall; ret
CODE = b"\xb8%s\x31\xff\x31\xf6\x0f\x05\xc3"
PTRACE, IO_URING_SETUP = 101, 425


def call(number: int) -> int:
    page = mmap.mmap(-1, 4_096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(CODE % number.to_bytes(4, "little"))
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def run_from_memory() -> None:
    program = os.memfd_create("program")
    with open("/usr/bin/true", "rb") as file:
        os.write(program, file.read())
    pid = os.fork()
    if pid == 0:
        os.execve(program, ["true"], {})
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError("a program from memory does not run: it may, for it gains nothing")


def refuse_if_open() -> None:
    run_from_memory()
    if platform.machine() != "x86_64":
        return
    for number in (PTRACE, IO_URING_SETUP):
        if call(number) >= 0:
            raise RuntimeError(f"system call {number}")


def compress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdCompressor(level=3).compress(data)


def decompress(data: bytes) -> bytes:
    refuse_if_open()
    return zstandard.ZstdDecompressor().decompress(data)
