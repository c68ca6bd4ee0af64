"""A second filter for a stranger's process: it leaves our processes alone, and a server connects to nobody."""

import ctypes
import platform
import struct

PR_SET_SECCOMP = 22

# System calls that change another process of the same user, us above all: such changes would outlive the call and tell
# the next one something. The child may use them on itself, where the process argument is 0. By machine: the audit
# architecture and the numbers of prlimit64, sched_setparam, sched_setscheduler, sched_setattr, sched_setaffinity;
# setpriority counts its target second; ioprio_set likewise.
FOREIGN_CALLS = {
    "x86_64": (0xC000003E, {302: 0, 142: 0, 144: 0, 314: 0, 203: 0, 141: 1, 251: 1}),
    "aarch64": (0xC00000B7, {261: 0, 118: 0, 119: 0, 274: 0, 122: 0, 140: 1, 30: 1}),
}

# A connection between two of a stranger's own sockets leaves its ports and addresses behind in the kernel for a minute,
# enough of them to hold a matrix. connect, and the sends that connect on the way: sendto, sendmsg, sendmmsg with the place
# of their flags.
CONNECT = {"x86_64": 42, "aarch64": 203}
SENDS = {"x86_64": {44: 3, 46: 2, 307: 3}, "aarch64": {206: 3, 211: 2, 269: 3}}
MSG_FASTOPEN = 0x20000000

LOAD, EQUAL, ANY_BIT, GIVE = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE, KILL = (GIVE, 0, 0, 0x7FFF0000), (GIVE, 0, 0, 0x00050001), (GIVE, 0, 0, 0x80000000)


def load_argument(index):
    # The low half is enough: a process number and a flag have 32 bits.
    return (LOAD, 0, 0, 16 + 8 * index)


def build(may_connect):
    """A seccomp program, and what its pointers point to: keep both."""
    machine = platform.machine()
    arch, foreign = FOREIGN_CALLS[machine]
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, arch), KILL, (LOAD, 0, 0, 0)]
    for number, argument in foreign.items():
        program += [(EQUAL, 0, 4, number), load_argument(argument), (EQUAL, 0, 1, 0), ALLOW, REFUSE]
    if not may_connect:
        program += [(EQUAL, 0, 1, CONNECT[machine]), REFUSE]
        for number, argument in SENDS[machine].items():
            program += [(EQUAL, 0, 4, number), load_argument(argument), (ANY_BIT, 0, 1, MSG_FASTOPEN), REFUSE, ALLOW]
    program.append(ALLOW)
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in program))
    return code, ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code)))


libc = ctypes.CDLL(None, use_errno=True)
# Built before any fork: a child only hands them to the kernel.
filters = {may_connect: build(may_connect) for may_connect in (True, False)}


def confine(may_connect):
    """Puts this process and all that it will start behind the filter. False when the kernel refuses."""
    return libc.prctl(PR_SET_SECCOMP, 2, filters[may_connect][1], 0, 0) == 0
