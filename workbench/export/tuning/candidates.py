"""What a pack asks of the rows that it is made of, whatever they are rows of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.export.tuning.example import Example
from workbench.store.export_columns import Column

Row = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A row as an example, and what is known of it besides.

    tokens: the count that was logged, and whose it is (see FACTS); None where none was.
    class_: which class it is of, where classes are balanced. score: where pairs come of scores.
    keys: what it shares with those that must lie on its side of the split. other: of a pair that is
    one row, the same with the answer that is not preferred. held: whether it is held back for
    validation, where that is not left to chance.
    """

    example: Example
    tokens: tuple[int, int] | None = None
    class_: str | None = None
    score: float | None = None
    keys: list[str] = field(default_factory=list)
    other: Example | None = None
    held: bool | None = None


class Candidates(Protocol):
    """How rows of one source become examples.

    columns: what is read of a row. texts: those of them in which masking looks. encoded: names of
    those whose texts are handed over in UTF-8, as a parser of JSON takes them: to make a str of
    each costs as much as parsing it. told: what the manifest says of how they were read.
    """

    columns: Sequence[Column]
    texts: Sequence[Column]
    encoded: frozenset[str]
    told: Mapping[str, Any]

    def candidate(self, row: Row, masked: Callable[[str], str]) -> Candidate:
        """masked: a text of this row as it may leave. Raises Unfit."""
