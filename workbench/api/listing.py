"""What lists of datasets and evaluations can be asked for: name, times, ids, order, page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from workbench.api.operation import Sent
from workbench.api.registry_prompts import moment, one_of, parameter, whole

T = TypeVar("T")
_WHOLE = {"type": "integer", "minimum": 1}
_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_SORTS = ("created_at", "updated_at", "name", "id")
_STATES = ("active", "deleted", "all")
PAGE = (
    parameter("page", {**_WHOLE, "maximum": 1_000_000, "default": 1}, "Which page."),
    parameter("per_page", {**_WHOLE, "maximum": 100, "default": 10}, "How many on a page."),
)
PARAMETERS = (
    *PAGE,
    parameter("workspace_id", _WHOLE, "There is one workspace; it is not read."),
    parameter("name", _TEXT, "A part of the name."),
    parameter("status", {"type": "string", "enum": list(_STATES)}, "What is removed, or not."),
    parameter("created_after", _TIME, "From this time on."),
    parameter("created_before", _TIME, "Before this time."),
    parameter("updated_after", _TIME, "Changed from this time on."),
    parameter("updated_before", _TIME, "Changed before this time."),
    parameter("external_source", _TEXT, "With an id of this system."),
    parameter("external_id", _TEXT, "With this id of another system."),
    parameter("sort_by", {"type": "string", "enum": list(_SORTS)}, "The order."),
    parameter("sort_order", {"type": "string", "enum": ["asc", "desc"]}, "Its direction."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """external: source and id, each may be None; None where neither was asked for."""

    #: So many are looked through.
    MOST: ClassVar[int] = 10_000

    name: str
    status: str
    created: tuple[datetime | None, datetime | None]
    updated: tuple[datetime | None, datetime | None]
    external: tuple[str | None, str | None] | None
    sort_by: str
    is_rising: bool
    page: int
    per_page: int

    @property
    def deleted(self) -> tuple[bool, ...]:
        return {"active": (False,), "deleted": (True,), "all": (False, True)}[self.status]

    def chosen(
        self,
        items: Sequence[T],
        *,
        name: Callable[[T], str],
        id_: Callable[[T], int],
        created: Callable[[T], datetime],
        updated: Callable[[T], datetime],
    ) -> list[T]:
        """Those within the times, in the order that was asked for."""
        keys: dict[str, Callable[[T], Any]] = {
            "created_at": created,
            "updated_at": updated,
            "name": lambda one: name(one).casefold(),
            "id": id_,
        }
        kept = [
            one
            for one in items
            if _within(created(one), *self.created) and _within(updated(one), *self.updated)
        ]
        key = keys[self.sort_by]
        return sorted(kept, key=lambda one: (key(one), id_(one)), reverse=not self.is_rising)

    def page_of(self, items: Sequence[T]) -> Sequence[T]:
        start = (self.page - 1) * self.per_page
        return items[start : start + self.per_page]


def _within(at: datetime, after: datetime | None, before: datetime | None) -> bool:
    return (after is None or at >= after) and (before is None or at < before)


def read_listing(sent: Sent) -> Listing:
    """Raises FieldError."""
    source = sent.path.get("external_source") or None
    external = sent.path.get("external_id") or None
    return Listing(
        name=sent.path.get("name", ""),
        status=one_of(sent, "status", *_STATES) or "active",
        created=(moment(sent, "created_after"), moment(sent, "created_before")),
        updated=(moment(sent, "updated_after"), moment(sent, "updated_before")),
        external=(source, external) if source or external else None,
        sort_by=one_of(sent, "sort_by", *_SORTS) or "created_at",
        is_rising=one_of(sent, "sort_order", "asc", "desc") == "asc",
        page=whole(sent, "page", 1_000_000) or 1,
        per_page=whole(sent, "per_page", 100) or 10,
    )
