"""The difference of two JSON values: what was added, removed and changed, each with its path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from workbench.diff.matching import Budget, matches

Path = tuple[str | int, ...]
# Deeper than this two values are the same or not, as wholes.
MAX_DEPTH = 100
_PLAIN_KEY = re.compile(r"[^\W\d][\w-]*")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `left_path` is None for what was added, `right_path` for what was removed.

    The two paths of a changed value differ where list elements before it came or went.
    """

    left_path: Path | None
    right_path: Path | None
    left: Any = None
    right: Any = None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        if self.left_path is None:
            return "added"
        return "removed" if self.right_path is None else "changed"

    @property
    def path(self) -> Path:
        return self.left_path if self.left_path is not None else self.right_path or ()


def json_diff(left: Any, right: Any) -> list[Change]:
    """The differences of two JSON values in reading order; [] where they are the same.

    Objects are compared by key, whatever the order of keys. Elements of lists are matched where
    they are equal; what lies between is compared in pairs, and what is left over was added or
    removed. Numbers are the same where their values are (1 and 1.0); true is not 1.
    """
    return list(_compared(left, right, (), (), Budget()))


def path_text(path: Path) -> str:
    """A path as one reads it: messages[0].content; keys with other signs are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def same_json(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same, however deep."""
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            waiting += [(one[key], other[key]) for key in one]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif isinstance(one, bool) != isinstance(other, bool) or one != other:
            return False
    return True


def _compared(left: Any, right: Any, here: Path, there: Path, budget: Budget) -> Iterator[Change]:
    if len(here) < MAX_DEPTH:
        if isinstance(left, dict) and isinstance(right, dict):
            yield from _objects(left, right, here, there, budget)
            return
        if isinstance(left, list) and isinstance(right, list):
            yield from _lists(left, right, here, there, budget)
            return
    if not same_json(left, right):
        yield Change(here, there, left, right)


def _objects(
    left: dict[str, Any], right: dict[str, Any], here: Path, there: Path, budget: Budget
) -> Iterator[Change]:
    for key, value in left.items():
        if key in right:
            yield from _compared(value, right[key], (*here, key), (*there, key), budget)
        else:
            yield Change((*here, key), None, left=value)
    for key, value in right.items():
        if key not in left:
            yield Change(None, (*there, key), right=value)


def _lists(
    left: list[Any], right: list[Any], here: Path, there: Path, budget: Budget
) -> Iterator[Change]:
    numbers: dict[str, int] = {}
    pairs = matches(_numbered(left, numbers), _numbered(right, numbers), budget)
    i = j = 0
    for stop, end in [*pairs, (len(left), len(right))]:
        while i < stop and j < end:
            yield from _compared(left[i], right[j], (*here, i), (*there, j), budget)
            i, j = i + 1, j + 1
        for each in range(i, stop):
            yield Change((*here, each), None, left=left[each])
        for each in range(j, end):
            yield Change(None, (*there, each), right=right[each])
        i, j = stop + 1, end + 1


def _numbered(values: list[Any], numbers: dict[str, int]) -> list[int]:
    """A number for each value: equal values have equal numbers."""
    found = []
    for value in values:
        try:
            text = json.dumps(value, sort_keys=True)
        except RecursionError:
            # Too deep to be compared in passing: told apart from everything else.
            text = f"deep {len(numbers)}"
        found.append(numbers.setdefault(text, len(numbers)))
    return found
