"""The line that finds rows."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.datasets.query import quoted, read_query, read_sort, write_sort
from workbench.store.dataset_pages import Condition, Sort
from workbench.store.errors import Refused

COLUMNS = ["price", "order total", "split", "-odd", "Sprache"]


def test_words_and_conditions_are_told_apart() -> None:
    line = 'refund "late parcel" price>10 -sprache:de split=test tag:x "order total"<=3.5'
    assert read_query(line, COLUMNS) == [
        Condition("any", "contains", "refund"),
        Condition("any", "contains", "late parcel"),
        Condition("value", "gt", "10", "price"),
        Condition("value", "contains", "de", "Sprache", True),
        Condition("split", "is", "test"),
        Condition("tag", "contains", "x"),
        Condition("value", "le", "3.5", "order total"),
    ]


def test_a_column_that_is_named_like_a_field_is_quoted() -> None:
    assert read_query('"split":x', COLUMNS) == [Condition("value", "contains", "x", "split")]


def test_not_equal_and_no_value_have_their_signs() -> None:
    assert read_query("price!=3 price: -price:", COLUMNS) == [
        Condition("value", "is", "3", "price", True),
        Condition("value", "empty", "", "price"),
        Condition("value", "empty", "", "price", True),
    ]
    assert read_query('price=""', COLUMNS) == [Condition("value", "is", "", "price")]


def test_a_name_that_is_no_column_is_text_to_look_for() -> None:
    assert read_query("https://example.org", COLUMNS) == [
        Condition("any", "contains", "https://example.org")
    ]


@pytest.mark.parametrize("line", ['"open', 'a"b', '"nowhere":x', "nowhere!=x", "a " * 21])
def test_what_cannot_be_read_is_refused_with_a_sentence(line: str) -> None:
    with pytest.raises(Refused, match=r"\w"):
        read_query(line, COLUMNS)


@given(st.text(max_size=60))
def test_any_line_is_read_or_refused(line: str) -> None:
    with contextlib.suppress(Refused):
        read_query(line, COLUMNS)


@given(st.text(min_size=1, max_size=30))
def test_a_quoted_text_is_looked_for_as_it_is(text: str) -> None:
    assert read_query(quoted(text), []) == [Condition("any", "contains", text)]


def test_the_order_stands_in_the_link_and_comes_back() -> None:
    for sort in (
        Sort(),
        Sort("row", descending=True),
        Sort("split"),
        Sort("value", "price", True),
        Sort("value", "order total"),
        Sort("value", "-odd"),
    ):
        assert read_sort(write_sort(sort), COLUMNS) == sort
    assert read_sort("gone", COLUMNS) == Sort()
