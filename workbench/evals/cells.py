"""What running a column on a row comes to: a result, a failure or a wait. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

Kind = Literal[
    "missing_input",
    "bad_value",
    "configuration",
    "template",
    "bad_answer",
    "code",
    "limit",
    "refused",
    "endpoint",
    "internal",
    "stopped",
    "authentication",
    "rate_limit",
    "quota",
    "context_length",
    "content_filter",
    "timeout",
    "unavailable",
    "bad_request",
    "unsupported",
]
#: What a person reads over the message. Kinds of a model call have theirs in `providers.errors`.
TITLES: dict[str, str] = {
    "missing_input": "A value is missing",
    "bad_value": "The value cannot be used here",
    "configuration": "The column is not set up",
    "template": "The prompt cannot be used",
    "code": "The code failed",
    "limit": "A limit was reached",
    "refused": "Not allowed here",
    "endpoint": "The endpoint failed",
    "stopped": "Stopped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What stands behind a cell.

    reasoning: a judge's, word for word. used: the version of a prompt that was really used
    (`prompts.Used.to_json`). request_ids: log records of its model calls, in the order of their
    end. cost: dollars of all of them; None where nothing was called or one is not known.
    notes: sentences for people. data: what else a type keeps, JSON. milliseconds: of the run.
    """

    reasoning: str | None = None
    used: Mapping[str, Any] | None = None
    request_ids: tuple[int, ...] = ()
    cost: Decimal | None = None
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    milliseconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is stored; what is empty is left out. The cost is text: it is decimal."""
        found: dict[str, Any] = {
            "reasoning": self.reasoning,
            "used": dict(self.used) if self.used else None,
            "request_ids": list(self.request_ids) or None,
            "cost": None if self.cost is None else str(self.cost),
            "notes": list(self.notes) or None,
            "data": dict(self.data) or None,
            "milliseconds": self.milliseconds,
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CellResult:
    """value: JSON. passed: the verdict of a type that judges, None of one that does not."""

    value: Any
    passed: bool | None = None
    detail: Detail = Detail()


@dataclass(frozen=True, slots=True)
class CellError:
    """A failure that is stored and shown. message: sentences. retryable: whether the same cell may
    go well at another time with nothing changed."""

    kind: Kind
    message: str
    retryable: bool = False
    detail: Detail = Detail()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing runs until someone acts. what: "person"."""

    what: str
    message: str
    detail: Detail = Detail()


Cell = CellResult | CellError | Waiting


class CellFailed(Exception):
    """Raised inside of a column type; `ColumnType.run` turns it into its error."""

    def __init__(
        self, kind: Kind, message: str, *, retryable: bool = False, detail: Detail | None = None
    ) -> None:
        super().__init__(message)
        self.error = CellError(kind, message, retryable, detail or Detail())


def verdict(passed: bool, *notes: str, reasoning: str | None = None) -> CellResult:
    """The cell of a type that answers true or false."""
    return CellResult(passed, passed, Detail(notes=notes, reasoning=reasoning))


def with_detail(cell: Cell, detail: Detail) -> Cell:
    return replace(cell, detail=detail)
