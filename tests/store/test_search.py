"""Pages, counts and neighbours in the order (started_at, id), on both engines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import Condition, Filter, Group
from workbench.store import search
from workbench.store.rows import Summary
from workbench.store.search import MAX_PAGE, Page, Position
from workbench.store.store import Store

EVERYTHING = Filter()
models = itertools.count()
# Few different times, so that many requests share one.
offsets = st.lists(st.integers(0, 4), min_size=1, max_size=14)


def one_model(name: str) -> Filter:
    return Filter(Group((Condition("engine", "is", name),)))


def add(store: Store, offsets: Sequence[float], **fields: Any) -> list[int]:
    rows = [
        some_request(
            started_at=NOON + timedelta(minutes=offset),
            ended_at=NOON + timedelta(minutes=offset, seconds=2),
            **fields,
        )
        for offset in offsets
    ]
    return [each.result().id for each in [store.add(row) for row in rows]]


def in_order(ids: Sequence[int], offsets: Sequence[float]) -> list[int]:
    """The newest start first, of equal ones the last to arrive."""
    return [id_ for _, id_ in sorted(zip(offsets, ids, strict=True), reverse=True)]


def get_page(store: Store, filter_: Filter, limit: int, **more: Any) -> Page:
    return search.page(store.connection, filter_, now=NOON, limit=limit, **more)


def walk(
    store: Store,
    filter_: Filter,
    limit: int,
    direction: Literal["older", "newer"],
    at: Position | None,
    up_to: int | None = None,
    between: Any = lambda: None,
) -> list[Summary]:
    """Every row met when one turns pages to the end."""
    rows: list[Summary] = []
    for _ in range(100):
        page = get_page(
            store, filter_, limit, position=at, direction=direction if at else "from", up_to=up_to
        )
        assert len(page.rows) <= limit
        rows = rows + page.rows if direction == "older" else page.rows + rows
        more = page.has_older if direction == "older" else page.has_newer
        if not more:
            return rows
        at = Position.of(page.rows[-1 if direction == "older" else 0])
        between()
    raise AssertionError("the pages do not end")


@settings(max_examples=8)
@given(offsets=offsets, limit=st.integers(1, 5))
def test_pages_reach_every_row_once_in_both_directions(
    store: Store, offsets: list[int], limit: int
) -> None:
    model = f"m{next(models)}"
    wanted = in_order(add(store, offsets, model=model), offsets)
    down = walk(store, one_model(model), limit, "older", None)
    assert [row.id for row in down] == wanted
    last = Position.of(down[-1])
    up = walk(store, one_model(model), limit, "newer", last)
    assert [row.id for row in up] == wanted[:-1]


def test_pages_stay_put_while_requests_arrive(store: Store) -> None:
    """New requests, some of them older by their start, come between any two pages."""
    ids = add(store, [0, 1, 1, 1, 2, 3, 4, 4])
    wanted = in_order(ids, [0, 1, 1, 1, 2, 3, 4, 4])
    up_to = search.newest_id(store.connection)

    def arrive() -> None:
        add(store, [-1, 1, 2.5, 9])

    rows = walk(store, EVERYTHING, 2, "older", None, up_to, arrive)
    assert [row.id for row in rows] == wanted
    rows = walk(store, EVERYTHING, 3, "newer", Position.of(rows[-1]), up_to, arrive)
    assert [row.id for row in rows] == wanted[:-1]
    assert search.totals(store.connection, EVERYTHING, now=NOON, up_to=up_to).requests == 8
    arrived = search.count(store.connection, EVERYTHING, now=NOON, after=up_to)
    assert arrived == search.count(store.connection, EVERYTHING, now=NOON) - 8 > 8


def test_without_up_to_new_requests_are_seen_in_their_place(store: Store) -> None:
    (first, last) = add(store, [0, 2])
    page = get_page(store, EVERYTHING, 1)
    assert [row.id for row in page.rows] == [last]
    (between,) = add(store, [1])
    at = Position.of(page.rows[0])
    page = get_page(store, EVERYTHING, 5, position=at, direction="older")
    assert [row.id for row in page.rows] == [between, first]


def test_a_page_from_a_position_begins_there_and_knows_what_is_around(store: Store) -> None:
    offsets = [0, 1, 1, 2]
    wanted = in_order(add(store, offsets), offsets)
    for number, id_ in enumerate(wanted):
        found = search.summary(store.connection, id_)
        assert found is not None
        page = get_page(store, EVERYTHING, 2, position=Position.of(found))
        assert [row.id for row in page.rows] == wanted[number : number + 2]
        assert page.has_newer == (number > 0)
        assert page.has_older == (number + 2 < len(wanted))


def test_a_position_whose_request_was_deleted_still_has_a_place(store: Store) -> None:
    ids = add(store, [0, 1, 2])
    found = search.summary(store.connection, ids[1])
    assert found is not None
    store.change(lambda cursor: store.annotations.delete(cursor, "x", ids[1])).result()
    at = Position.of(found)
    assert [row.id for row in get_page(store, EVERYTHING, 5, position=at).rows] == [ids[0]]
    newer, older = search.neighbours(store.connection, EVERYTHING, at, now=NOON)
    assert (newer, older) == (ids[2], ids[0])


def test_neighbours_are_those_of_the_filter(store: Store) -> None:
    offsets = [0, 1, 2, 3, 4]
    ids = [add(store, [offset], model="ab"[offset % 2])[0] for offset in offsets]
    at = search.summary(store.connection, ids[2])
    assert at is not None
    near = search.neighbours(store.connection, EVERYTHING, Position.of(at), now=NOON)
    assert near == (ids[3], ids[1])
    near = search.neighbours(store.connection, one_model("a"), Position.of(at), now=NOON)
    assert near == (ids[4], ids[0])
    newest = search.summary(store.connection, ids[4])
    assert newest is not None
    near = search.neighbours(store.connection, EVERYTHING, Position.of(newest), now=NOON)
    assert near == (None, ids[3])


def test_no_page_is_longer_than_the_longest(store: Store) -> None:
    add(store, [0] * (MAX_PAGE + 3))
    page = get_page(store, EVERYTHING, 10 * MAX_PAGE)
    assert len(page.rows) == MAX_PAGE
    assert page.has_older


@given(
    micros=st.integers(0, 253_402_300_800 * 10**6 - 1),
    id_=st.integers(0, 2**53 - 1),
)
def test_a_position_comes_back_from_its_text(micros: int, id_: int) -> None:
    at = Position((datetime(1970, 1, 1) + timedelta(microseconds=micros),), id_)
    assert Position.parse(str(at)) == at


@pytest.mark.parametrize(
    "text",
    ["", "-", "1-", "-1", "1-2-3", "a-b", "1.5-2", "253402300800000000-1", "9" * 30 + "-1", "1-²"],
)
def test_a_text_that_is_no_position_is_none(text: str) -> None:
    assert Position.parse(text) is None


def test_positions_work_at_the_ends_of_time(store: Store) -> None:
    first = some_request(started_at=datetime(1970, 1, 1, tzinfo=UTC))
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    ids = [
        store.add(row).result().id for row in (first, some_request(started_at=last, ended_at=last))
    ]
    rows = walk(store, EVERYTHING, 1, "older", None)
    assert [row.id for row in rows] == ids[::-1]
    for row in rows:
        assert Position.parse(str(Position.of(row))) == Position.of(row)


def test_totals_are_exact(store: Store) -> None:
    cents = [Decimal("0.000000001"), Decimal("0.1"), Decimal("12345678.9"), None]
    for number, cost in enumerate(cents):
        store.add(
            some_request(
                cost=cost,
                status="ERROR" if number == 1 else "SUCCESS",
                ended_at=NOON + timedelta(milliseconds=100 * number),
                input_tokens=10**15 if number else None,
                output_tokens=number,
            )
        ).result()
    totals = search.totals(store.connection, EVERYTHING, now=NOON)
    assert totals.cost == Decimal("12345679.000000001")
    assert (totals.requests, totals.errors, totals.unpriced) == (4, 1, 1)
    assert totals.tokens == 3 * 10**15 + 6
    assert totals.p50_ms == pytest.approx(150)
    empty = search.totals(store.connection, one_model("none"), now=NOON)
    assert (empty.requests, empty.cost, empty.p50_ms, empty.tokens) == (0, None, None, 0)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort_by", search.SORT_COLUMNS)
def test_numbered_pages_reach_every_row_once_in_any_order(
    store: Store, sort_by: str, descending: bool
) -> None:
    ids = set()
    for number in range(11):
        row = some_request(
            started_at=NOON + timedelta(minutes=number % 3),
            ended_at=NOON + timedelta(minutes=5 + number % 4),
            input_tokens=number % 3 or None,
            output_tokens=number % 2,
            cost=Decimal(number % 4) if number % 5 else None,
            status=("SUCCESS", "ERROR")[number % 2],
        )
        ids.add(store.add(row).result().id)
    met: list[Summary] = []
    for number in range(1, 6):
        met += search.numbered_page(
            store.connection,
            EVERYTHING,
            now=NOON,
            number=number,
            size=3,
            sort_by=sort_by,
            descending=descending,
        )
    assert len(met) == len(ids)
    assert {row.id for row in met} == ids
    name = {"request_start_time": "started_at"}.get(sort_by, sort_by)
    values = [getattr(row, name) for row in met]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known == sorted(known, reverse=descending)


def test_metadata_and_scores_of_a_list(store: Store) -> None:
    with_both = store.add(some_request(metadata={"a": [1]}, scores=(("s", 2.0),))).result().id
    plain = store.add(some_request()).result().id
    found = search.metadata_and_scores(store.connection, [with_both, plain, 5])
    assert found == {with_both: ({"a": [1]}, [("s", 2.0)]), plain: ({}, [])}
    assert search.metadata_and_scores(store.connection, []) == {}


def test_free_text_finds_by_input_and_output(store: Store) -> None:
    first, second = (
        store.add(some_request(input_text="Ein GROSSES Rätsel")).result().id,
        store.add(some_request(output_text="rätselhaft, 100%")).result().id,
    )
    assert [row.id for row in get_page(store, Filter(text="rätsel"), 5).rows] == [second, first]
    assert [row.id for row in get_page(store, Filter(text="100%"), 5).rows] == [second]
    assert search.count(store.connection, Filter(text="nirgends"), now=NOON) == 0


@pytest.mark.parametrize("key", ["tool_calls", "tool_calls.function", "tool_calls.function.name"])
def test_an_older_function_call_has_the_keys_of_a_tool_call(store: Store, key: str) -> None:
    call = {"name": "find_order", "arguments": '{"city": "Lyon"}'}
    output = [{"role": "assistant", "content": [], "function_call": call}]
    model = f"older-{key}"
    add(store, [0], model=model, output=output)
    add(store, [1], model=model, output=[{"role": "assistant", "content": []}])
    found = Filter(
        Group((Condition("engine", "is", model), Condition("output_keys", "contains", key)))
    )
    assert search.count(store.connection, found, now=datetime.now(UTC)) == 1
