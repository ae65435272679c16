"""Which column reads which, in which order they run, what goes stale. Pure.

Columns run from left to right, and each reads only columns to its left: the order of a grid is its
dependency order, and a cycle shows as a read to the right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.evals.columns.base import AllLeft, Sources


class OrderError(ValueError):
    """Columns that cannot run in this order; the text is a sentence that names them."""


@dataclass(frozen=True, slots=True)
class Reads:
    """A computed column and what it reads."""

    name: str
    sources: Sources


@dataclass(frozen=True, slots=True)
class Order:
    """inputs: the columns of the dataset. reads: computed columns from left to right with the
    names of the columns that each reads."""

    inputs: tuple[str, ...]
    reads: Mapping[str, frozenset[str]]

    def stages(self) -> tuple[tuple[str, ...], ...]:
        """Computed columns in groups: each group reads only inputs and the groups before it, so
        that its columns may run at the same time."""
        depth: dict[str, int] = dict.fromkeys(self.inputs, -1)
        groups: list[list[str]] = []
        for name, sources in self.reads.items():
            depth[name] = max((depth[one] for one in sources), default=-1) + 1
            if depth[name] == len(groups):
                groups.append([])
            groups[depth[name]].append(name)
        return tuple(tuple(group) for group in groups)

    def dependants(self, *changed: str) -> tuple[str, ...]:
        """Every column that reads one of these, directly or through others, from left to right;
        none of these themselves, unless it reads another of them."""
        touched = set(changed)
        found: list[str] = []
        for name, sources in self.reads.items():
            if sources & touched:
                found.append(name)
                touched.add(name)
        return tuple(found)

    def stale_after_edit(self, column: str) -> tuple[str, ...]:
        """What no longer holds when the configuration of a column changes: itself and its
        dependants, in every row."""
        own = (column,) if column in self.reads else ()
        return (*own, *self.dependants(column))

    def stale_after_value(self, column: str) -> tuple[str, ...]:
        """What no longer holds in a row when the value of one cell changes: its dependants."""
        return self.dependants(column)

    def is_ready(self, column: str, present: Iterable[str]) -> bool:
        """Whether every column that one reads is among these."""
        return self.reads[column] <= set(present)

    def missing(self, column: str, present: Iterable[str]) -> tuple[str, ...]:
        """What a column waits for, from left to right."""
        there = set(present)
        wanted = self.reads[column]
        return tuple(
            one for one in (*self.inputs, *self.reads) if one in wanted and one not in there
        )


def order(inputs: Sequence[str], columns: Sequence[Reads]) -> Order:
    """The order of a grid. columns: from left to right. Raises OrderError for a name that stands
    twice and for a read of a column that is not to the left."""
    names = [*inputs, *(column.name for column in columns)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise OrderError(f'Two columns are called "{twice[0]}".')
    left = list(inputs)
    reads: dict[str, frozenset[str]] = {}
    for column in columns:
        if isinstance(column.sources, AllLeft):
            reads[column.name] = frozenset(left)
        else:
            for source in column.sources:
                _check(column.name, source, left, names)
            reads[column.name] = frozenset(column.sources)
        left.append(column.name)
    return Order(tuple(inputs), reads)


def _check(column: str, source: str, left: Sequence[str], names: Sequence[str]) -> None:
    if source in left:
        return
    if source == column:
        raise OrderError(f'"{column}" reads itself.')
    if source in names:
        raise OrderError(f'"{column}" reads "{source}", which stands to its right.')
    raise OrderError(f'"{column}" reads "{source}", which is not there.')
