"""Who is told how far a long change is, and may ask it to stop: a job, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from workbench.store.connection import Cursor


class Watch(Protocol):
    """A job of `workbench.jobs`; the methods are described there.

    through, so_far: where it begins; 0 and {} but for a job that goes on.
    """

    through: int
    so_far: Mapping[str, Any]

    @property
    def is_stopped(self) -> bool: ...

    def note(
        self,
        cursor: Cursor,
        through: int,
        of: int | None,
        so_far: Mapping[str, Any] | None = None,
    ) -> None: ...

    def tell(
        self,
        through: int,
        of: int | None = None,
        so_far: Mapping[str, Any] | None = None,
        *,
        noted: bool = False,
    ) -> None: ...


class Unwatched:
    """Nobody waits for it."""

    through = 0
    is_stopped = False

    def __init__(self) -> None:
        self.so_far: Mapping[str, Any] = {}

    def note(
        self,
        cursor: Cursor,
        through: int,
        of: int | None,
        so_far: Mapping[str, Any] | None = None,
    ) -> None:
        pass

    def tell(
        self,
        through: int,
        of: int | None = None,
        so_far: Mapping[str, Any] | None = None,
        *,
        noted: bool = False,
    ) -> None:
        pass


UNWATCHED = Unwatched()
