"""The order of columns, and what goes stale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evals.columns import ALL_LEFT, Sources
from workbench.evals.order import Order, OrderError, Reads, order

INPUTS = ("i0", "i1")


@st.composite
def grids(draw: st.DrawFn) -> tuple[Order, dict[str, tuple[str, ...]]]:
    """An order, and what each column names as its sources (all to the left for ALL_LEFT)."""
    left = list(INPUTS)
    columns: list[Reads] = []
    named: dict[str, tuple[str, ...]] = {}
    for number in range(draw(st.integers(0, 8))):
        name = f"c{number}"
        sources: Sources = ALL_LEFT
        if draw(st.integers(0, 5)):
            sources = tuple(draw(st.lists(st.sampled_from(left), max_size=3, unique=True)))
        named[name] = tuple(left) if not isinstance(sources, tuple) else sources
        columns.append(Reads(name, sources))
        left.append(name)
    return order(INPUTS, columns), named


def reached(named: dict[str, tuple[str, ...]], start: str) -> set[str]:
    """Columns from which a chain of reads leads to a start: walked edge by edge."""
    found: set[str] = set()
    grown = True
    while grown:
        more = {one for one, of in named.items() if start in of or found & set(of)} - found
        found |= more
        grown = bool(more)
    return found


@given(grids(), st.data())
def test_exactly_the_dependants_go_stale(
    grid: tuple[Order, dict[str, tuple[str, ...]]], data: st.DataObject
) -> None:
    made, named = grid
    changed = data.draw(st.sampled_from([*INPUTS, *named]))
    expected = reached(named, changed)
    assert set(made.stale_after_value(changed)) == expected
    assert set(made.stale_after_edit(changed)) == expected | ({changed} & set(named))
    assert list(made.dependants(changed)) == [one for one in named if one in expected]


@given(grids())
def test_stages_run_after_what_they_read_and_as_early_as_they_can(
    grid: tuple[Order, dict[str, tuple[str, ...]]],
) -> None:
    made, named = grid
    done = set(INPUTS)
    for group in made.stages():
        assert all(set(named[one]) <= done for one in group)
        waiting = [one for one in named if one not in done and one not in group]
        assert not any(set(named[one]) <= done for one in waiting)
        done |= set(group)
    assert done == {*INPUTS, *named}


@given(grids(), st.data())
def test_a_column_is_ready_exactly_when_it_waits_for_nothing(
    grid: tuple[Order, dict[str, tuple[str, ...]]], data: st.DataObject
) -> None:
    made, named = grid
    present = set(data.draw(st.lists(st.sampled_from([*INPUTS, *named]))))
    for one in named:
        assert made.is_ready(one, present) is (made.missing(one, present) == ())
        assert set(made.missing(one, present)) == set(named[one]) - present


@given(grids())
def test_running_what_is_ready_ends_with_every_cell(
    grid: tuple[Order, dict[str, tuple[str, ...]]],
) -> None:
    made, named = grid
    present = set(INPUTS)
    for _ in range(len(named) + 1):
        present |= {one for one in named if made.is_ready(one, present)}
    assert present == {*INPUTS, *named}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ([Reads("a", ("a",))], '"a" reads itself'),
        ([Reads("a", ("b",)), Reads("b", ("a",))], '"a" reads "b", which stands to its right'),
        ([Reads("a", ("b",)), Reads("b", ())], "to its right"),
        ([Reads("a", ("x",))], '"x", which is not there'),
        ([Reads("a", ()), Reads("a", ())], 'called "a"'),
        ([Reads("i0", ())], 'called "i0"'),
    ],
)
def test_a_cycle_and_a_read_to_the_right_are_refused(columns: list[Reads], words: str) -> None:
    with pytest.raises(OrderError, match=words):
        order(INPUTS, columns)


def test_editing_a_column_leaves_its_neighbours_alone() -> None:
    columns = [
        Reads("answer", ("i0",)),
        Reads("other", ("i1",)),
        Reads("judged", ("answer",)),
        Reads("passed", ("judged",)),
        Reads("posted", ALL_LEFT),
    ]
    made = order(INPUTS, columns)
    assert made.stale_after_edit("answer") == ("answer", "judged", "passed", "posted")
    assert made.stale_after_value("judged") == ("passed", "posted")
    assert made.stale_after_edit("posted") == ("posted",)
    assert made.stale_after_value("i1") == ("other", "posted")
