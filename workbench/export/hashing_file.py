"""The file that every export is written through: counted, hashed, and on the disk at its end."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

# Bytes that are gathered before they are written: each piece waits for a thread, and some writers
# come with a few hundred bytes at a time.
_ROOM = 2 * 2**20
# Bytes of one call: for larger ones Linux looks for larger pages, which on virtual machines cost
# twice the time.
_AT_ONCE = 2**17
_FLUSHED_BYTES = 16 * 2**20
# Not every system tells data from what is known about a file.
_flush_data = getattr(os, "fdatasync", os.fsync)


class HashingFile(io.RawIOBase):
    """A new file whose bytes are counted and hashed as they are written.

    That is done by a thread while the next bytes are made; an error of it is raised by a later
    call, at the latest by `close`. What is written goes to the disk meanwhile, so that little is
    left to be flushed at the end: of two gigabytes that took more than a second.

    in_flight: pieces that were handed over and may still be read when `hand_over` returns.
    """

    def __init__(self, path: Path, in_flight: int = 1) -> None:
        self._in_flight = in_flight
        self._file = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self._is_dropped = False
        # Threads begin with what they first have to do.
        self._writing = ThreadPoolExecutor(1, "export-write")
        self._flushing = ThreadPoolExecutor(1, "export-flush")
        self._written: deque[Future[None]] = deque()
        self._flushed: Future[None] | None = None
        self._unflushed = 0
        # Once something is missing, nothing may follow it.
        self._error: OSError | None = None
        # One is filled while the other is written.
        self._room, self._other_room = bytearray(), bytearray()
        self._used = 0
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Copies what it is given. The number of bytes."""
        view = memoryview(data).cast("B")
        at = 0
        while at < len(view) and not self._is_dropped:
            if not self._room:
                self._room = bytearray(_ROOM)
            some = view[at : at + _ROOM - self._used]
            self._room[self._used : self._used + len(some)] = some
            self._used += len(some)
            at += len(some)
            if self._used == _ROOM:
                self._pass_on()
        self.size += len(view)
        return len(view)

    def hand_over(self, data: Any) -> None:
        """Write what nobody changes any more, without a copy. All but the last `in_flight` pieces
        of what was handed over are written when this returns."""
        view = memoryview(data).cast("B")
        self._pass_on()
        self._submit(view, self._in_flight)
        self.size += len(view)

    def _pass_on(self) -> None:
        """Let what was gathered be written."""
        if self._used:
            # The other room is free when nothing else is being written.
            self._submit(memoryview(self._room)[: self._used], 1)
            self._room, self._other_room = self._other_room, self._room
            self._used = 0

    def _submit(self, view: memoryview, most: int) -> None:
        """most: pieces that may wait or be written at the same time, with this one."""
        self._wait(most - 1)
        if self._error is not None:
            raise self._error
        if not self._is_dropped:
            self._written.append(self._writing.submit(self._put, view))

    def _wait(self, most: int = 0) -> None:
        """Until no more pieces than this are to be written; raises what became of the others."""
        try:
            while len(self._written) > most:
                self._written.popleft().result()
        except OSError:
            self._written.clear()
            self._used = 0
            raise

    def _put(self, view: memoryview) -> None:
        if self._error is not None:
            raise self._error
        self._hash.update(view)
        done = 0
        try:
            while done < len(view):
                done += self._file.write(view[done : done + _AT_ONCE]) or 0
        except OSError as error:
            self._error = error
            raise
        self._unflushed += done
        is_idle = self._flushed is None or self._flushed.done()
        if self._unflushed >= _FLUSHED_BYTES and is_idle:
            self._unflushed = 0
            self._flushed = self._flushing.submit(self._flush)

    def _flush(self) -> None:
        # Whether all of it is on the disk is asked when the file is complete.
        with contextlib.suppress(OSError, ValueError):
            _flush_data(self._file.fileno())

    def tell(self) -> int:
        return self.size

    def close(self) -> None:
        if self.closed:
            return
        try:
            self._pass_on()
            self._wait()
        except OSError:
            if not self._is_dropped:
                raise
        finally:
            self._writing.shutdown()
            self._flushing.shutdown()
            self._file.close()
            super().close()

    def drop(self) -> None:
        """Take no more: what is still written to it goes nowhere, and `close` raises nothing."""
        self._is_dropped = True

    @property
    def sha256(self) -> str:
        """In hexadecimal, of a file that was closed."""
        return self._hash.hexdigest()
