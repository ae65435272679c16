"""Each way out of a filter leads back to the same filter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.filters.strategies import HOSTILE, filters, texts
from workbench.filters import (
    Condition,
    Filter,
    FilterError,
    Group,
    describe,
    from_api,
    from_json,
    from_params,
    from_url,
    parse_text,
    to_api,
    to_json,
    to_params,
    to_text,
    to_url,
)


@given(filters)
def test_the_text_syntax_reads_back_what_it_writes(filter_: Filter) -> None:
    assert parse_text(to_text(filter_)) == filter_


@given(filters)
def test_a_link_leads_to_the_same_filter(filter_: Filter) -> None:
    assert from_url(to_url(filter_)) == filter_
    assert from_url(f"?page=2&{to_url(filter_)}&sort=cost") == filter_
    assert from_params(to_params(filter_)) == filter_


@given(filters)
def test_a_link_survives_being_encoded_again_by_a_browser(filter_: Filter) -> None:
    text = unquote(to_url(filter_).removeprefix("f="))
    assert from_url("f=" + quote(text, safe="")) == filter_


@given(filters)
def test_api_json_reads_back_what_it_writes_through_real_json(filter_: Filter) -> None:
    assert from_api(json.loads(json.dumps(to_api(filter_)))) == filter_


@given(filters)
def test_a_saved_view_reads_back_and_is_always_the_same_text(filter_: Filter) -> None:
    assert from_json(to_json(filter_)) == filter_
    assert to_json(from_json(to_json(filter_))) == to_json(filter_)


@given(filters)
def test_the_text_stays_on_one_line_and_shows_nothing_invisible(filter_: Filter) -> None:
    shown = to_text(filter_)
    assert len(shown.splitlines()) <= 1
    assert all(letter.isprintable() or letter in "\u200c\u200d" for letter in shown)


@given(filters)
def test_every_filter_can_be_put_into_words(filter_: Filter) -> None:
    assert describe(filter_)
    for item in filter_.items:
        assert describe(item)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_passes_through_every_form(value: str) -> None:
    filter_ = Filter(
        Group(
            (
                Condition("engine", "is", value),
                Condition("tags", "in", [value, "x"]),
                Condition("metadata", "key_contains", value, key=value),
                Group(
                    (Condition("text", "contains", value), Condition("tags", "contains", value)),
                    "OR",
                ),
            )
        ),
        value,
    )
    assert parse_text(to_text(filter_)) == filter_
    assert from_url(to_url(filter_)) == filter_
    assert from_json(to_json(filter_)) == filter_


_SYNTAX = st.sampled_from(
    [
        "tag",
        "metadata",
        ".",
        ":",
        "~",
        '"',
        "(",
        ")",
        "-",
        "OR",
        ",",
        ">",
        "=",
        "..",
        "\\",
        "last",
        "has",
        "is",
        "latency",
        "cost",
        "2s",
        "time",
        "2026-11-01",
        "7d",
        "version",
        "after",
        "\\u{",
        "AND",
        "NOT",
        "score",
    ]
) | st.just(" ")


def _outcome(read: Callable[[], Filter]) -> Filter | FilterError:
    try:
        return read()
    except FilterError as error:
        return error


@given(st.text() | st.lists(_SYNTAX | texts, max_size=14).map("".join))
@example("\ud800")
@example("(" * 5000)
@example('tag:"' + "\\" * 5001)
@example("cost:1e999999999")
@example("id:" + "9" * 5000)
@example("time:٢٠٢٦-11-01")
def test_any_text_is_a_filter_or_a_filter_error_with_a_column(source: str) -> None:
    outcome = _outcome(lambda: parse_text(source))
    if isinstance(outcome, Filter):
        assert parse_text(to_text(outcome)) == outcome
    else:
        assert outcome.column is not None
        assert 1 <= outcome.column <= len(source) + 1
        assert outcome.sentence


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELD_NAMES = st.sampled_from(["engine", "cost", "metadata", "tags", "text", "nope", "pl_id"])
_OPERATOR_NAMES = st.sampled_from(["is", "in", "eq", "between", "contains", "key_equals", "within"])
_NEARLY = st.fixed_dictionaries(
    {"field": _FIELD_NAMES | _JSON, "operator": _OPERATOR_NAMES | _JSON},
    optional={"value": _JSON, "nested_key": _JSON},
)
_GROUPS = st.recursive(
    _NEARLY | _JSON,
    lambda inner: st.fixed_dictionaries(
        {"filters": st.lists(inner, max_size=3)},
        optional={"logic": st.sampled_from(["AND", "OR", "XOR"]) | _JSON},
    ),
)


@given(st.fixed_dictionaries({}, optional={"filter_group": _GROUPS, "q": _JSON}))
def test_any_json_is_a_filter_or_a_filter_error_with_a_path(body: dict[str, Any]) -> None:
    outcome = _outcome(lambda: from_api(body))
    if isinstance(outcome, Filter):
        assert from_api(to_api(outcome)) == outcome
    else:
        assert outcome.path.startswith(("filter_group", "q"))
        assert outcome.sentence


@given(st.text() | st.binary() | _JSON.map(json.dumps))
def test_any_saved_text_is_a_filter_or_a_filter_error(saved: str | bytes) -> None:
    assert isinstance(_outcome(lambda: from_json(saved)), Filter | FilterError)


@given(st.text())
def test_any_query_is_a_filter_or_a_filter_error(query: str) -> None:
    assert isinstance(_outcome(lambda: from_url("f=" + query)), Filter | FilterError)
