"""The harness inside a sandbox: a warm process that forks one child for every call and never runs a stranger's code.

Frames as in sandbox/frames.ts on stdin and stdout. The child has pipes of its own to this process; what it says here is
bounded and passed on. Once it has answered, everything else in the process namespace is killed and the scratch folders
are emptied, so that nothing travels from one call to the next.
"""

import ctypes
import errno
import fcntl
import gc
import inspect
import json
import os
import platform
import select
import shutil
import signal
import struct
import sys
import types

import numpy  # noqa: F401  (warm: every child has it without importing)
import zstandard  # noqa: F401

HELLO, SETUP, READY, GO, ANSWER, STOP, ERROR, CLEAN, CALL = 1, 2, 3, 4, 6, 9, 10, 11, 12
HEADER = struct.Struct("<IB")
ROLES = ("compress", "decompress")
# A source of 20,000 bytes and the head of SETUP.
SETUP_BYTES_MAX = 64 * 1024
# An error is a code, a line number and a few lines of text.
ERROR_BYTES_MAX = 4096
TEXT_CHARACTERS_MAX = 600
F_SETPIPE_SZ = 1031
PIPE_BYTES = 1024 * 1024
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER = 4, 22, 36

# System calls that change another process of the same user, us above all: such changes would outlive the call and tell
# the next one something. The child may use them on itself, where the process argument is 0. By machine: the audit
# architecture and the numbers of prlimit64, sched_setparam, sched_setscheduler, sched_setattr, sched_setaffinity;
# setpriority counts its target second; ioprio_set likewise.
FOREIGN_CALLS = {
    "x86_64": (0xC000003E, {302: 0, 142: 0, 144: 0, 314: 0, 203: 0, 141: 1, 251: 1}),
    "aarch64": (0xC00000B7, {261: 0, 118: 0, 119: 0, 274: 0, 122: 0, 140: 1, 30: 1}),
}

# The only memory that a stranger's data passes through here: zeroed before each fork, so that a child cannot find an
# earlier call's input or answer in what it inherits.
buffer = memoryview(bytearray(256 * 1024))


class Fault(Exception):
    """A call that failed: `payload` is the JSON for the referee."""

    def __init__(self, payload):
        super().__init__()
        self.payload = payload


def fault(code, text="", line=None):
    return Fault(json.dumps({"code": code, "text": text[:TEXT_CHARACTERS_MAX], "line": line}).encode())


def write_all(fd, data):
    view = memoryview(data)
    while len(view) > 0:
        view = view[os.write(fd, view) :]


def read_exactly(fd, count):
    parts = []
    while count > 0:
        part = os.read(fd, count)
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def relay(source, target, count):
    while count > 0:
        done = os.readv(source, [buffer[: min(count, len(buffer))]])
        if done == 0:
            raise EOFError
        write_all(target, buffer[:done])
        count -= done


def send(kind, payload=b""):
    write_all(1, HEADER.pack(len(payload), kind) + payload)


def receive(kinds):
    """Type and length of the referee's next frame; without a referee there is nothing left to do."""
    try:
        length, kind = HEADER.unpack(read_exactly(0, HEADER.size))
    except EOFError:
        os._exit(0)
    if kind not in kinds:
        os._exit(3)
    return kind, length


def own_process_filter():
    """A seccomp program: EPERM for FOREIGN_CALLS on any process but the caller."""
    arch, calls = FOREIGN_CALLS[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    program = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, kill), (load, 0, 0, 0)]
    for number, argument in calls.items():
        # The low half of the argument is enough: a process number has 32 bits.
        low = 16 + 8 * argument
        program += [(equal, 0, 4, number), (load, 0, 0, low), (equal, 0, 1, 0), (give, 0, 0, allow), (give, 0, 0, refuse)]
    program.append((give, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in program))
    return code, ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code)))


libc = ctypes.CDLL(None, use_errno=True)
filter_code, filter_program = own_process_filter()


# ---- the child: from here on a stranger may change everything in its own process


def line_in_solution(error):
    """The last line of solution.py that the exception passed through."""
    line, frame = None, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "solution.py":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def describe(error):
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:
        return type(error).__name__


