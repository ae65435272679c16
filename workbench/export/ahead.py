"""Reading ahead: the next table is read while this one is written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each taken by a thread while the one before is used.

    An error of theirs is raised here, in its place. When the caller stops early, the thread has
    ended before this returns.
    """
    ready: queue.Queue[Any] = queue.Queue(maxsize=1)
    stopped = threading.Event()
    errors: list[BaseException] = []

    def take() -> None:
        try:
            for item in items:
                _put(ready, item, stopped)
                if stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            errors.append(error)
        finally:
            _put(ready, _END, stopped)

    thread = threading.Thread(target=take, name="export-reader", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            yield item
        if errors:
            raise errors[0]
    finally:
        stopped.set()
        thread.join()


def _put(ready: queue.Queue[Any], item: Any, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return
