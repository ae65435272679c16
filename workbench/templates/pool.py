"""A few warm child processes that fill texts which may loop or grow.

A thread cannot be killed and a template can ask for hours of work in thirty characters, so such a
text is filled in a process that the kernel ends: by CPU time, by wall time, by memory. The child
has an empty environment and cannot open a file or a socket. POSIX only.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import queue
import select
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import IO, Any

from workbench.templates.engine import FillError
from workbench.templates.limits import PoolLimits

_START = "import sys; sys.path[:] = sys.argv.pop().split('\\n'); import runpy; runpy.run_module("
_MODULE = "workbench.templates.worker"
_DONE, _FAILED, _DIED = b"D", b"F", b"X"
# By name: a system without them can still import this and render what needs no process.
_CPU = (getattr(signal, "SIGPROF", None), getattr(signal, "SIGXCPU", None))
_WALL = getattr(signal, "SIGALRM", None)
_GRACE = 2.0
_START_SECONDS = 30.0


class PoolClosedError(RuntimeError):
    """The pool was closed, or its processes cannot be started on this system."""


class RenderPool:
    """`size` processes, started when first needed and kept; usable from any thread.

    A caller waits for a free process. ``close`` ends them all and may be called twice.
    """

    def __init__(self, size: int = 2, limits: PoolLimits | None = None) -> None:
        self.size = size
        self.limits = limits or PoolLimits()
        self._free: queue.LifoQueue[_Slot | None] = queue.LifoQueue()
        self._slots: list[_Slot] = []
        self._lock = threading.Lock()
        self._closed = False

    def fill(
        self,
        template_format: str,
        text: str,
        values: Mapping[str, Any],
        leave: Collection[str] = (),
        output: int | None = None,
    ) -> str:
        """The filled text, at most `output` code points long.

        Raises FillError, also where the process had to be killed.
        """
        limits = self.limits
        request = {
            "format": template_format,
            "text": text,
            "values": dict(values),
            "leave": list(leave),
            "output": limits.output if output is None else min(output, limits.output),
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall_seconds,
        }
        try:
            body = pickle.dumps(request, pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            reason = f"a value cannot be handed to a rendering process: {error}"
            raise FillError(reason) from error
        slot = self._take()
        try:
            return slot.ask(body, limits)
        finally:
            self._free.put(slot)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            slots, self._slots = self._slots, []
        for slot in slots:
            slot.stop()
        self._free.put(None)

    def __enter__(self) -> RenderPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> _Slot:
        with self._lock:
            if self._closed:
                raise PoolClosedError("the rendering processes are closed")
            if self._free.empty() and len(self._slots) < self.size:
                slot = _Slot()
                self._slots.append(slot)
                return slot
        taken = self._free.get()
        if taken is None or self._closed:
            self._free.put(None)
            raise PoolClosedError("the rendering processes are closed")
        return taken


class _Slot:
    """One supervisor process and the pipes to it; owned by one caller at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._asking = threading.Lock()
        self._stopped = False

    def ask(self, body: bytes, limits: PoolLimits) -> str:
        with self._asking:
            status, payload = self._ask(body, limits)
        if status == _DONE:
            return payload.decode("utf-8", "surrogatepass")
        if status == _DIED:
            raise FillError(_death(int(payload), limits), kind="limit")
        kind, offset, line, reason = payload.decode("utf-8", "surrogatepass").split("\n", 3)
        at = int(offset) if offset else None
        raise FillError(reason, at, int(line) if line else None, kind)

    def _ask(self, body: bytes, limits: PoolLimits) -> tuple[bytes, bytes]:
        seconds = limits.wall_seconds + _GRACE
        try:
            process = self._process
            if process is None or process.poll() is not None:
                self._end()
                process = self._start(limits)
            _write(process, struct.pack(">I", len(body)) + body, seconds)
            status, payload = _receive(process, seconds)
        except (OSError, EOFError) as error:
            self._end()
            if self._stopped:
                raise PoolClosedError("the rendering processes are closed") from error
            reason = "the rendering process ended without an answer"
            raise FillError(reason, kind="limit") from error
        if status == _DIED and int(payload) not in (*_CPU, _WALL):
            # Killed from outside, perhaps in the middle of a request: the pipe cannot be trusted.
            self._end()
        return status, payload

    def _start(self, limits: PoolLimits) -> subprocess.Popen[bytes]:
        if self._stopped or not hasattr(os, "fork"):
            raise PoolClosedError("rendering in a child process needs an open pool and POSIX")
        paths = "\n".join(path or os.getcwd() for path in sys.path)
        code = f"{_START}{_MODULE!r}, run_name='__main__')"
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-S", "-c", code, str(limits.memory_bytes), paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self._process = process
        try:
            os.set_blocking(_descriptor(process.stdin), False)
            _receive(process, _START_SECONDS)
        except (OSError, EOFError) as error:
            self._end()
            raise PoolClosedError("a rendering process could not be started") from error
        return process

    def stop(self) -> None:
        """End the processes for good; a caller who is waiting for an answer gets an error."""
        self._stopped = True
        _kill(self._process)
        with self._asking:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _kill(process)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _descriptor(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise EOFError
    return stream.fileno()


def _wait(descriptor: int, event: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(seconds * 1000):
        raise TimeoutError


def _write(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> None:
    descriptor = _descriptor(process.stdin)
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            _wait(descriptor, select.POLLOUT, seconds)


def _receive(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bytes]:
    descriptor = _descriptor(process.stdout)
    header = _read(descriptor, 4, seconds)
    body = _read(descriptor, struct.unpack(">I", header)[0], seconds)
    return body[:1], body[1:]


def _read(descriptor: int, size: int, seconds: float) -> bytes:
    received = bytearray()
    while len(received) < size:
        _wait(descriptor, select.POLLIN, seconds)
        data = os.read(descriptor, min(size - len(received), 1_000_000))
        if not data:
            raise EOFError
        received += data
    return bytes(received)


def _death(number: int, limits: PoolLimits) -> str:
    if number in _CPU:
        return (
            f"rendering took more than {limits.cpu_seconds:g} seconds of CPU time and was stopped"
        )
    if number == _WALL:
        return f"rendering took more than {limits.wall_seconds:g} seconds and was stopped"
    return f"the rendering process was ended by signal {number}"


_shared: RenderPool | None = None
_shared_lock = threading.Lock()


def shared_pool() -> RenderPool:
    """The pool that rendering uses when it is handed none; closed when the interpreter ends."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = RenderPool()
            atexit.register(close_shared_pool)
        return _shared


def close_shared_pool() -> None:
    """End the shared pool's processes; the next rendering that needs them starts new ones."""
    global _shared
    with _shared_lock:
        pool, _shared = _shared, None
    if pool is not None:
        pool.close()
