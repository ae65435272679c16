"""What runs on the other side: started by `host` as a program of its own, with nothing of the
workbench to import.

Three processes. The first gives up the host's user, takes new user, mount, process, network, IPC
and host-name namespaces, and waits. The second is process 1 of the new ones: it builds a root of
the standard library and an empty folder, starts the third and watches over it; when it ends,
whatever the code started ends with it (pid_namespaces(7)), also when the host is killed, since its
end of a pipe closes then. The third has no privilege left, limits on everything, and runs the code.

Spoken over the pipes: eight digits and as many bytes of JSON in ({"code", "data", "limits",
"libraries", "filter"}), JSON out ({"value", "stdout"} or {"error", "message", "stdout"}).
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import errno
import json
import os
import random
import resource
import select
import signal
import struct
import sys
import time
import traceback
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 32
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 4096, 16384, 1 << 18, 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPABILITY_VERSION_3 = 0x20080522
# Flags that a mount inherits and that may not be taken from it (mount_namespaces(7)).
KEPT_FLAGS = 2 | 4 | 8 | 1024 | 2048
RESULT = 3
# The first process, the second, and the one that runs the code.
OWN_PROCESSES = 3
FILE_NAME = "<code>"
# Errors that the code's process names itself.
OWN_ERRORS = ("code", "memory", "json", "processes", "disk", "files")
STAND_IN = "/tmp"  # noqa: S108 - covered by a file system of our own before anything is made in it
_libc = ctypes.CDLL(None, use_errno=True)


class SetupError(Exception):
    """The machine does not give what is needed; the text says which step."""


def check(outcome: int, step: str) -> None:
    if outcome != 0:
        raise SetupError(f"{step} failed: {os.strerror(ctypes.get_errno())}")


def main() -> None:
    size = int(sys.stdin.buffer.read(8))
    job = json.loads(sys.stdin.buffer.read(size))
    try:
        enter(job["libraries"], job["limits"]["disk_bytes"])
    except (SetupError, OSError) as error:
        answer({"error": "sandbox", "message": str(error)})
        return
    first = os.fork()
    if first == 0:
        with_answer(job)
        os._exit(0)
    os.close(0)
    os.waitpid(first, 0)


def with_answer(job: dict[str, Any]) -> None:
    """Everything that the second process does."""
    try:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # Signals from inside reach process 1 only where it has a handler (pid_namespaces(7)), and
        # Python has one for this.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        change_root()
        answer(supervised(job))
    except (SetupError, OSError) as error:
        answer({"error": "sandbox", "message": str(error)})


def answer(value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    while body:
        body = body[os.write(1, body) :]


def enter(libraries: list[str], size: int) -> None:
    """New namespaces, with the new root built in them but not yet gone to.

    Root of the machine is exempt from the limit on processes, and owns files: a user that nobody
    else is takes its place. The root is built before, where it may, so that libraries are reached
    which only root can go to.
    """
    built = False
    if os.geteuid() == 0:
        user = 2_000_000_000 + random.SystemRandom().randrange(10**8)
        if _libc.unshare(CLONE_NEWNS) == 0:
            build_root(libraries, size, user)
            built = True
        for one in (user, 65534):
            with contextlib.suppress(OSError):
                os.setgroups([])
                os.setresgid(one, one, one)
                os.setresuid(one, one, one)
                break
        else:
            raise SetupError("giving up root failed")
        # Without it, /proc/self would belong to root now.
        _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    new_namespaces()
    if not built:
        build_root(libraries, size, 0)


def new_namespaces() -> None:
    user, group = os.geteuid(), os.getegid()
    kinds = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET
    check(_libc.unshare(kinds | CLONE_NEWIPC | CLONE_NEWUTS), "taking new namespaces")
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"0 {user} 1")
    write("/proc/self/gid_map", f"0 {group} 1")
    # No namespaces within, in which the code would be root again; no memory outside of its limit.
    for path in ("user/max_user_namespaces", "kernel/shmall", "fs/mqueue/queues_max"):
        with contextlib.suppress(OSError):
            write(f"/proc/sys/{path}", "0")


def write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    outcome = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    check(outcome, f"mounting {target}")


def build_root(libraries: list[str], size: int, user: int) -> None:
    """A root that holds the libraries, read only, and two empty folders of the user's."""
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    options = f"size={size},nr_inodes=2048,mode=755"
    mount("tmpfs", STAND_IN, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path in libraries:
        target = STAND_IN + path
        if os.path.isdir(path):
            os.makedirs(target, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        mount(path, target, "", MS_BIND | MS_REC)
        kept = os.statvfs(target).f_flag & KEPT_FLAGS
        if not path.startswith("/dev/"):
            kept |= MS_NOSUID | MS_NODEV
        mount("none", target, "", MS_REMOUNT | MS_BIND | MS_RDONLY | kept)
        for folder in hidden(target):
            mount("tmpfs", folder, "tmpfs", MS_RDONLY | MS_NOSUID, "size=4k,mode=755")
    for path in ("/lib", "/lib64"):
        if os.path.islink(path) and not os.path.lexists(STAND_IN + path):
            os.symlink(os.readlink(path), STAND_IN + path)
    for folder in ("/work", "/tmp"):  # noqa: S108 - of the new root
        os.makedirs(STAND_IN + folder, exist_ok=True)
        os.chown(STAND_IN + folder, user, user)


def hidden(folder: str) -> list[str]:
    """Folders of packages, which code does not get."""
    names = ("site-packages", "dist-packages")
    if not os.path.isdir(folder):
        return []
    inner = [entry.path for entry in os.scandir(folder) if entry.name.startswith("python")]
    inner.append(folder)
    return [path for one in inner for name in names if os.path.isdir(path := f"{one}/{name}")]


def change_root() -> None:
    # Mounts that came along from the namespace before are locked; one that binds them is not.
    mount(STAND_IN, STAND_IN, "", MS_BIND | MS_REC)
    os.chdir(STAND_IN)
    check(_libc.syscall(SYS_PIVOT_ROOT[os.uname().machine], b".", b"."), "changing the root")
    check(_libc.umount2(b".", MNT_DETACH), "leaving the old root")
    os.chdir("/work")


def supervised(job: dict[str, Any]) -> dict[str, Any]:
    """Start the code and wait for its end, or make it end."""
    limits = job["limits"]
    said, says = os.pipe()
    gave, gives = os.pipe()
    worker = os.fork()
    if worker == 0:
        work(job, says, gives)
    os.close(says)
    os.close(gives)
    handle = os.pidfd_open(worker)
    texts = {said: bytearray(), gave: bytearray()}
    most = {said: limits["output_bytes"], gave: limits["result_bytes"]}
    stopped = watch(handle, texts, most, time.monotonic() + limits["wall_seconds"])
    if stopped is not None:
        os.kill(worker, signal.SIGKILL)
    _, status, used = os.wait4(worker, 0)
    if stopped is None and drained(texts, most):
        stopped = "output"
    stdout = bytes(texts[said][: limits["shown_bytes"]]).decode("utf-8", "replace")
    if stopped is None:
        found = result(bytes(texts[gave]), status, used.ru_utime + used.ru_stime, limits)
    else:
        found = {"error": stopped, "message": ""}
    return {**found, "stdout": stdout}


def watch(
    handle: int, texts: dict[int, bytearray], most: dict[int, int], deadline: float
) -> str | None:
    """Collect what comes until the process ends; otherwise why it has to be ended."""
    waiting = select.poll()
    for fd in (0, handle, *texts):
        waiting.register(fd, select.POLLIN | select.POLLHUP)
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return "time"
        for fd, _ in waiting.poll(max(1, left * 1000)):
            if fd == handle:
                return None
            if fd == 0:
                # The host is gone: process 1 ends, and everything with it.
                os._exit(1)
            piece = os.read(fd, 65_536)
            if not piece:
                waiting.unregister(fd)
            texts[fd] += piece
            if len(texts[fd]) > most[fd]:
                return "output"


def drained(texts: dict[int, bytearray], most: dict[int, int]) -> bool:
    """Take what is left in the pipes of an ended process; whether it was too much."""
    for fd, text in texts.items():
        os.set_blocking(fd, False)
        with contextlib.suppress(BlockingIOError):
            while len(text) <= most[fd] and (piece := os.read(fd, 65_536)):
                text += piece
    return any(len(text) > most[fd] for fd, text in texts.items())


def result(given: bytes, status: int, seconds: float, limits: dict[str, Any]) -> dict[str, Any]:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU or seconds > limits["cpu_seconds"] - 0.2:
            return {"error": "cpu", "message": ""}
        if number == signal.SIGKILL:
            return {"error": "memory", "message": ""}
        return {"error": "code", "message": f"The process ended by {signal.Signals(number).name}."}
    if not given:
        return {"error": "code", "message": "The code ended the process instead of returning."}
    try:
        # The code can write to this pipe too: what it says there concerns its own cell alone.
        found = json.loads(given)
        kind = found.get("error")
        if kind is None:
            return {"value": found["value"]}
        kind = kind if kind in OWN_ERRORS else "code"
        return {"error": kind, "message": str(found["message"])[:4000]}
    except (ValueError, KeyError, AttributeError, RecursionError):
        return {"error": "code", "message": "What came back cannot be read."}


def work(job: dict[str, Any], says: int, gives: int) -> None:
    """The third process; does not return."""
    given: dict[str, Any]
    try:
        no_input, end = os.pipe()
        os.close(end)
        # Above those that are given out first, so that none is overwritten.
        says, gives, no_input = (
            os.dup2(fd, 60 + at) for at, fd in enumerate((says, gives, no_input))
        )
        for fd, to in ((no_input, 0), (says, 1), (says, 2), (gives, RESULT)):
            os.dup2(fd, to)
        os.closerange(RESULT + 1, 256)
        limit(job["limits"])
        drop_privileges()
        refuse_calls(job["filter"])
    except (SetupError, OSError, ValueError) as error:
        os.write(RESULT, json.dumps({"error": "code", "message": f"Not started: {error}"}).encode())
        os._exit(1)
    given = outcome(job["code"], job["data"])
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
    try:
        body = json.dumps(given, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        body = json.dumps({"error": "json", "message": str(error)}).encode()
    except MemoryError:
        body = b'{"error": "memory", "message": ""}'
    with contextlib.suppress(OSError):
        while body:
            body = body[os.write(RESULT, body) :]
    os._exit(0)


def limit(limits: dict[str, Any]) -> None:
    bounds = {
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_AS: limits["memory_bytes"],
        resource.RLIMIT_FSIZE: limits["disk_bytes"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_NPROC: OWN_PROCESSES - 1 + limits["processes"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, most in bounds.items():
        _, high = resource.getrlimit(kind)
        bound = most if high == resource.RLIM_INFINITY else min(most, high)
        # At the lower of the two bounds of the processor's time a signal of its own says that it is
        # up. At the upper one comes SIGKILL, which could be anything: the kernel counts ticks, and
        # what it says afterwards was used may be seconds less.
        top = bound + 1 if kind == resource.RLIMIT_CPU else bound
        resource.setrlimit(kind, (bound, top if high == resource.RLIM_INFINITY else min(top, high)))


def drop_privileges() -> None:
    for number in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break
    check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "giving up new privileges")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    check(_libc.capset(header, nothing), "giving up privileges")


def refuse_calls(instructions: list[list[int]]) -> None:
    """Put the filter of `syscalls` before every call of the kernel from here on."""
    packed = b"".join(struct.pack("HBBI", *each) for each in instructions)
    body = ctypes.create_string_buffer(packed, len(packed))
    program = struct.pack("HP", len(instructions), ctypes.addressof(body))
    check(_libc.prctl(PR_SET_SECCOMP, 2, program, 0, 0), "filtering calls")


def outcome(code: str, data: str) -> dict[str, Any]:
    """The code as the body of a function, so that `return` works and lines keep their numbers."""
    try:
        body = ast.parse(code).body or [ast.Pass(lineno=1, col_offset=0)]
        tree = ast.parse("def column(data): pass")
        function = tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        function.body = body
        space: dict[str, Any] = {"__name__": "column"}
        exec(compile(tree, FILE_NAME, "exec"), space)  # noqa: S102 - running it is the purpose
        return {"value": space["column"](json.loads(data))}
    except MemoryError:
        return {"error": "memory", "message": ""}
    except BaseException as error:  # noqa: BLE001 - whatever the code raises is its answer
        return {"error": kind_of(error), "message": described(error)}


def kind_of(error: BaseException) -> str:
    """Which limit an error comes from, if it comes from one."""
    number = error.errno if isinstance(error, OSError) else None
    if type(error) is BlockingIOError or (
        type(error) is RuntimeError and error.args == ("can't start new thread",)
    ):
        return "processes"
    if number in {errno.EFBIG, errno.ENOSPC, errno.EDQUOT}:
        return "disk"
    return "files" if number == errno.EMFILE else "code"


def described(error: BaseException) -> str:
    """Kind, text and line. An error whose own text cannot be had has none."""
    try:
        text = f"{type(error).__name__}: {error}"[:2000]
    except BaseException:  # noqa: BLE001 - its __str__ is the code's too
        text = type(error).__name__
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == FILE_NAME
    ]
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    return f"{text} (line {lines[-1]})" if lines else text


if __name__ == "__main__":
    main()