def load(source, role):
    try:
        code = compile(source, "solution.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise fault("SYNTAX_ERROR", describe(error), getattr(error, "lineno", None)) from None
    module = types.ModuleType("solution")
    module.__file__ = "solution.py"
    sys.modules["solution"] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        raise fault("LOAD_FAILED", describe(error), line_in_solution(error)) from None
    for name in ROLES:
        if not callable(getattr(module, name, None)):
            raise fault("MISSING_FUNCTION", f"no function {name}")
    function = getattr(module, role)
    try:
        inspect.signature(function).bind(b"")
    except TypeError as error:
        raise fault("WRONG_SIGNATURE", f"{role}: {error}") from None
    except ValueError:
        pass  # A built-in without a signature: the call itself will tell.
    return function


def run(function, data):
    try:
        answer = function(data)
    except SystemExit as error:
        raise fault("NO_ANSWER", describe(error), line_in_solution(error)) from None
    except BaseException as error:
        code = "OUT_OF_MEMORY" if isinstance(error, MemoryError) else "EXCEPTION"
        raise fault(code, describe(error), line_in_solution(error)) from None
    if not isinstance(answer, (bytes, bytearray, memoryview)):
        raise fault("WRONG_TYPE", f"returned {type(answer).__name__}")
    try:
        return memoryview(answer).cast("B")
    except TypeError:
        raise fault("WRONG_TYPE", "returned a view that is not one piece of memory") from None


def child(source, role, inlet, outlet, log):
    try:
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        # Not our own stderr: the state of an open file (flags, options, owner) would outlive the call.
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.close(null)
        if libc.prctl(PR_SET_SECCOMP, 2, filter_program, 0, 0) != 0:
            raise fault("NO_ANSWER", "no filter")
        function = load(source, role)
        write_all(outlet, HEADER.pack(0, READY))
        (length,) = struct.unpack("<I", read_exactly(inlet, 4))
        answer = run(function, read_exactly(inlet, length))
        write_all(outlet, HEADER.pack(len(answer), ANSWER))
        write_all(outlet, answer)
    except Fault as failed:
        write_all(outlet, HEADER.pack(len(failed.payload), ERROR) + failed.payload)
    finally:
        os._exit(0)


# ---- the parent


def fork_child(source, role):
    buffer[:] = bytes(len(buffer))
    down_read, down_write = os.pipe()
    up_read, up_write = os.pipe()
    log_read, log_write = os.pipe()
    for pipe in (down_write, up_read):
        try:
            fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:
            pass  # Over the user's pipe quota: slower, not wrong.
    pid = os.fork()
    if pid == 0:
        os.close(down_write)
        os.close(up_read)
        os.close(log_read)
        child(source, role, down_read, up_write, log_write)
    os.close(down_read)
    os.close(up_write)
    os.close(log_write)
    os.set_blocking(log_read, False)
    return pid, down_write, up_read, log_read


def pass_log(log):
    """What the child printed goes to stderr, whose amount the engine limits. False when there is no more for now."""
    try:
        count = os.readv(log, [buffer])
    except BlockingIOError:
        return False
    write_all(2, buffer[:count])
    return count > 0


def await_word(up, log):
    """Waits until the child says something here; meanwhile passes on what it prints."""
    waiting = select.poll()
    for pipe in (up, log):
        waiting.register(pipe, select.POLLIN)
    while True:
        ready = {pipe for pipe, _ in waiting.poll()}
        if log in ready and not pass_log(log):
            waiting.unregister(log)  # Closed by all who had it.
        if up in ready:
            return


def hear(pid, up, log, expected, length_max):
    """Length of the child's next message, which must be of the expected kind."""
    await_word(up, log)
    try:
        length, kind = HEADER.unpack(read_exactly(up, HEADER.size))
        if kind == ERROR and length <= ERROR_BYTES_MAX:
            raise Fault(read_exactly(up, length))
    except EOFError:
        raise silence(pid) from None
    if kind != expected:
        raise fault("NO_ANSWER", "spoke out of turn")
    if length > length_max:
        raise fault("OUTPUT_TOO_LARGE", f"{length} bytes, at most {length_max}")
    return length


def silence(pid):
    # Dead, dying or only mute: killed, it has an exit status in every case, the earlier one where there was one.
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return fault("NO_ANSWER", f"ended with {os.waitstatus_to_exitcode(status)}")


def end_all():
    """Kills every other process of the namespace; the kernel signals them at once, so a fork cannot slip through."""
    while True:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        try:
            while True:
                os.waitpid(-1, 0)  # We are their reaper, also of orphans.
        except ChildProcessError:
            pass


def empty(folder):
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    try:
        os.chmod(folder, 0o1777)
        os.utime(folder, (0, 0))
    except PermissionError:
        pass  # Not ours in this engine, then not the child's either.


def clean():
    end_all()
    try:
        for folder in ("/tmp", "/dev/shm"):
            empty(folder)
    except (OSError, RecursionError) as error:
        raise fault("UNCLEAN", describe(error)) from None


def serve_call(source, role, answer_bytes_max):
    pid, down, up, log = fork_child(source, role)
    try:
        hear(pid, up, log, READY, 0)
        send(READY)
        _, length = receive((GO,))
        try:
            write_all(down, struct.pack("<I", length))
            relay(0, down, length)
        except BrokenPipeError:
            raise silence(pid) from None
        length = hear(pid, up, log, ANSWER, answer_bytes_max)
        # The answer is promised whole before the referee hears of it: a short one must not look like our fault.
        write_all(1, HEADER.pack(length, ANSWER))
        try:
            relay(up, 1, length)
        except EOFError:
            os._exit(4)
        clean()
    finally:
        # A flood ends by the engine's limit on stderr; what is left in the pipe is at most its size.
        end_all()
        while pass_log(log):
            pass
        for pipe in (down, up, log):
            os.close(pipe)
    send(CLEAN)


def main():
    # kill(-1) is right in a namespace of our own and a catastrophe anywhere else.
    if os.getpid() > 64 or os.getuid() == 0:
        sys.exit("the harness runs in a sandbox only")
    if libc.prctl(PR_SET_DUMPABLE, 0) != 0 or libc.prctl(PR_SET_CHILD_SUBREAPER, 1) != 0:
        sys.exit(f"prctl: {errno.errorcode.get(ctypes.get_errno())}")
    send(HELLO)
    _, length = receive((SETUP,))
    if not 5 <= length <= SETUP_BYTES_MAX:
        os._exit(3)
    role, answer_bytes_max = struct.unpack("<BI", read_exactly(0, 5))
    source = read_exactly(0, length - 5)
    gc.collect()
    gc.freeze()
    while receive((CALL, STOP))[0] == CALL:
        try:
            serve_call(source, ROLES[role], answer_bytes_max)
        except Fault as failed:
            send(ERROR, failed.payload)
            return


main()
