"""The harness inside a sandbox: a warm process that forks one child for every call and never runs a stranger's code.

Frames as in sandbox/frames.ts on stdin and stdout. The child has pipes of its own to this process; what it says here is
bounded and passed on. Once it has answered, everything else in the process namespace is killed and the scratch folders
are emptied, so that nothing travels from one call to the next.
"""

import ctypes
import errno
import fcntl
import gc
import importlib
import os
import re
import select
import shutil
import signal
import struct
import sys
import traceback
import typing

import numpy  # noqa: F401  (warm: every child has it without importing)
import zstandard  # noqa: F401

# Isolated mode leaves the script's own folder out, as it should for whatever runs later.
sys.path.insert(0, "/harness")
import functions  # noqa: E402
import server  # noqa: E402
from own_process import libc  # noqa: E402
from wire import (  # noqa: E402
    ANSWER,
    CALL,
    CLEAN,
    ERROR,
    ERROR_BYTES_MAX,
    GO,
    HEADER,
    HELLO,
    READY,
    ROLES,
    SETUP,
    STOP,
    WARM,
    Fault,
    describe,
    fault,
    read_exactly,
    write_all,
)

sys.path.remove("/harness")
for name in ("functions", "server", "own_process", "http_wire", "wire"):
    del sys.modules[name]  # A stranger's import of such a name finds nothing.

# Form, role, milliseconds until a server must be healthy, largest answer; the source follows.
SETUP_HEAD = struct.Struct("<BBII")
FORMS = (functions.serve, server.serve)
# A source of 20,000 bytes and the head of SETUP.
SETUP_BYTES_MAX = 64 * 1024
F_SETPIPE_SZ = 1031
PIPE_BYTES = 1024 * 1024
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36

# What is imported once for all children when the source names it, with what it would import at its first use.
WARM_MODULES = {
    b"torch": ("torch",),
    b"scipy": ("scipy",),
    b"fastapi": ("fastapi", "python_multipart", "anyio._backends._asyncio"),
    b"uvicorn": ("uvicorn", "uvicorn.lifespan.on", "uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl"),
    b"http": ("http.server",),
}


class Setup(typing.NamedTuple):
    role: str
    ready_ms: int
    answer_bytes_max: int
    source: bytes


# The only memory that a stranger's data passes through here: zeroed before each fork, so that a child cannot find an
# earlier call's input or answer in what it inherits.
buffer = memoryview(bytearray(256 * 1024))


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


def warm(source):
    """Imports of the image's own modules, by this process: nothing of the stranger's can stand in their place."""
    named = set(re.findall(rb"^[ \t]*(?:import|from)[ \t]+(\w+)", source, re.MULTILINE))
    for name, modules in WARM_MODULES.items():
        for module in modules if name in named else ():
            try:
                importlib.import_module(module)
            except ImportError:
                pass  # Not of this image: the stranger's own import will say so.


def child(serve, setup, inlet, outlet, log):
    try:
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        # Not our own stderr: the state of an open file (flags, options, owner) would outlive the call.
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.close(null)
        serve(setup, inlet, outlet)
    except Fault as failed:
        write_all(outlet, HEADER.pack(len(failed.payload), ERROR) + failed.payload)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


# ---- the parent


def fork_child(serve, setup):
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
        child(serve, setup, down_read, up_write, log_write)
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
    """Waits until the child says something here; meanwhile passes on what it prints. Without a referee it leaves."""
    waiting = select.poll()
    # The referee has nothing to say now: its end alone can be heard.
    for pipe in (up, log, 0):
        waiting.register(pipe, select.POLLIN)
    while True:
        ready = {pipe for pipe, _ in waiting.poll()}
        if 0 in ready:
            os._exit(0)
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


def serve_call(serve, setup):
    pid, down, up, log = fork_child(serve, setup)
    try:
        hear(pid, up, log, READY, 0)
        send(READY)
        _, length = receive((GO,))
        try:
            write_all(down, struct.pack("<I", length))
            relay(0, down, length)
        except BrokenPipeError:
            raise silence(pid) from None
        length = hear(pid, up, log, ANSWER, setup.answer_bytes_max)
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
    if not SETUP_HEAD.size <= length <= SETUP_BYTES_MAX:
        os._exit(3)
    form, role, ready_ms, answer_bytes_max = SETUP_HEAD.unpack(read_exactly(0, SETUP_HEAD.size))
    setup = Setup(ROLES[role], ready_ms, answer_bytes_max, read_exactly(0, length - SETUP_HEAD.size))
    warm(setup.source)
    gc.collect()
    gc.freeze()
    send(WARM)
    while receive((CALL, STOP))[0] == CALL:
        try:
            serve_call(FORMS[form], setup)
        except Fault as failed:
            send(ERROR, failed.payload)
            return


main()
