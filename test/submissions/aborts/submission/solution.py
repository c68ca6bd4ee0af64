"""Calls abort in C, which would write a memory image somewhere else."""
import ctypes
import resource

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (ValueError, OSError):
    pass


def compress(data: bytes) -> bytes:
    ctypes.CDLL(None).abort()
    return data


def decompress(data: bytes) -> bytes:
    return data
