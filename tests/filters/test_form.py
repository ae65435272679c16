"""The form of a filter, and the opposite of a condition."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from tests.filters.strategies import conditions, filters
from workbench.filters import (
    Condition,
    Filter,
    FilterError,
    Group,
    from_json,
    from_url,
    parse_text,
    to_json,
    to_text,
    to_url,
)
from workbench.filters.form import Either, Form, Row, from_form, to_form
from workbench.filters.inverting import inverted


@given(filters)
def test_every_filter_comes_back_from_its_form(filter_: Filter) -> None:
    assert from_form(to_form(filter_)) == filter_


@given(filters)
def test_form_text_link_and_json_lead_to_each_other(filter_: Filter) -> None:
    """Round and round: form to text to link to JSON to form."""
    text = to_text(from_form(to_form(filter_)))
    link = to_url(parse_text(text))
    saved = to_json(from_url(link))
    assert json.loads(saved)["version"] == 1
    assert to_form(from_json(saved)) == to_form(filter_)


def test_what_rows_cannot_show_stays_as_it_is() -> None:
    filter_ = parse_text("tag:a (model:x OR (tag:b cost>1)) (tag:c OR tag:d) refund")
    form = to_form(filter_)
    assert form.items[0] == Row("tags", "contains", ("a",))
    assert isinstance(form.items[1], Group)
    assert form.items[2] == Either(
        (Row("tags", "contains", ("c",)), Row("tags", "contains", ("d",)))
    )
    assert form.text == "refund"
    fewer = Form((form.items[1],), "")
    assert to_text(from_form(fewer)) == "model:x OR (tag:b cost>1)"


def test_blank_rows_ask_for_nothing() -> None:
    rows = (
        Row("engine", "in"),
        Row("cost", "gt", ("",)),
        Either((Row("tags", "contains", ("",) * 0),)),
        Row("status", "is", ("error",)),
    )
    assert to_text(from_form(Form(rows))) == "status:error"


def test_values_are_read_as_people_write_them() -> None:
    rows = (
        Row("latency_ms", "gt", (" 2s ",)),
        Row("cost", "between", ("$0.01", "0.05")),
        Row("request_start_time", "after", ("2026-11-01 09:30",)),
        Row("tags", "in", ("a", "b")),
    )
    found = from_form(Form(rows), ZoneInfo("Europe/Berlin"))
    assert found.conditions[2].value == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert to_text(found) == "latency>2s cost:0.01..0.05 after:2026-11-01T08:30Z tag:a,b"


@pytest.mark.parametrize(
    ("item", "path", "says"),
    [
        (Row("latency_ms", "gt", ("soon",)), "1", "is no number"),
        (Row("metadata", "key_equals", ("x",)), "1", "needs the name of a key"),
        (Row("request_start_time", "after", ("7d",)), "1", "A time is needed"),
        (Row("cost", "between", ("2", "1")), "1", "after the second"),
        (Row("cost", "between", ("2",)), "1", "two values"),
        (Either((Row("cost", "gt", ("1",)), Row("cost", "gt", ("x",)))), "1.1", "is no number"),
    ],
)
def test_a_mistake_is_placed_at_its_row(item: Row | Either, path: str, says: str) -> None:
    with pytest.raises(FilterError) as raised:
        from_form(Form((Row("tags", "contains", ("a",)), item)))
    assert raised.value.path == path
    assert says in raised.value.sentence


@pytest.mark.parametrize(
    ("text", "opposite"),
    [
        ("model:a", "-model:a"),
        ("-tag:a,b", "tag:a,b"),
        ("latency>2s", "latency<=2s"),
        ("has:cost", "-has:cost"),
        ("is:json", "-is:json"),
        ("metadata.k~x", "-metadata.k~x"),
        ("before:2026-11-01", "after:2026-11-01T00:00Z"),
        ("tag:a OR tag:b", "-tag:a -tag:b"),
    ],
)
def test_the_opposite_of_a_condition(text: str, opposite: str) -> None:
    (item,) = parse_text(text).items
    other = inverted(item)
    assert other is not None
    assert to_text(Filter(Group((other,)))) == opposite


@pytest.mark.parametrize("text", ["last:7d", "cost:1..2", "input^=a", "last:7d OR tag:a"])
def test_some_conditions_have_no_opposite(text: str) -> None:
    (item,) = parse_text(text).items
    assert inverted(item) is None


@given(conditions())
def test_the_opposite_of_the_opposite_is_the_condition(condition: Condition) -> None:
    other = inverted(condition)
    if other is not None:
        assert inverted(other) == condition
