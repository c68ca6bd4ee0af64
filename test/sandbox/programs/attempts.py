"""Tries what a sandbox must refuse; prints one JSON object: attempt -> 'open' or the name of the error."""
import ctypes
import errno
import json
import os
import resource
import signal
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
# x86_64, aarch64
NUMBERS = {
    'ptrace': (101, 117), 'process_vm_readv': (310, 270), 'unshare': (272, 97), 'mount': (165, 40), 'setns': (308, 268),
    'bpf': (321, 280), 'perf_event_open': (298, 241), 'io_uring_setup': (425, 425), 'keyctl': (250, 219),
    'userfaultfd': (323, 282), 'shmget': (29, 194), 'semget': (64, 190), 'fsopen': (430, 430), 'chroot': (161, 51),
    'mknodat': (259, 33), 'reboot': (169, 142), 'vmsplice': (278, 75), 'io_setup': (206, 0), 'pivot_root': (155, 41),
    'fadvise64': (221, 223),
}


def syscall(name, *args):
    number = NUMBERS[name][0 if os.uname().machine == 'x86_64' else 1]
    ctypes.set_errno(0)
    if libc.syscall(number, *[ctypes.c_long(a) for a in args]) < 0:
        raise OSError(ctypes.get_errno(), name)


def connect_abstract(name):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect('\0' + name)


def write(path):
    with open(path, 'ab') as f:
        f.write(b'')


def clone_namespace():
    number = 56 if os.uname().machine == 'x86_64' else 220
    ctypes.set_errno(0)
    pid = libc.syscall(number, ctypes.c_long(0x10000000 | signal.SIGCHLD), 0, 0, 0, 0)  # CLONE_NEWUSER
    if pid == 0:
        os._exit(0)
    if pid < 0:
        raise OSError(ctypes.get_errno(), 'clone')
    os.waitpid(pid, 0)


def attempt_table(argument):
    """`argument` is what the test prepared outside: an abstract socket's name, a pid, a path."""
    table = {
        'inet': lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        'inet-udp': lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        'inet6': lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM),
        'netlink': lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        'packet': lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
        'vsock': lambda: socket.socket(40, socket.SOCK_STREAM),
        'alg': lambda: socket.socket(38, socket.SOCK_SEQPACKET),
        'tipc-pair': lambda: socket.socketpair(30, socket.SOCK_STREAM),
        'unix': lambda: socket.socketpair(),
        'abstract': lambda: connect_abstract(argument),
        'signal': lambda: os.kill(int(argument), 0),
        'memory': lambda: open(f'/proc/{argument}/mem', 'rb').close(),
        'read': lambda: open(argument, 'rb').read(1),
        'write': lambda: write(argument),
        'setuid': lambda: os.setuid(0),
        'setgid': lambda: os.setgid(0),
        'nice': lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        'clone-namespace': clone_namespace,
        'raise-nofile': lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 19, 1 << 19)),
        'raise-fsize': lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)),
        'oom-score': lambda: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000'),
    }
    table.update({name: (lambda n: lambda: syscall(n, 0, 0, 0, 0, 0))(name) for name in NUMBERS})
    return table


out = {}
for given in sys.argv[1:]:
    name, _, argument = given.partition('=')
    try:
        attempt_table(argument)[name]()
        out[given] = 'open'
    except OSError as e:
        out[given] = errno.errorcode.get(e.errno, str(e.errno))
    except ValueError as e:
        out[given] = 'ValueError'
print(json.dumps(out))
