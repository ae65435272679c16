"""What a process has once for each store that is open in it: its jobs, its exports."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from workbench.store.store import Store


class Closable(Protocol):
    @property
    def is_closed(self) -> bool: ...


T = TypeVar("T", bound=Closable)


class PerStore(Generic[T]):
    """Makes one for a store at the first call with it; for any thread. Closed ones are let go."""

    def __init__(self, make: Callable[[Store], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: dict[int, tuple[Store, T]] = {}

    def __call__(self, store: Store) -> T:
        with self._lock:
            known = self._made.get(id(store))
            if known is None or known[0] is not store:
                for key in [key for key, (_, one) in self._made.items() if one.is_closed]:
                    del self._made[key]
                known = self._made[id(store)] = (store, self._make(store))
            return known[1]
