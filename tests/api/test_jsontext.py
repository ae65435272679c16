"""Strict JSON: what is read is what was sent, and every refusal names its place."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.jsontext import MAX_DEPTH, JsonError, kind, path_text, read_object

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)
objects = st.dictionaries(texts, values, max_size=6)


@given(objects, st.booleans(), st.sampled_from([None, 0, 3]))
def test_any_object_is_read_as_it_was_written(
    value: dict[str, Any], ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert read_object(text.encode()) == json.loads(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_refusal(body: bytes) -> None:
    refused: JsonError | None = None
    try:
        read_object(body)
    except JsonError as error:
        refused = error
    if refused is not None:
        assert refused.line >= 1
        assert refused.column >= 1
        assert str(refused).endswith(".")


@given(objects.filter(bool), st.data())
def test_a_cut_text_is_refused_and_never_fails_otherwise(
    value: dict[str, Any], data: st.DataObject
) -> None:
    text = orjson.dumps(value)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(JsonError):
        read_object(text[:cut])


@given(objects, texts, st.integers(0, 2**200))
def test_an_integer_that_does_not_fit_is_found_wherever_it_stands(
    around: dict[str, Any], key: str, more: int
) -> None:
    text = json.dumps({**around, "z": [{key: 2**63 + more}]})
    with pytest.raises(JsonError) as refused:
        read_object(text.encode())
    assert refused.value.field == path_text(["z", 0, key])


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "123456789012345678901234567890"}',
        '{"a": 0.123456789012345678901234567890}',
        '{"a": 9223372036854775807, "b": -9223372036854775808}',
        '{"a": 1234567890123456789012345e-10}',
        '{"12345678901234567890": 1}',
        '{"a": "\\"12345678901234567890"}',
        '{"a": -1234567890123456789}',
    ],
)
def test_long_numbers_that_lose_nothing_are_taken(text: str) -> None:
    assert read_object(text.encode()) == json.loads(text)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def test_nesting_ends_at_the_limit() -> None:
    read_object(nested(MAX_DEPTH))
    with pytest.raises(JsonError, match="nested deeper than 200"):
        read_object(nested(MAX_DEPTH + 1))
    # Brackets inside strings are no nesting.
    assert read_object(orjson.dumps({"a": "[{" * 1000 + '"\\'}))["a"].startswith("[{")


def test_many_small_lists_are_refused_before_they_fill_the_memory() -> None:
    with pytest.raises(JsonError, match="objects and lists; 1000000 are the limit"):
        read_object(b'{"a":[' + b"[]," * 1_000_001 + b"1]}")


def test_a_null_character_is_text() -> None:
    assert read_object(b'{"a": "x\\u0000y"}') == {"a": "x\0y"}


@pytest.mark.parametrize(
    ("body", "line", "column", "field"),
    [
        (b'{"a": 1,\n "b": {"c": [1, 2, x]}}', 2, 20, "b.c[2]"),
        ('{"é": "😀", "b": nul}'.encode(), 1, 17, "b"),
        (b'{"a": "\xff"}', 1, 8, "a"),
        (b'{"a" 1}', 1, 6, "a"),
        (b'{"a": [{"b": 1}, {"b": 01}]}', 1, 24, "a[1].b"),
    ],
)
def test_the_place_is_told_in_lines_columns_and_keys(
    body: bytes, line: int, column: int, field: str
) -> None:
    with pytest.raises(JsonError) as refused:
        read_object(body)
    error = refused.value
    assert (error.line, error.column, error.field) == (line, column, field)


def test_values_have_names() -> None:
    examples: list[Any] = [None, True, False, 1, 1.5, "a", [], {}]
    named = [kind(value) for value in examples]
    assert named == ["null", "true", "false", *["a number"] * 2, "a string", "a list", "an object"]
