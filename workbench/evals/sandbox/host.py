"""Running code of users shut off from the machine: see `inside` for how."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Literal

from workbench.evals.sandbox.syscalls import program

_INSIDE = Path(__file__).with_name("inside.py")
#: Seconds beside the code's own: starting, building the root, ending.
_STARTING = 10.0
_MESSAGES = {
    "time": "The code took longer than {wall_seconds:g} seconds.",
    "cpu": "The code used more than {cpu_seconds:g} seconds of the processor.",
    "memory": "The code needs more than {memory_mb:g} MB of memory.",
    "processes": "The code may start neither processes nor threads: {message}.",
    "disk": "The code wrote more than {disk_mb:g} MB to its folder: {message}.",
    "files": "The code opened more than {files} files at once: {message}.",
    "output": "The code returned or printed more than {result_mb:g} MB.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """Of one run. wall_seconds: all of it; cpu_seconds: of the processor. output_bytes: what it
    may print before it is ended; shown_bytes: how much of that is kept. result_bytes: of the value
    as JSON. disk_bytes: of its folder. processes: 1, threads count too."""

    wall_seconds: float = 20.0
    cpu_seconds: int = 10
    memory_bytes: int = 256 * 2**20
    output_bytes: int = 2**20
    shown_bytes: int = 20_000
    result_bytes: int = 2**20
    disk_bytes: int = 16 * 2**20
    files: int = 32
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Ran:
    """value: JSON. stdout: what was printed, cut."""

    value: Any
    stdout: str = ""


class SandboxError(Exception):
    """The code failed ("code"), met a limit ("limit") or was not run ("refused"); the text is a
    sentence."""

    def __init__(
        self, kind: Literal["code", "limit", "refused", "bad_value"], text: str, stdout: str = ""
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.stdout = stdout


class Sandbox:
    """Runs code, a few at once. Made once for a process; `close` ends what runs.

    workers: how many run at once; None takes the processors' number, at most 4.
    """

    def __init__(self, limits: SandboxLimits | None = None, workers: int | None = None) -> None:
        self.limits = limits or SandboxLimits()
        number = workers or min(4, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(number, "code")

    async def run(self, code: str, data: Mapping[str, Any] | Sequence[Any]) -> Ran:
        """What the code returns for the data; raises SandboxError. Cancelling ends the code."""
        reason = await asyncio.to_thread(available)
        if reason is not None:
            raise SandboxError("refused", reason)
        stop = threading.Event()
        future = asyncio.get_running_loop().run_in_executor(
            self._threads, execute, code, data, self.limits, stop
        )
        try:
            return await future
        finally:
            stop.set()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def available() -> str | None:
    """None where this machine can shut code off; otherwise a sentence that says why not."""
    if sys.platform != "linux":
        return "Code columns need Linux: its namespaces shut the code off."
    try:
        _tried()
    except SandboxError as error:
        return f"This machine cannot shut code off: {error}"
    return None


@cache
def _tried() -> None:
    """Raises SandboxError; a success is remembered, a failure is not: it may pass."""
    ran = execute("return data['n'] + 1", {"n": 1}, SandboxLimits(wall_seconds=10))
    if ran.value != 2:
        raise SandboxError("refused", "a trial went wrong.")


def execute(
    code: str,
    data: Mapping[str, Any] | Sequence[Any],
    limits: SandboxLimits,
    stop: threading.Event | None = None,
) -> Ran:
    """As `Sandbox.run`, in this thread. stop: ends the code when it is set."""
    calls = program(os.uname().machine)
    if calls is None:
        raise SandboxError("refused", f"{os.uname().machine} is no machine that is known.")
    job = {
        "code": code,
        "data": json.dumps(data),
        "limits": asdict(limits),
        "libraries": libraries(),
        "filter": calls,
    }
    body = json.dumps(job).encode()
    command = [_python(), "-I", "-S", "-B", str(_INSIDE)]
    with subprocess.Popen(  # noqa: S603 - our own program; the code is data to it
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            given = _spoken(process, b"%08d" % len(body) + body, limits, stop)
        finally:
            # Ends the first process, and with it everything (`inside`).
            process.kill()
    return _read(given, limits)


def _spoken(
    process: subprocess.Popen[bytes],
    body: bytes,
    limits: SandboxLimits,
    stop: threading.Event | None,
) -> bytes:
    """What the other side answers. Its input stays open: closed, it would end."""
    assert process.stdin is not None
    assert process.stdout is not None
    deadline = time.monotonic() + limits.wall_seconds + _STARTING
    most = 2 * limits.result_bytes + 6 * limits.shown_bytes + 65_536
    if len(body) > 99_999_999:
        raise SandboxError("bad_value", "The columns to the left hold more than 100 MB.")
    try:
        process.stdin.write(body)
        process.stdin.flush()
    except OSError:
        raise SandboxError("refused", "The process that runs code did not start.") from None
    found = bytearray()
    with DefaultSelector() as selector:
        selector.register(process.stdout, EVENT_READ)
        while len(found) <= most and time.monotonic() < deadline:
            if stop is not None and stop.is_set():
                raise SandboxError("limit", "The code was stopped.")
            if not selector.select(0.2):
                continue
            piece = os.read(process.stdout.fileno(), 65_536)
            if not piece:
                return bytes(found)
            found += piece
    raise SandboxError("limit", "The code did not end in its time.")


def _read(given: bytes, limits: SandboxLimits) -> Ran:
    try:
        answer = json.loads(given)
    except ValueError:
        raise SandboxError("refused", "The process that runs code ended without a word.") from None
    error, stdout = answer.get("error"), str(answer.get("stdout") or "")
    if error is None:
        return Ran(answer["value"], stdout)
    if error == "sandbox":
        raise SandboxError("refused", f"{answer['message']}.", stdout)
    if error == "json":
        raise SandboxError("code", f"What it returned is not JSON: {answer['message']}.", stdout)
    if error == "code":
        raise SandboxError("code", str(answer["message"]), stdout)
    sentence = _MESSAGES[error].format(
        wall_seconds=limits.wall_seconds,
        cpu_seconds=limits.cpu_seconds,
        memory_mb=limits.memory_bytes / 2**20,
        result_mb=limits.result_bytes / 2**20,
        disk_mb=limits.disk_bytes / 2**20,
        files=limits.files,
        message=answer.get("message"),
    )
    raise SandboxError("limit", sentence, stdout)


def _python() -> str:
    """The interpreter itself: a virtual environment's is a link into a folder that may be
    anybody's."""
    found: str = getattr(sys, "_base_executable", None) or sys.executable
    return os.path.realpath(found)


@cache
def libraries() -> tuple[str, ...]:
    """What the code may read: the standard library, shared libraries, time zones, two devices."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    base |= {"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}
    wanted = [sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")]
    if sys.base_prefix not in {"/usr", "/usr/local"}:
        # Interpreters with libraries of their own (conda, uv) keep them here.
        wanted.append(f"{sys.base_prefix}/lib")
    # Where libraries stand by kind of machine (Debian), no other folder of /usr/lib is needed.
    machine = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    inner = f"/{machine}" if os.path.isdir(f"/usr/lib/{machine}") else ""
    wanted += [f"/lib{inner}", f"/usr/lib{inner}", "/lib64", "/usr/lib64"]
    wanted += ["/usr/share/zoneinfo", "/dev/null", "/dev/urandom"]
    there = {one for one in wanted if os.path.exists(one) and os.path.realpath(one) == one}
    kept: list[str] = []
    for path in sorted(there):
        if not any(path.startswith(f"{one}/") for one in kept):
            kept.append(path)
    return tuple(kept)
