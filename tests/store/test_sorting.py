"""Any order of the list: pages reach every row once, in the order that plain Python gives."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import Condition, Filter, Group
from workbench.store import search
from workbench.store.rows import NewRequest, Summary
from workbench.store.sorting import KEYS, Position, Sort
from workbench.store.store import Store

functions = itertools.count()
# Few different values, so that many requests share one; some are missing.
words = st.none() | st.sampled_from(["", "a", "B", "b", "ключ", "a\x00b", "'; --", "\U0001f600"])
counts = st.none() | st.sampled_from([0, 1, 7, 2**53])
costs = st.none() | st.sampled_from([Decimal(0), Decimal("0.000000001"), Decimal("12.5")])
metadata = st.none() | st.sampled_from(
    ["10", "9", "x", "nan", "inf", "", "-3", 2, 2.5, True, None, {"deep": 1}, [1, 2]]
)


@st.composite
def rows(draw: st.DrawFn) -> NewRequest:
    started = NOON + timedelta(minutes=draw(st.integers(0, 2)))
    user = draw(metadata)
    scores = draw(st.dictionaries(st.sampled_from(["q", "z"]), st.floats(0, 100), max_size=2))
    return some_request(
        started_at=started,
        ended_at=started + timedelta(milliseconds=draw(st.sampled_from([0, 3, 900]))),
        status=draw(st.sampled_from(["SUCCESS", "ERROR"])),
        provider=draw(words),
        model=draw(words),
        prompt_name=draw(words),
        prompt_version=draw(st.none() | st.integers(1, 3)),
        input_preview=draw(words) or "",
        input_tokens=draw(counts),
        output_tokens=draw(counts),
        cost=draw(costs),
        tags=tuple(draw(st.lists(st.sampled_from(["a", "b"]), unique=True))),
        error_type=draw(words),
        group_id=draw(counts),
        metadata={} if user is None else {"user.id/~": user},
        scores=tuple(scores.items()),
    )


def metadata_keys(row: NewRequest) -> tuple[Any, ...]:
    value = row.metadata.get("user.id/~")
    if value is None:
        return (None, None)
    texts = {True: "true"} if value is True else {}
    text = texts.get(value) if value is True else None
    if text is None:
        text = value if isinstance(value, str) else str(value).replace("'", '"').replace(" ", "")
    try:
        number = None if text in ("nan", "inf") else float(text)
    except ValueError:
        number = None
    return (number, text)


def tokens(row: NewRequest) -> int | None:
    known = [n for n in (row.input_tokens, row.output_tokens) if n is not None]
    return sum(known) if known else None


PYTHON: dict[str, Callable[[NewRequest], tuple[Any, ...]]] = {
    "time": lambda row: (row.started_at,),
    "end": lambda row: (row.ended_at,),
    "status": lambda row: (row.status,),
    "provider": lambda row: (row.provider,),
    "model": lambda row: (row.model,),
    "prompt": lambda row: (row.prompt_name, row.prompt_version),
    "input": lambda row: (row.input_preview or None,),
    "latency": lambda row: (row.ended_at - row.started_at,),
    "input_tokens": lambda row: (row.input_tokens,),
    "output_tokens": lambda row: (row.output_tokens,),
    "tokens": lambda row: (tokens(row),),
    "cost": lambda row: (row.cost,),
    "tags": lambda row: (", ".join(row.tags) or None,),
    "error": lambda row: (row.error_type,),
    "session": lambda row: (row.group_id,),
    "id": lambda row: (),
    "metadata.user.id/~": metadata_keys,
    "score.q": lambda row: (dict(row.scores).get("q"),),
}


def in_order(
    rows: list[tuple[int, NewRequest]], name: str, descending: bool
) -> list[tuple[int, NewRequest]]:
    """Sorted key by key from the last to the first; what is missing comes last."""
    found = sorted(rows, key=lambda pair: pair[0], reverse=descending)
    width = len(PYTHON[name](rows[0][1]))
    for place in reversed(range(width)):
        there = [p for p in found if PYTHON[name](p[1])[place] is not None]
        missing = [p for p in found if PYTHON[name](p[1])[place] is None]

        def key(pair: tuple[int, NewRequest], place: int = place) -> Any:
            value = PYTHON[name](pair[1])[place]
            return value.encode() if isinstance(value, str) else value

        found = sorted(there, key=key, reverse=descending) + missing
    return found


def walk(store: Store, filter_: Filter, sort: Sort, limit: int) -> list[Summary]:
    """Every row met when one turns pages to the end, each place read back from its link."""
    found: list[Summary] = []
    at: Position | None = None
    for _ in range(40):
        page = search.page(
            store.connection,
            filter_,
            now=NOON,
            limit=limit,
            position=at,
            direction="older" if at else "from",
            sort=sort,
        )
        found += page.rows
        if not page.has_older:
            return found
        at = Position.parse(str(page.positions[-1]), sort)
        assert at == page.positions[-1]
    raise AssertionError("the pages do not end")


def walk_back(store: Store, filter_: Filter, sort: Sort, limit: int, at: Position) -> list[Summary]:
    found: list[Summary] = []
    for _ in range(40):
        page = search.page(
            store.connection,
            filter_,
            now=NOON,
            limit=limit,
            position=at,
            direction="newer",
            sort=sort,
        )
        found = page.rows + found
        if not page.has_newer:
            return found
        at = page.positions[0]
    raise AssertionError("the pages do not end")


@settings(max_examples=10)
@given(
    drawn=st.lists(rows(), min_size=1, max_size=12),
    limit=st.integers(1, 5),
    names=st.lists(st.sampled_from(sorted(PYTHON)), min_size=4, max_size=4, unique=True),
)
def test_pages_of_any_order_reach_every_row_once_in_both_directions(
    store: Store, drawn: list[NewRequest], limit: int, names: list[str]
) -> None:
    function = f"f{next(functions)}"
    only = Filter(Group((Condition("function_name", "is", function),)))
    ids = [
        store.add(some_request(**{**fields_of(row), "function_name": function})).result().id
        for row in drawn
    ]
    pairs = list(zip(ids, drawn, strict=True))
    for name, descending in itertools.product(names, (True, False)):
        sort = Sort.parse(f"{'-' * descending}{name}")
        assert sort is not None
        wanted = [id_ for id_, _ in in_order(pairs, name, descending)]
        down = walk(store, only, sort, limit)
        assert [row.id for row in down] == wanted, sort
        last = search.position_of(store.connection, wanted[-1], sort)
        assert last is not None
        up = walk_back(store, only, sort, limit, last)
        assert [row.id for row in up] == wanted[:-1], sort
        middle = search.position_of(store.connection, wanted[len(wanted) // 2], sort)
        assert middle is not None
        page = search.page(store.connection, only, now=NOON, limit=3, position=middle, sort=sort)
        half = len(wanted) // 2
        assert [row.id for row in page.rows] == wanted[half : half + 3]
        assert page.has_newer == (half > 0)
        near = search.neighbours(store.connection, only, middle, now=NOON, sort=sort)
        before = wanted[half - 1] if half else None
        assert near == (before, wanted[half + 1] if half + 1 < len(wanted) else None)


def fields_of(row: NewRequest) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def test_every_order_can_be_asked_for(store: Store) -> None:
    id_ = store.add(some_request()).result().id
    for name in KEYS:
        for text in (name, f"-{name}"):
            sort = Sort.parse(text)
            assert sort is not None
            assert str(sort) == text
            page = search.page(store.connection, Filter(), now=NOON, limit=5, sort=sort)
            assert [row.id for row in page.rows] == [id_]


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "nothing", "cost.", "cost.x", "metadata", "metadata.", "score", "--cost"),
        *("r.cost", "metadata." + "x" * 201, "cost; DROP TABLE requests"),
    ],
)
def test_a_text_that_names_no_order_is_none(text: str) -> None:
    assert Sort.parse(text) is None


hostile = st.text(max_size=60) | st.sampled_from(
    [
        *("[", "[]", "[1]", "[null,1]", '["x",1]', "[1e999,1]", "[NaN,1]", "[[1],1]", "[true,1]"),
        *("[1,-1]", '["1",99999999999999999]', '["NaN",1]', '["\\ud800",1]', "[" * 5000, "1-2-3"),
        *("[" + "9" * 5000 + ",1]", '{"a":1}', "９-１", "[-1e308,2]", '["-1e5",2]'),
    ]
)


@settings(max_examples=300)
@given(hostile, st.sampled_from(sorted([*KEYS, "metadata.a", "score.a"])))
@example("[null,1]", "time")
def test_a_place_from_outside_is_read_or_refused_and_never_breaks(text: str, name: str) -> None:
    sort = Sort.parse(name)
    assert sort is not None
    place = Position.parse(text, sort)
    assert place is None or Position.parse(str(place), sort) == place


def test_a_place_from_outside_finds_a_page(store: Store) -> None:
    store.add(some_request()).result()
    for name, text in (
        ("cost", '["999999999.999999999",1]'),
        ("input_tokens", "[36893488147419103231,1]"),
        ("latency", "[-1e308,9999999999999999]"),
        ("time", "[-62135596800000000,1]"),
        ("model", '["\\u0000",1]'),
    ):
        sort = Sort.parse(name)
        assert sort is not None
        at = Position.parse(text, sort)
        assert at is not None, text
        search.page(store.connection, Filter(), now=NOON, limit=5, position=at, sort=sort)
