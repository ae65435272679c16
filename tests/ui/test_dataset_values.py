"""Values of datasets as they are typed: into a form, and into a grid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.jsontext import FieldError
from workbench.messages import is_conversation
from workbench.store.dataset_reading import DatasetRow
from workbench.store.dataset_values import BOOLEAN, EMPTY, JSON, NUMBER, TEXT, Column, type_of
from workbench.ui.dataset_grid import frame_of, merged
from workbench.ui.dataset_rows import frame_of as table_of
from workbench.ui.dataset_values import brief, read_typed, typed

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=5,
)
COLUMNS = [Column("text", TEXT), Column("n", NUMBER), Column("ok", BOOLEAN), Column("Row", JSON)]
ROW = DatasetRow(5, {"text": "a", "n": 2, "Row": [1], "hidden": "h"}, "train", ("t",), 9)


@given(values)
def test_what_stands_in_a_field_is_read_as_the_value_that_it_shows(value: Any) -> None:
    for type_ in {type_of(value), JSON}:
        assert read_typed(typed(value, type_), type_, "x", value) == value


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("", TEXT, None),
        ("5", TEXT, "5"),
        ("5", EMPTY, "5"),
        ("5", NUMBER, 5),
        ("-2.5", NUMBER, -2.5),
        ("Yes", BOOLEAN, True),
        ("false", BOOLEAN, False),
        ('"5"', JSON, "5"),
        ("[1]", JSON, [1]),
        ("", JSON, None),
    ],
)
def test_a_field_is_read_by_its_type(text: str, type_: str, value: Any) -> None:
    assert read_typed(text, type_, "x") == value


@pytest.mark.parametrize(
    ("text", "type_"), [("many", NUMBER), ("true", NUMBER), ("maybe", BOOLEAN), ("{", JSON)]
)
def test_what_a_field_cannot_hold_is_said_with_its_name(text: str, type_: str) -> None:
    with pytest.raises(FieldError, match="x: "):
        read_typed(text, type_, "x")


def test_only_typed_cells_of_a_grid_change_a_row_and_nothing_else_of_it() -> None:
    assert merged(ROW, {"text": "b", "n": 3.0, "ok": True, "Split": "x"}, COLUMNS) == {
        "text": "b",
        "n": 3,
        "ok": True,
        "Row": [1],
        "hidden": "h",
    }
    # A column of the dataset may be named like one of the grid's own.
    assert merged(ROW, {"Row ": '{"a": 1}', "n": None}, COLUMNS) == {
        "text": "a",
        "Row": {"a": 1},
        "hidden": "h",
    }
    assert merged(None, {"text": "new"}, COLUMNS) == {"text": "new"}
    with pytest.raises(FieldError):
        merged(ROW, {"Row ": "no JSON"}, COLUMNS)


def test_a_text_among_objects_is_typed_as_it_is() -> None:
    column = Column("output", JSON)
    rows = [DatasetRow(1, {"output": "Hello\n"}, None, (), None)]
    rows.append(DatasetRow(2, {"output": {"a": 1}}, None, (), None))
    frame, _ = frame_of(rows, [column])
    assert list(frame["output"]) == ["Hello\n", '{"a":1}']
    assert merged(rows[0], {"output": 'Say "hi"'}, [column]) == {"output": 'Say "hi"'}
    assert merged(rows[1], {"output": '{"a": 2}'}, [column]) == {"output": {"a": 2}}
    with pytest.raises(FieldError):
        merged(rows[1], {"output": "Hello"}, [column])


def test_a_grid_holds_numbers_as_numbers_and_locks_what_is_too_long_to_type() -> None:
    long = DatasetRow(6, {"text": "x" * 5000, "n": 1.5}, None, (), None)
    frame, locked = frame_of([ROW, long], COLUMNS)
    assert list(frame["n"]) == [2.0, 1.5]
    assert frame["Row "][0] == "[1]"
    assert frame["Row "].isna()[1]
    assert locked == ["text"]


def test_a_table_shows_values_on_one_line_and_columns_of_numbers_as_numbers() -> None:
    frame = table_of([ROW], ["text", "n", "Row"])
    assert list(frame.columns) == ["Row", "text", "n", "Row ", "Split", "Tags"]
    assert (frame["n"][0], frame["Row "][0]) == (2.0, "[1]")
    assert brief("data:image/png;base64,AAAA") == "data:image/png;base64"
    assert brief("a\n\n b") == "a b"
    message = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
    assert is_conversation([message])
    assert brief([message]) == "Hello"
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert "example.com" in (brief([{"role": "user", "content": [picture]}]) or "")
    assert brief([{"role": "assistant", "content": []}]) == ""
    assert not is_conversation([{"role": "user", "content": "Hello"}])
    assert not is_conversation([])


def test_calls_of_tools_read_as_calls_on_one_line() -> None:
    call = {"name": "weather", "arguments": {"city": "Zürich"}}
    assert brief({"content": "", "tool_calls": [call]}) == 'weather({"city":"Zürich"})'
    two = {"content": "Wait.", "tool_calls": [call, {"name": "now", "arguments": "{"}]}
    assert brief(two) == 'Wait. weather({"city":"Zürich"}) now({)'
    # What only looks like them stays JSON.
    assert brief({"content": "", "tool_calls": ["x"]}) == '{"content":"","tool_calls":["x"]}'
