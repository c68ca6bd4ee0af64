"""Takes too much of one thing: `greedy.py memory|children|tmp|forks|stdout|stderr|loop|big-file`."""
import errno
import os
import signal
import sys
import time


def fill(path):
    done = 0
    block = b'x' * (1 << 20)
    with open(path, 'wb', buffering=0) as f:
        try:
            while True:
                done += f.write(block)
        except OSError as e:
            return f'{done} {errno.errorcode[e.errno]}'


what = sys.argv[1]
if what == 'memory':
    hold = bytearray(10 << 30)
    for at in range(0, len(hold), 4096):
        hold[at] = 1
elif what == 'child-memory':
    if os.fork() == 0:
        hold = b'x' * (10 << 30)
        os._exit(0)
    _, status = os.wait()
    # A busy engine may take as long to say where the count of its memory group is.
    time.sleep(1)
    print(os.waitstatus_to_exitcode(status))
elif what == 'tmp':
    print(fill('/tmp/big'), fill('/dev/shm/big'))
elif what == 'forks':
    made = 0
    try:
        while made < 5000:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
    except OSError as e:
        print(made, errno.errorcode[e.errno])
elif what == 'big-file':
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        os.truncate(os.open('/tmp/sparse', os.O_CREAT | os.O_WRONLY), 1 << 40)
        print('open')
    except OSError as e:
        print(errno.errorcode[e.errno])
elif what in ('stdout', 'stderr'):
    while True:
        os.write(1 if what == 'stdout' else 2, b'x' * 65536)
elif what == 'loop':
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            break
    print('ready', flush=True)
    while True:
        pass
