"""Reading ahead: the next table is read while this one is written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each taken by a thread while the one before is used: two at most are there.

    An error of theirs is raised here, in its place. When the caller stops early, the thread has
    ended before this returns.
    """
    ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
    wanted = threading.Semaphore(1)
    is_stopped = False
    errors: list[BaseException] = []

    def take() -> None:
        try:
            while wanted.acquire() and not is_stopped:
                ready.put(next(items))
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            errors.append(error)
        finally:
            ready.put(_END)

    thread = threading.Thread(target=take, name="export-reader", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            wanted.release()
            yield item
        if errors:
            raise errors[0]
    finally:
        is_stopped = True
        wanted.release()
        thread.join()
