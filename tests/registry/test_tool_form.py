"""Parameters of a tool as rows: what a row does not show stays, and what it shows is the schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.jsontext import FieldError
from workbench.registry import tool_form as form
from workbench.registry.schemas import check_tools

NAMES = st.text("abcé_ 1", min_size=1, max_size=5).map(str.strip).filter(bool)
TEXTS = st.text('ab ,"é\n', max_size=6)
PROPERTY = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([*form.TYPES, ["string", "null"]]),
        "description": TEXTS.filter(bool),
        "enum": st.lists(st.text('ab,"', min_size=1, max_size=3), min_size=1, unique=True),
        "items": st.just({"type": "string"}),
        "properties": st.just({"x": {"type": "object", "additionalProperties": False}}),
        "format": st.just("date"),
    },
)


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, PROPERTY, max_size=4))
    whole: dict[str, Any] = {"type": "object", "properties": properties}
    if draw(st.booleans()):
        whole["required"] = draw(st.permutations([n for n in properties if draw(st.booleans())]))
    if draw(st.booleans()):
        whole["additionalProperties"] = False
    return whole


@given(schemas())
def test_rows_that_nobody_changed_are_the_schema_that_they_came_from(
    schema: dict[str, Any],
) -> None:
    rows = form.rows_of(schema)
    assert rows is not None
    assert form.schema_of(rows, schema) == schema


def test_a_row_changes_what_it_shows_and_keeps_the_rest() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "days": {"type": "array", "items": {"type": "integer"}, "description": "Which"},
            "unit": {"type": "string", "enum": ["c", "f"]},
        },
        "required": ["unit"],
    }
    rows = form.rows_of(schema)
    assert rows is not None
    rows[0] |= {form.NAME: "weekdays", form.REQUIRED: True, form.ABOUT: ""}
    rows[1] |= {form.VALUES: 'c, f, "k, absolute"'}
    rows.append({form.NAME: "note", form.TYPE: "string", form.REQUIRED: None})
    assert form.schema_of(rows, schema) == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "weekdays": {"type": "array", "items": {"type": "integer"}},
            "unit": {"type": "string", "enum": ["c", "f", "k, absolute"]},
            "note": {"type": "string"},
        },
        "required": ["unit", "weekdays"],
    }


@pytest.mark.parametrize(
    "rows",
    [[{form.NAME: " "}], [{form.NAME: None}], [{form.NAME: "a"}, {form.NAME: "a "}]],
)
def test_a_row_without_a_name_of_its_own_is_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(FieldError, match="parameter"):
        form.schema_of(rows, None)


@pytest.mark.parametrize("schema", [True, [], {"type": "string"}, {"properties": {"a": True}}, "x"])
def test_a_schema_that_is_no_plain_object_has_no_rows(schema: Any) -> None:
    assert form.rows_of(schema) is None
    assert form.rows_of(None) == []


@pytest.mark.parametrize("kind", [form.FUNCTION, form.VARIABLE, form.MCP, *form.BUILT_IN])
def test_a_new_tool_of_each_kind_can_be_saved_and_copied_under_a_name_of_its_own(kind: str) -> None:
    first = form.new(kind, [])
    second = form.new(kind, [form.name_of(first)])
    third = form.copy_of(first, [form.name_of(first), form.name_of(second)])
    assert len({form.name_of(one) for one in (first, second, third)}) == 3
    assert {form.kind_of(one) for one in (first, second, third)} == {kind}
    check_tools({"tools": [first, second, third]})


def test_a_tool_choice_names_functions_alone() -> None:
    tools = [form.new(form.FUNCTION, []), form.new(form.MCP, []), {"type": "variable", "name": "t"}]
    found = form.choices(tools)
    assert list(found) == ["not said", "auto", "none", "required", "only new_tool"]
    assert found["only new_tool"] == {"type": "function", "function": {"name": "new_tool"}}
