"""Comparing a value with what a person wrote: as numbers where both read as such, else as texts."""

from __future__ import annotations

from typing import Any, Final, Literal

Operator = Literal["contains", "is", "lt", "le", "gt", "ge", "empty"]
_SIGNS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def compared(operator: Operator, wanted: str, text: str, bound: list[Any]) -> tuple[str, list[Any]]:
    """SQL of the test and what it binds. text: SQL of the value as text, which binds `bound`."""
    number = _number(wanted)
    if operator == "empty":
        return f"coalesce({text}, '') = ''", bound
    if operator == "contains":
        return f"contains(lower({text}), lower(?))", [*bound, wanted]
    if operator == "is":
        if number is None:
            return f"lower({text}) = lower(?)", [*bound, wanted]
        return (
            f"({text} = ? OR TRY_CAST({text} AS DOUBLE) = ?)",
            [*bound, wanted, *bound, number],
        )
    sign = _SIGNS[operator]
    if number is None:
        return f"lower({text}) {sign} lower(?)", [*bound, wanted]
    return f"TRY_CAST({text} AS DOUBLE) {sign} ?", [*bound, number]


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None
