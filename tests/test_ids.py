"""Ids: ever larger, below 2^53, ordered by arrival."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.ids import MAX_ID, IdMaker, first_id_at


def test_no_id_is_given_twice_to_many_threads() -> None:
    make = IdMaker()
    with ThreadPoolExecutor(8) as pool:
        made = [
            id_
            for some in pool.map(lambda _: [make() for _ in range(2000)], range(8))
            for id_ in some
        ]
    assert len(set(made)) == len(made)
    assert max(made) <= MAX_ID


def test_ids_grow_also_when_those_of_a_millisecond_are_spent() -> None:
    make = IdMaker()
    made = [make() for _ in range(5000)]
    assert made == sorted(made)


def test_a_clock_set_back_makes_no_id_twice() -> None:
    ahead = first_id_at(datetime.now(UTC) + timedelta(days=30))
    make = IdMaker(after=ahead)
    assert make() > ahead


@given(st.integers(0, 31), st.integers(0, 31))
def test_two_processes_never_make_the_same_id(first: int, second: int) -> None:
    made = [{IdMaker(process)() & 0x1F00 for _ in range(3)} for process in (first, second)]
    assert (made[0] == made[1]) == (first == second)


def test_an_id_lies_after_the_first_of_its_moment() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=2)
    id_ = IdMaker()()
    assert first_id_at(before) <= id_ < first_id_at(datetime.now(UTC) + timedelta(seconds=1))
