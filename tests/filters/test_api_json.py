"""Filters in the body of the reference's request search."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.filters import FIELDS, Condition, Filter, FilterError, Group, from_api, from_json
from workbench.filters.model import MAX_CONDITIONS

# Field and operator names of RequestLogQuery in the reference's OpenAPI document.
REFERENCE_FIELDS = {
    "pl_id",
    "prompt_id",
    "engine",
    "provider_type",
    "input_text",
    "output_text",
    "prompt_version_number",
    "input_tokens",
    "output_tokens",
    "cost",
    "latency_ms",
    "request_start_time",
    "request_end_time",
    "status",
    "is_json",
    "is_tool_call",
    "is_plain_text",
    "tags",
    "metadata_keys",
    "metadata",
    "tool_names",
    "output",
    "output_keys",
    "input_variables",
    "input_variable_keys",
}
REFERENCE_OPERATORS = {
    "is",
    "is_not",
    "in",
    "not_in",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "before",
    "after",
    "is_true",
    "is_false",
    "is_empty",
    "is_not_empty",
    "is_null",
    "is_not_null",
    "key_equals",
    "key_not_equals",
    "key_contains",
}


def test_every_field_and_operator_of_the_reference_is_there() -> None:
    assert {field.name for field in FIELDS.values() if not field.ours} == REFERENCE_FIELDS
    ours = {op.name for field in FIELDS.values() for op in field.operators}
    assert ours >= REFERENCE_OPERATORS


def _one(**filter_: Any) -> dict[str, Any]:
    return {"filter_group": {"filters": [filter_]}}


def test_the_references_own_examples_are_read() -> None:
    body = {
        "q": "refund policy",
        "filter_group": {
            "logic": "OR",
            "filters": [
                {"field": "tags", "operator": "contains", "value": "production"},
                {
                    "logic": "AND",
                    "filters": [
                        {"field": "engine", "operator": "in", "value": ["gpt-4o", "claude"]},
                        {"field": "latency_ms", "operator": "gt", "value": 5000},
                    ],
                },
                {"field": "prompt_id", "operator": "is", "value": 1234},
                {"field": "status", "operator": "is", "value": "error"},
            ],
        },
        "sort_by": "cost",
        "page": 3,
    }
    found = from_api(body)
    assert found.terms == ("refund", "policy")
    (group,) = found.items
    assert isinstance(group, Group)
    assert group.logic == "OR"
    assert len(group.items) == 4
    metadata = _one(
        field="metadata", operator="key_equals", value="customer_123", nested_key="user_id"
    )
    assert from_api(metadata).items == (
        Condition("metadata", "key_equals", "customer_123", key="user_id"),
    )


@pytest.mark.parametrize(
    "body", [{}, {"filter_group": None, "q": None}, {"filter_group": {"filters": []}}]
)
def test_nothing_asked_is_the_empty_filter(body: dict[str, Any]) -> None:
    assert from_api(body) == Filter()
    assert from_api(body).is_empty


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        ({"filter_group": []}, "filter_group", "must be an object"),
        ({"filter_group": {}}, "filter_group", "filters"),
        ({"filter_group": {"filters": {}}}, "filter_group.filters", "must be a list"),
        ({"filter_group": {"filters": [], "logic": "XOR"}}, "filter_group.logic", "AND"),
        ({"filter_group": {"filters": [], "extra": 1}}, "filter_group", '"extra"'),
        ({"filter_group": {"field": "cost", "operator": "is_null"}}, "filter_group", "a list"),
        ({"filter_group": {"filters": ["x"]}}, "filter_group.filters[0]", "must be an object"),
        ({"q": 5}, "q", "must be text"),
        ({"q": "a" * 2001}, "q", "longer than"),
        ({"q": "\ud800"}, "q", "not valid Unicode"),
        (_one(field=5, operator="is"), "filter_group.filters[0].field", "must be text"),
        (_one(field="engine"), "filter_group.filters[0].operator", "must be text"),
        (_one(field="nope", operator="is"), "filter_group.filters[0].field", "There is no field"),
        (
            _one(field="user_intent", operator="is", value="curious"),
            "filter_group.filters[0].field",
            "not available",
        ),
        (
            _one(field="agent_intent", operator="is", value="refusal"),
            "filter_group.filters[0].field",
            "not available",
        ),
        (
            _one(field="engine", operator="gt", value="x"),
            "filter_group.filters[0].operator",
            "It has is,",
        ),
        (
            _one(field="engine", operator="is", value=5),
            "filter_group.filters[0].value",
            "must be text",
        ),
        (_one(field="engine", operator="in", value="x"), "filter_group.filters[0].value", "a list"),
        (
            _one(field="engine", operator="in", value=[]),
            "filter_group.filters[0].value",
            "at least one",
        ),
        (
            _one(field="engine", operator="in", value=["x", None]),
            "filter_group.filters[0].value[1]",
            "must be text",
        ),
        (
            _one(field="engine", operator="is", value="\udfff"),
            "filter_group.filters[0].value",
            "Unicode",
        ),
        (
            _one(field="cost", operator="gt", value=True),
            "filter_group.filters[0].value",
            "must be a number",
        ),
        (
            _one(field="cost", operator="gt", value=float("nan")),
            "filter_group.filters[0].value",
            "finite",
        ),
        (
            _one(field="cost", operator="gt", value=10**400),
            "filter_group.filters[0].value",
            "too large",
        ),
        (
            _one(field="cost", operator="between", value=[1]),
            "filter_group.filters[0].value",
            "two values",
        ),
        (
            _one(field="cost", operator="is_null", value=0),
            "filter_group.filters[0].value",
            "takes no value",
        ),
        (
            _one(field="pl_id", operator="is", value=1.5),
            "filter_group.filters[0].value",
            "whole number",
        ),
        (_one(field="pl_id", operator="is", value=2**64), "filter_group.filters[0].value", "ids"),
        (
            _one(field="request_start_time", operator="after", value="soon"),
            "filter_group.filters[0].value",
            "no time",
        ),
        (
            _one(field="request_start_time", operator="after", value=5),
            "filter_group.filters[0].value",
            "must be a time",
        ),
        (
            _one(field="metadata", operator="key_equals", value="x"),
            "filter_group.filters[0].nested_key",
            "needs the name",
        ),
        (
            _one(field="metadata", operator="key_equals", value="x", nested_key=5),
            "filter_group.filters[0].nested_key",
            "must be text",
        ),
        (
            _one(field="engine", operator="is", value="x", nested_key="k"),
            "filter_group.filters[0].nested_key",
            "no keys",
        ),
        (
            _one(field="engine", operator="is", value="x", values=1),
            "filter_group.filters[0]",
            '"values"',
        ),
        (
            _one(field="text", operator="contains", value=""),
            "filter_group.filters[0].value",
            "empty",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(body: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(FilterError) as raised:
        from_api(body)
    assert raised.value.path == path
    assert says in raised.value.sentence


def test_json_values_inside_nested_fields_compare_as_their_text() -> None:
    for value, text in [(42, "42"), (0.95, "0.95"), (True, "true"), (1e3, "1000.0")]:
        body = _one(field="output", operator="key_equals", value=value, nested_key="k")
        assert from_api(body).conditions[0].value == text


def test_groups_may_be_deep_but_not_endless() -> None:
    def nested(levels: int) -> dict[str, Any]:
        group: dict[str, Any] = {"filters": [{"field": "cost", "operator": "is_null"}]}
        for _ in range(levels):
            group = {"logic": "OR", "filters": [group]}
        return {"filter_group": group}

    assert from_api(nested(6)).items
    for levels in (7, 900):
        with pytest.raises(FilterError, match="more than 6 deep"):
            from_api(nested(levels))


def test_there_are_limits_on_how_much_is_asked() -> None:
    one = {"field": "cost", "operator": "is_null"}
    many = {"filter_group": {"logic": "OR", "filters": [one] * (MAX_CONDITIONS + 1)}}
    with pytest.raises(FilterError, match="more than 100 conditions"):
        from_api(many)
    with pytest.raises(FilterError, match="more than 200 filters"):
        from_api({"filter_group": {"filters": [one] * 201}})
    with pytest.raises(FilterError, match="at most 1,000 values"):
        from_api(_one(field="engine", operator="in", value=["x"] * 1001))
    with pytest.raises(FilterError, match="20,000 characters"):
        from_api(_one(field="engine", operator="in", value=[f"{i:02}" * 500 for i in range(21)]))
    with pytest.raises(FilterError, match="more than 32 words"):
        from_api({"q": " ".join(map(str, range(33)))})


@pytest.mark.parametrize(
    "saved", ["", "[]", "{}", '{"version":2}', '{"version":1,"where":{}}', "[" * 100_000, "\x00"]
)
def test_a_damaged_saved_view_is_refused(saved: str) -> None:
    with pytest.raises(FilterError):
        from_json(saved)
