"""What the engines find is what a plain reading of the same rows finds."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.filters.engines import ducklake_extension, engine, fill, found
from tests.filters.oracle import Row, matches
from workbench.filters import FIELDS, Condition, Field, Filter, Group
from workbench.filters.fields import Operator
from workbench.filters.values import MAX_LENGTH
from workbench.store.filter_sql import compile_filter, compile_in_two, explain_sql, select_sql
from workbench.store.pieces import OVERLAP, PIECE

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
ENGINES = ["duckdb", "ducklake"] if ducklake_extension() else ["duckdb"]

# Few words, so that conditions and rows meet; each is there for what it may break.
WORDS = [
    "Straße",
    "STRASSE",
    "strasse",
    "ΟΔΟΣ",
    "οδος",
    "Σίσυφος",
    "İstanbul",
    "istanbul",
    "ISPARTA",
    "ısparta",
    "i̇zmir",
    "ПРИВЕТ",
    "привет",
    "ﬁrst",
    "first",
    "FFI",
    "ﬃ",
    "Kelvin",
    "\u212aelvin",
    "\u00e9t\u00e9",
    "e\u0301te\u0301",
    "日本語",
    "한국",
    "مرحبا",
    "100%",
    "a_b",
    ".*",
    "(?i)",
    "[x]",
    "\\",
    "'",
    '"',
    "?",
    "'",
    "ss",
    "s",
    "ss.s",
]
NAMES = ["gpt-4o", "GPT-4o", "prod", "test", "", "a b", "é", "' OR 1=1 --", "a.b", "?"]
KEYS = [
    "user",
    "a.b",
    "a",
    "b",
    "q",
    "result",
    "result.status",
    "items.id",
    "x'y",
    'x"y',
    "ключ",
    "~/",
]
TOOL_KEYS = [
    "tool_calls",
    "tool_calls.function.name",
    "tool_calls.function.arguments",
    "tool_calls.function.arguments.q",
    "tool_calls.function.arguments.items.id",
    "tool_calls.id",
]

ASKED = (
    *(0, 1, 2, 3, 50, 1000, 2000, 10**14),
    *map(Decimal, ("0.1", "0.01", "1.5", "2.5", "-0.5", "0.000000001", "0.000000000001")),
)

words = st.sampled_from(WORDS)
sentences = st.lists(words, max_size=4).map(" ".join)
# Texts of one piece and a little more or less, and of several, with words anywhere in them.
long_texts = st.builds(
    lambda start, letter, length, end: f"{start} {letter * length} {end}",
    sentences,
    st.sampled_from(["x", "ж", "日", "ß", "ab "]),
    st.integers(PIECE - 40, PIECE + 40) | st.integers(1, 3 * PIECE),
    sentences,
)
pieces = words | sentences.filter(bool) | st.sampled_from(["s", "i", "st", "ı", "\u0301", "a", " "])
names = st.sampled_from(NAMES)
moments = st.integers(-40 * 24 * 60, 60).map(
    lambda m: NOW + timedelta(minutes=m)
) | st.sampled_from(
    [NOW, NOW - timedelta(hours=1), NOW - timedelta(days=7), NOW - timedelta(microseconds=1)]
)
scalars = names | words | st.booleans() | st.integers(-3, 50) | st.sampled_from([0.5, 1.25, None])
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(KEYS), documents, max_size=3)
# What a key stands after, so that it lies beyond the first piece.
long_objects = st.builds(
    lambda inner, length: {"filler": "f" * length, **inner},
    objects,
    st.integers(PIECE - 40, PIECE + 40) | st.integers(1, 3 * PIECE),
)
flat_objects = st.dictionaries(
    st.sampled_from(KEYS),
    scalars | st.dictionaries(st.sampled_from(KEYS), scalars, min_size=1, max_size=2),
    max_size=3,
)
arguments = (
    objects.map(json.dumps) | objects.map(lambda o: json.dumps(o, ensure_ascii=False)) | words
)
functions = st.fixed_dictionaries({"name": names, "arguments": arguments})
messages = st.fixed_dictionaries(
    {"role": st.just("assistant")},
    optional={
        "content": st.lists(
            (words | objects.map(json.dumps)).map(lambda text: {"type": "text", "text": text}),
            max_size=2,
        ),
        "tool_calls": st.none()
        | st.lists(
            st.fixed_dictionaries(
                {"id": names, "type": st.just("function"), "function": functions}
            ),
            max_size=2,
        ),
        "function_call": st.none() | functions,
    },
)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


counts = st.integers(0, 5) | st.sampled_from([1000, 2**62])
rows = st.builds(
    Row,
    id=st.integers(1, 6),
    started_at=moments,
    ended_at=moments,
    latency_ms=optional(st.sampled_from([0.0, 0.1, 1.5, 2000.0, 1e300])),
    source=names,
    origin=names,
    provider=optional(names),
    model=optional(names),
    function_name=optional(names),
    status=st.sampled_from(["SUCCESS", "WARNING", "ERROR"]),
    error_type=optional(names),
    finish_reason=optional(names),
    input_tokens=optional(counts),
    output_tokens=optional(counts),
    cost=optional(
        st.sampled_from([Decimal("0"), Decimal("0.01"), Decimal("0.000000001"), Decimal(12)])
    ),
    tags=optional(st.lists(names, max_size=3)),
    metadata=optional(flat_objects),
    prompt_name=optional(names),
    prompt_id=optional(st.integers(1, 3)),
    prompt_version=optional(st.integers(1, 3)),
    prompt_label=optional(names),
    group_id=optional(st.integers(1, 3)),
    is_json=optional(st.booleans()),
    is_tool_call=optional(st.booleans()),
    is_plain_text=optional(st.booleans()),
    is_starred=st.booleans(),
    tool_names=optional(st.lists(names, max_size=3)),
    input_text=optional(sentences),
    output_text=optional(sentences),
    output=optional(st.lists(messages, max_size=2)),
    input_variables=optional(objects),
    scores=st.lists(st.tuples(names, st.sampled_from([0.0, 0.1, 50.0, 100.0])), max_size=2),
)
long_rows = st.builds(
    Row,
    id=st.integers(1, 6),
    started_at=st.just(NOW),
    ended_at=st.just(NOW),
    input_text=long_texts | sentences,
    output_text=optional(long_texts),
    output=optional(
        long_objects.map(json.dumps).map(
            lambda text: [{"role": "assistant", "content": [{"type": "text", "text": text}]}]
        )
    ),
    input_variables=optional(objects | long_objects),
)
tables = st.lists(rows, min_size=1, max_size=6, unique_by=lambda row: row.id)


def _one(field: Field) -> st.SearchStrategy[Any]:
    match field.kind:
        case "id":
            return st.integers(1, 6)
        case "number" | "score":
            return st.sampled_from(ASKED)
        case "date":
            return moments
        case "text":
            return pieces
        case "nested":
            return names.filter(bool) | words | st.sampled_from(["1", "true", "0.5", "1.25"])
    if field.name.endswith("_keys"):
        return st.sampled_from(KEYS + TOOL_KEYS)
    return st.sampled_from(field.choices) if field.choices else names


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field: Field = draw(st.sampled_from(sorted(FIELDS.values(), key=lambda f: f.name)))
    operator: Operator = draw(st.sampled_from(field.operators))
    one = _one(field)
    value: Any = None
    if operator.takes == "one":
        value = draw(one)
    elif operator.takes == "list":
        value = draw(st.lists(one, min_size=1, max_size=3))
    elif operator.takes == "range":
        value = sorted([draw(one), draw(one)])
    elif operator.takes == "duration":
        value = draw(st.sampled_from(["1h", "24h", "7d", "30d", "4w"]))
    key = None
    if field.kind == "score":
        key = draw(optional(names))
    elif field.kind == "nested":
        key = draw(st.sampled_from(KEYS + TOOL_KEYS if field.name == "output" else KEYS))
    return Condition(field.name, operator.name, value, key)


def _paths(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Keys with dots and the scalars under them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{above}.{key}" if above else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, above)
    elif above and value is not None:
        yield above, value if isinstance(value, str) else json.dumps(value)


def _documents(row: Row, field: str) -> Iterator[tuple[str, Any]]:
    if field != "output":
        yield from _paths(getattr(row, field))
        return
    for message in row.output or []:
        for part in message.get("content") or []:
            if part["text"].startswith("{"):
                yield from _paths(json.loads(part["text"]))
        for call in message.get("tool_calls") or []:
            yield from _paths(call, "tool_calls")
            text = call["function"]["arguments"]
            if text.startswith("{"):
                yield from _paths(json.loads(text), "tool_calls.function.arguments")


def _respelled(draw: st.DrawFn, text: str) -> str:
    ways: list[Callable[[str], str]] = [
        str,
        str.upper,
        str.lower,
        str.swapcase,
        str.title,
        _composed,
    ]
    return draw(st.sampled_from(ways))(text)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@st.composite
def aimed(draw: st.DrawFn, table: list[Row]) -> Condition:
    """A condition on something that one of the rows has."""
    row = draw(st.sampled_from(table))
    name = draw(st.sampled_from(["metadata", "output", "input_variables", "input_text", "text"]))
    if name in ("input_text", "text"):
        text = row.input_text or ""
        start = draw(
            st.integers(0, max(0, len(text) - 1))
            | st.sampled_from([max(0, len(text) - 9), max(0, len(text) - OVERLAP - 9)])
            | st.integers(max(0, PIECE - 20), PIECE)
        )
        # At most what a value may have; folded it may be longer than OVERLAP.
        length = draw(st.integers(1, 9) | st.just(MAX_LENGTH))
        part = _respelled(draw, text[start : start + length])[:MAX_LENGTH]
        operators = ["contains", "not_contains", "starts_with", "ends_with"]
        return Condition(name, draw(st.sampled_from(operators)), part or "s")
    there = [*_documents(row, name), ("a", "1")]
    key, value = draw(st.sampled_from(there))
    value = value[:MAX_LENGTH]
    if draw(st.booleans()) and value:
        contains = st.sampled_from(["key_contains", "key_not_contains"])
        return Condition(name, draw(contains), _respelled(draw, value)[:MAX_LENGTH], key)
    operator = draw(st.sampled_from(["key_equals", "key_not_equals", "in", "not_in", "is_empty"]))
    if operator in ("in", "not_in"):
        value = [value, "no"]
    return Condition(name, operator, None if operator == "is_empty" else value, key)


def _grouped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Group]:
    items = st.lists(inner, max_size=3).map(tuple)
    return st.builds(Group, items, st.sampled_from(["AND", "OR"]))


@st.composite
def tables_and_filters(draw: st.DrawFn, most: int) -> tuple[list[Row], list[Filter]]:
    table = draw(tables)
    one = st.one_of(conditions(), aimed(table), aimed(table))
    single = st.builds(lambda item: Filter(Group((item,))), one)
    groups = _grouped(one | _grouped(one | _grouped(one)))
    texts = st.lists(pieces, max_size=2).map(" ".join) | st.just("")
    return table, draw(
        st.lists(single | st.builds(Filter, groups, texts), min_size=10, max_size=most)
    )


@pytest.fixture(scope="module", params=ENGINES)
def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    with engine(request.param, tmp_path_factory.mktemp("lake")) as opened:
        yield opened


def _check(connection: duckdb.DuckDBPyConnection, table: list[Row], asked: list[Filter]) -> None:
    fill(connection, table)
    for filter_ in asked:
        expected = {row.id for row in table if matches(filter_, row, NOW)}
        assert found(connection, compile_filter(filter_, NOW)) == expected, filter_
        narrow, wide = compile_in_two(filter_, NOW)
        assert not narrow.needs_bodies
        assert found(connection, narrow) & found(connection, wide) == expected
        assert explain_sql(filter_, NOW)
    for filter_ in asked[:8]:
        told = select_sql(filter_, NOW, up_to=4)
        found_by_it = {id_ for (id_,) in connection.execute(told).fetchall()}
        assert found_by_it == {
            row.id for row in table if row.id <= 4 and matches(filter_, row, NOW)
        }


@given(asked=tables_and_filters(40))
@settings(max_examples=30)
def test_filters_find_what_a_plain_reading_finds(
    connection: duckdb.DuckDBPyConnection, asked: tuple[list[Row], list[Filter]]
) -> None:
    _check(connection, *asked)


@st.composite
def long_tables_and_filters(draw: st.DrawFn) -> tuple[list[Row], list[Filter]]:
    table = draw(st.lists(long_rows, min_size=1, max_size=2, unique_by=lambda row: row.id))
    one = st.builds(lambda item: Filter(Group((item,))), aimed(table))
    return table, draw(st.lists(one, min_size=6, max_size=6))


@given(asked=long_tables_and_filters())
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
def test_filters_find_in_long_texts_what_a_plain_reading_finds(
    connection: duckdb.DuckDBPyConnection, asked: tuple[list[Row], list[Filter]]
) -> None:
    _check(connection, *asked)


@pytest.mark.slow
@given(asked=tables_and_filters(80))
@settings(max_examples=150)
def test_many_filters_find_what_a_plain_reading_finds(
    connection: duckdb.DuckDBPyConnection, asked: tuple[list[Row], list[Filter]]
) -> None:
    _check(connection, *asked)
