"""The file that every export is written through: counted, hashed, and on the disk at its end."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

# Fewer bytes are written before another thread has begun with them.
_BY_ITSELF = 2**14
_FLUSHED_BYTES = 64 * 2**20
# Not every system tells data from what is known about a file.
_flush_data = getattr(os, "fdatasync", os.fsync)


class HashingFile(io.RawIOBase):
    """A new file whose bytes are counted and hashed as they are written.

    That is done by a thread while the next bytes are made; an error of it is raised by the next
    call, at the latest by `close`. What is written goes to the disk meanwhile, so that little is
    left to be flushed at the end: of two gigabytes that took more than a second.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._hash = hashlib.sha256()
        self._is_dropped = False
        # Threads begin with what they first have to do.
        self._writing = ThreadPoolExecutor(1, "export-write")
        self._flushing = ThreadPoolExecutor(1, "export-flush")
        self._written: Future[None] | None = None
        self._flushed: Future[None] | None = None
        self._unflushed = 0
        self._room = bytearray()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Bytes as such are kept until they are written; of anything else a copy is."""
        if isinstance(data, bytes) or self._is_dropped:
            return self.hand_over(data)
        view = memoryview(data).cast("B")
        # What was handed over is written before the room is used again: new memory for each piece
        # cost as much time as hashing it.
        self._wait()
        if len(view) > len(self._room):
            self._room = bytearray(len(view))
        self._room[: len(view)] = view
        return self.hand_over(memoryview(self._room)[: len(view)])

    def hand_over(self, data: Any) -> int:
        """Write what nobody changes any more. The number of bytes."""
        view = memoryview(data).cast("B")
        if self._is_dropped:
            return len(view)
        self._wait()
        if len(view) < _BY_ITSELF:
            self._put(view)
        else:
            self._written = self._writing.submit(self._put, view)
        self.size += len(view)
        return len(view)

    def _wait(self) -> None:
        """Until what was handed over is written; raises what became of it."""
        written, self._written = self._written, None
        if written is not None:
            written.result()

    def _put(self, view: memoryview) -> None:
        self._hash.update(view)
        done = 0
        while done < len(view):
            done += self._file.write(view[done:]) or 0
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
