"""Memory that was freed: what was erased must not come back from it, and it must not pile up.

DuckDB writes whole blocks, and the unused end of a block holds whatever its memory held before:
parts of texts that were read a moment ago. While its allocator (jemalloc) gives freed pages back to
the system at once, new memory is zeroed, and so are those ends. (Zeroing all memory at all times
cost a third of the speed at which requests come in.)

What passes a store in large pieces leaves freed memory in three allocators: DuckDB's, Arrow's, and
the C library's. Each keeps it for itself for a while, which adds up to more than is in use.
"""

from __future__ import annotations

import ctypes
import math
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

_KINDS = (b"dirty_decay_ms", b"muzzy_decay_ms")
# jemalloc's name for all of its arenas (MALLCTL_ARENAS_ALL).
_ALL_ARENAS = 4096
# glibc's numbers of two options (malloc.h), and the most that it raises the first one to.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE_BLOCK = 32 * 2**20
# How much passes before memory is given back again.
_EACH_BYTES = 32 * 2**20


class _Zeroed:
    """Who wants freed memory forgotten, and what jemalloc was told before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before: dict[bytes, int | None] = {}

    def enter(self, control: ctypes._NamedFuncPointer) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._before = {name: _swapped(control, name, 0) for name in _names(control)}

    def leave(self, control: ctypes._NamedFuncPointer) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            for name, value in self._before.items():
                if value is not None:
                    _swapped(control, name, value)


_zeroed = _Zeroed()


@contextmanager
def zeroed_memory() -> Iterator[bool]:
    """Within it freed memory is forgotten: it does not pile up, and what is new is zeroed. Gives
    False where this DuckDB has another allocator. Several may be within it at the same time."""
    control = _control()
    if control is None:
        yield False
        return
    _zeroed.enter(control)
    try:
        yield True
    finally:
        _zeroed.leave(control)


def give_back(enough: Callable[[], bool] = lambda: False) -> None:
    """Give freed memory back to the system, as far as the allocators can: some milliseconds.

    enough: whether what has been given back will do. What DuckDB freed comes last: it takes longer
    than the rest, and DuckDB asks for as much again right away.
    """
    pa.default_memory_pool().release_unused()
    trim = _c_function("malloc_trim")
    if trim is not None:
        trim(ctypes.c_size_t(0))
    control = _control()
    if control is not None and not enough():
        nothing = (None, None, None, ctypes.c_size_t(0))
        control(b"arena.%d.purge" % _ALL_ARENAS, *nothing)


class Bound:
    """Gives freed memory back where the process has more than `most` bytes, and at least `each`
    bytes have been passed on since it last did."""

    def __init__(self, most: int, each: int = _EACH_BYTES) -> None:
        self._most, self._each, self._passed = most, each, 0

    def passed(self, size: int) -> None:
        """So many bytes were used and freed."""
        self._passed += size
        if self._passed >= self._each and resident_bytes() > self._most:
            give_back(lambda: resident_bytes() <= self._most)
            self._passed = 0


@cache
def reuse_large_blocks() -> None:
    """Let glibc use large blocks again that were freed, instead of asking the system for new ones
    each time: what DuckDB hands to Arrow is two of them a table, and their pages cost a fifth of
    the time in which a table is read.

    By itself glibc comes to such values too, and to twice the second one, once it has seen such
    blocks freed (mallopt(3), M_MMAP_THRESHOLD); of what DuckDB does it sees too little.
    """
    option = _c_function("mallopt")
    if option is not None:
        option(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        option(_M_TRIM_THRESHOLD, _LARGE_BLOCK)


def resident_bytes() -> float:
    """The process's memory; infinite where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_bytes().split()[1]
    except (OSError, IndexError):
        return math.inf
    return int(pages) * resource.getpagesize()


@cache
def _c_function(name: str) -> ctypes._NamedFuncPointer | None:
    """A function of glibc's; None where the C library has none of that name."""
    try:
        found: ctypes._NamedFuncPointer = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):
        return None
    return found


@cache
def _control() -> ctypes._NamedFuncPointer | None:
    """jemalloc's mallctl, as DuckDB's library exports it."""
    library = Path(duckdb.__file__).parent.parent.glob("_duckdb*.so")
    for path in library:
        try:
            found = ctypes.CDLL(str(path)).duckdb_je_mallctl
        except (OSError, AttributeError):
            continue
        return found
    return None


def _names(control: ctypes._NamedFuncPointer) -> list[bytes]:
    """The settings of every arena that is there, and of those to come."""
    arenas = ctypes.c_uint()
    size = ctypes.c_size_t(ctypes.sizeof(arenas))
    control(b"arenas.narenas", ctypes.byref(arenas), ctypes.byref(size), None, ctypes.c_size_t(0))
    places = [b"arenas", *(b"arena.%d" % number for number in range(arenas.value))]
    return [place + b"." + kind for place in places for kind in _KINDS]


def _swapped(control: ctypes._NamedFuncPointer, name: bytes, value: int) -> int | None:
    """Set a time in milliseconds; returns the one before, None where there is no such arena."""
    old, new = ctypes.c_ssize_t(), ctypes.c_ssize_t(value)
    size = ctypes.c_size_t(ctypes.sizeof(old))
    failed = control(
        name,
        ctypes.byref(old),
        ctypes.byref(size),
        ctypes.byref(new),
        ctypes.c_size_t(ctypes.sizeof(new)),
    )
    return None if failed else old.value
