"""The process that fills texts which may loop or grow; ``pool.py`` starts it.

Two processes a slot. The supervisor imports, warms up, locks itself down and forks; the fork
answers requests from standard input until it ends. When the kernel kills it for what a template
did, the supervisor says so on standard output and forks the next one, which is warm at once.

Frames are a 4-byte length and that many bytes. A request is a pickle, since it comes from the
process that owns this one. An answer is not: one status byte, then text as UTF-8 with surrogates
passed through, so nothing that a template prints is interpreted by the parent.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib
import os
import pickle
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from workbench.templates import engine, fstring

_LATE = ("unicodedata", "decimal", "fractions", "uuid", "collections", "zoneinfo", "_strptime")
DONE, FAILED, DIED = b"D", b"F", b"X"
RETIRED = 3
RETIRE_AFTER_CPU = 120


def main() -> None:
    memory_bytes = int(sys.argv[1])
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    _warm_up()
    _lock_down(memory_bytes)
    _send(answers, DONE, b"")
    while True:
        child = os.fork()
        if child == 0:
            _serve(requests, answers)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            _send(answers, DIED, str(os.WTERMSIG(status)).encode())
        elif os.WEXITSTATUS(status) != RETIRED:
            return


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends, memory runs out or the process has done enough."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    code = 0
    while True:
        header = _read(requests, 4)
        if header is None:
            break
        body = _read(requests, struct.unpack(">I", header)[0])
        if body is None:
            break
        status, payload, retire = _answer(body)
        _send(answers, status, payload)
        used = resource.getrusage(resource.RUSAGE_SELF)
        if retire or used.ru_utime + used.ru_stime > RETIRE_AFTER_CPU / 2:
            code = RETIRED
            break
    os._exit(code)


def _answer(body: bytes) -> tuple[bytes, bytes, bool]:
    try:
        request: dict[str, Any] = pickle.loads(body)  # noqa: S301 - from our own parent
    except Exception:  # noqa: BLE001 - unpickling runs the values' own code
        reason = (
            "a value is of a type that a rendering process cannot load; "
            "text, numbers, lists, dicts and dates can be handed over"
        )
        return FAILED, _failure("value", None, None, reason), False
    # Kernel timers with their default action: what runs between them cannot be caught or put off.
    signal.setitimer(signal.ITIMER_PROF, request["cpu_seconds"])
    signal.setitimer(signal.ITIMER_REAL, request["wall_seconds"])
    try:
        text = _fill(request)
        return DONE, text.encode("utf-8", "surrogatepass"), False
    except engine.FillError as error:
        cause = error.__cause__
        failure = _failure(error.kind, error.offset, error.line, error.reason)
        return FAILED, failure, isinstance(cause, MemoryError)
    except MemoryError:
        reason = "rendering takes more memory than is allowed"
        return FAILED, _failure("limit", None, None, reason), True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _fill(request: dict[str, Any]) -> str:
    text, values, limit = request["text"], request["values"], request["output"]
    if request["format"] == "jinja2":
        return engine.fill_jinja(text, values, limit)
    pieces = fstring.parse(text)
    resolved = engine.resolve(pieces, values)
    return engine.fill_fstring(text, pieces, resolved, request["leave"], limit)


def _failure(kind: str, offset: int | None, line: int | None, reason: str) -> bytes:
    fields = (kind, "" if offset is None else str(offset), "" if line is None else str(line))
    return "\n".join((*fields, reason)).encode("utf-8", "surrogatepass")


def _warm_up() -> None:
    """Import what rendering imports late, while files can still be opened."""
    engine.fill_jinja(
        "{{ [3, 1]|sort|join(',') }}{{ 'é'|urlencode }}{{ {'a': 1}|tojson }}{{ {'a': 1}|pprint }}"
        "{{ 'a b'|wordwrap(2) }}{{ 'http://a.b'|urlize }}{{ [1, 2]|random }}{{ '<b>'|striptags }}"
        "{{ lipsum(1) }}{{ 1.5|round }}{{ '%s'|format(1) }}{{ '{:>3}'.format(1) }}"
        "{% set имя = 1 %}{{ 9|filesizeformat }}"
        "{{ {'a': 1}|xmlattr }}{{ 'x'|e|center(9)|indent }}{{ 1.0|int }}",
        {},
        1_000_000,
    )
    for broken in ("{{ 1 / zero }}", "{{ x|nosuchfilter }}", "{{ ''.__class__.x }}", "{% if %}"):
        with contextlib.suppress(engine.FillError):
            engine.fill_jinja(broken, {"zero": 0}, 1000)
    # Values may be of these types; unpickling would import them, and strftime imports late.
    for module in _LATE:
        importlib.import_module(module)
    format(datetime.date(2020, 1, 1), "%Y")


def _lock_down(memory_bytes: int) -> None:
    """No new file or socket, no file growth, no core dump, bounded memory and CPU."""
    os.environ.clear()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for number in (signal.SIGPROF, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, 256)
    for limit, value in (
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, RETIRE_AFTER_CPU),
    ):
        resource.setrlimit(limit, (value, value))


def _read(stream: BinaryIO, size: int) -> bytes | None:
    data = stream.read(size)
    return data if len(data) == size else None


def _send(stream: BinaryIO, status: bytes, payload: bytes) -> None:
    stream.write(struct.pack(">I", len(payload) + 1) + status)
    stream.write(payload)
    stream.flush()


if __name__ == "__main__":
    main()
