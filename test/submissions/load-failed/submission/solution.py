"""Imports what is not installed."""
import torch


def compress(data: bytes) -> bytes:
    return bytes(torch.frombuffer(data))


def decompress(data: bytes) -> bytes:
    return data
