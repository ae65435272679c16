"""Facets are what a plain count of the same rows gives, on both engines."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.samples import NOON, some_request
from workbench.filters import Condition, Filter, Group, parse_text
from workbench.store import facets, search
from workbench.store.facets import Name, Value
from workbench.store.metadata import VALUE, index_of
from workbench.store.rows import NewRequest
from workbench.store.store import Store

functions = itertools.count()
ATTRIBUTES = {
    "status": "status",
    "engine": "model",
    "provider_type": "provider",
    "prompt_name": "prompt_name",
    "finish_reason": "finish_reason",
    "error_type": "error_type",
    "source": "source",
}
NAMES = [
    *map(Name, facets.COLUMNS),
    Name("tags"),
    Name("metadata", "user"),
    Name("metadata", "a.b"),
]
words = st.none() | st.sampled_from(["", "a", "b", "ключ", "'; --"])
values = st.sampled_from(["1", 1, 1.5, True, None, "x y", ["p", "q", "p"], {"b": "deep"}])


@st.composite
def rows(draw: st.DrawFn) -> NewRequest:
    chosen = {name: draw(words) for name in ATTRIBUTES.values()}
    chosen["status"] = draw(st.sampled_from(["SUCCESS", "ERROR"]))
    chosen["source"] = draw(st.sampled_from(["a", "b"]))
    return some_request(
        **chosen,
        tags=tuple(draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True))),
        metadata=draw(st.dictionaries(st.sampled_from(["user", "a", "a.b"]), values)),
    )


def values_of(row: NewRequest, name: Name) -> set[str | None]:
    if name.field == "tags":
        return set(row.tags) or {None}
    if name.key is not None:
        prefix = name.key + VALUE
        own = {e.removeprefix(prefix) for e in index_of(row.metadata) if e.startswith(prefix)}
        return {*own} or {None}
    return {getattr(row, ATTRIBUTES[name.field])}


def matching(row: NewRequest, condition: Condition) -> bool:
    own = values_of(row, Name(condition.field, condition.key))
    if condition.operator in ("is", "contains", "key_equals"):
        return condition.value in own
    return condition.value not in own


def wanted(found: list[NewRequest], name: Name) -> list[Value]:
    counted = Counter(value for row in found for value in values_of(row, name))
    missing = counted.pop(None, 0)
    listed = sorted(
        (Value(value, n) for value, n in counted.items()),
        key=lambda each: (-each.requests, (each.value or "").encode()),
    )
    return [*listed, *([Value(None, missing)] if missing else [])]


conditions = st.sampled_from(
    [
        Condition("engine", "is", "a"),
        Condition("engine", "is_not", "b"),
        Condition("status", "is", "ERROR"),
        Condition("tags", "contains", "a"),
        Condition("tags", "not_contains", "b"),
        Condition("metadata", "key_equals", "1", "user"),
        Condition("source", "is", "a"),
    ]
)


@settings(max_examples=25)
@given(drawn=st.lists(rows(), min_size=1, max_size=12), asked=st.lists(conditions, max_size=2))
def test_each_value_has_its_count_under_the_rest_of_the_filter(
    store: Store, drawn: list[NewRequest], asked: list[Condition]
) -> None:
    function = f"f{next(functions)}"
    for each in [
        store.add(some_request(**{**fields_of(row), "function_name": function})) for row in drawn
    ]:
        each.result()
    filter_ = Filter(Group((Condition("function_name", "is", function), *asked)))
    found = facets.facets(store.connection, filter_, NAMES, now=NOON, limit=50)
    assert [each.name for each in found] == NAMES
    for facet in found:
        others = [c for c in asked if Name(c.field, c.key) != facet.name]
        left = [row for row in drawn if all(matching(row, c) for c in others)]
        assert list(facet.values) == wanted(left, facet.name), facet.name
        assert facet.distinct == sum(value.value is not None for value in facet.values)


def fields_of(row: NewRequest) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def add(store: Store, *rows: NewRequest) -> list[int]:
    return [future.result().id for future in [store.add(row) for row in rows]]


def test_only_the_most_frequent_are_listed_and_the_number_of_all_is_told(store: Store) -> None:
    add(store, *(some_request(model=f"m{n}", tags=(f"t{n}",)) for n in range(9)))
    add(store, some_request(model="m3", tags=("t3",)), some_request(model=None))
    found = facets.facets(
        store.connection, Filter(), [Name("engine"), Name("tags")], now=NOON, limit=2
    )
    assert found[0].values == (Value("m3", 2), Value("m0", 1), Value(None, 1))
    assert found[1].values == (Value("t3", 2), Value("t0", 1), Value(None, 1))
    assert [facet.distinct for facet in found] == [9, 9]


def test_what_was_deleted_or_arrived_later_is_not_counted(store: Store) -> None:
    ids = add(store, some_request(model="a"), some_request(model="a"))
    up_to = search.newest_id(store.connection)
    add(store, some_request(model="a"))
    store.change(lambda cursor: store.annotations.delete(cursor, "x", ids[0])).result()
    (found,) = facets.facets(store.connection, Filter(), [Name("engine")], now=NOON, up_to=up_to)
    assert found.values == (Value("a", 1),)


def test_facets_of_a_text_search_count_what_it_found(store: Store) -> None:
    add(
        store,
        some_request(model="a", input_text="a parcel"),
        some_request(model="b", input_text="a parcel"),
        some_request(model="b", input_text="a letter"),
    )
    filter_ = parse_text("parcel")
    search.page(store.connection, filter_, now=NOON, limit=5)
    (found,) = facets.facets(store.connection, filter_, [Name("engine")], now=NOON)
    assert found.values == (Value("a", 1), Value("b", 1))


@pytest.mark.parametrize(("field", "key"), [("cost", None), ("metadata", None), ("metadata", "")])
def test_what_is_no_facet_is_refused(field: str, key: str | None) -> None:
    with pytest.raises(ValueError, match=r"no facet|name of a key"):
        Name(field, key)


def test_values_that_the_filter_speaks_of_are_counted_however_rare_they_are(store: Store) -> None:
    add(store, *(some_request(model=f"m{n}", tags=(f"t{n}",)) for n in range(4)))
    add(store, *(some_request(model=f"m{n}", tags=(f"t{n}",)) for n in range(3)))
    filter_ = parse_text("model:m3 -tag:t9")
    models, tags = facets.facets(
        store.connection, filter_, [Name("engine"), Name("tags")], now=NOON, limit=1
    )
    assert models.values == (Value("m0", 2), Value("m3", 1))
    assert tags.values == (Value("t3", 1),)
