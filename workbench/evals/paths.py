"""JSON paths: parsed once, held to the parts whose work grows with the value and no faster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.evals.cells import CellFailed

MAX_PATH = 500
#: "..", each of which looks at every value below those before it.
MAX_DESCENTS = 3
#: Steps that a path with several ".." may take in a value.
MAX_STEPS = 200_000
#: Values that one path may find.
MAX_FOUND = 10_000
_ALLOWED = frozenset(
    {
        *("Root", "This", "Child", "Descendants", "Fields", "Index", "Slice", "Wildcard"),
        *("Filter", "Expression", "Len"),
    }
)


class PathError(ValueError):
    """No path that can be followed; the text is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path and how often ".." stands in it."""

    parsed: Any
    descents: int


@lru_cache(maxsize=256)
def compiled(path: str) -> Path:
    """The path; raises PathError. A path without "$" in front starts at the root as well."""
    from jsonpath_ng.ext.parser import parse

    if not 0 < len(path.strip()) <= MAX_PATH:
        raise PathError(f"a path has 1 to {MAX_PATH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = parse(path.strip())
    except Exception as error:  # noqa: BLE001 - the parser raises bare Exceptions too; all say why
        reason = " ".join(str(error).split()).rstrip("!.")
        raise PathError(f"{reason[:1].lower()}{reason[1:]}"[:200] or "it does not parse") from None
    descents = 0
    for part in _parts(made):
        name = type(part).__name__
        descents += name == "Descendants"
        if name not in _ALLOWED or getattr(part, "op", None) == "=~":
            raise PathError(
                "only keys, indices, slices, *, .., len and filters that compare are followed"
            )
    if descents > MAX_DESCENTS:
        raise PathError(f'".." stands in it more than {MAX_DESCENTS} times')
    return Path(made, descents)


def _parts(part: Any) -> Iterator[Any]:
    yield part
    for value in vars(part).values() if hasattr(part, "__dict__") else ():
        for one in value if isinstance(value, list | tuple) else (value,):
            if type(one).__module__.startswith("jsonpath_ng"):
                yield from _parts(one)


def find(path: str, value: Any) -> list[Any]:
    """Every value that the path finds, in the order of the document; at most MAX_FOUND. Raises
    PathError, and CellFailed for a value in which that would take too long."""
    made = compiled(path)
    if made.descents > 1:
        size, depth = extent(value, _inner)
        if size * depth ** (made.descents - 1) > MAX_STEPS:
            raise CellFailed(
                "limit", f'The value is too large for a path with several "..": {path}.'
            )
    try:
        return [match.value for match in made.parsed.find(value)[:MAX_FOUND]]
    except (TypeError, KeyError, ValueError, AttributeError, IndexError):
        # A filter that compares what cannot be compared finds nothing.
        return []


def _inner(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def extent(value: Any, inner: Callable[[Any], Iterable[Any]]) -> tuple[int, int]:
    """How many values there are and how deep they are nested."""
    size = depth = 0
    level = [value]
    while level:
        size += len(level)
        depth += 1
        level = [one for each in level for one in inner(each)]
    return size, depth
