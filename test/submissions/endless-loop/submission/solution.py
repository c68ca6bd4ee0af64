"""Never answers, and ignores every polite signal."""
import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)


def compress(data: bytes) -> bytes:
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def decompress(data: bytes) -> bytes:
    return data
