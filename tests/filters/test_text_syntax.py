"""The one-line syntax: what people write, what it means, and what they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from workbench.filters import Condition, Filter, FilterError, Group, parse_text, to_text

DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ("model:gpt-4o", Condition("engine", "is", "gpt-4o")),
        ("engine=gpt-4o", Condition("engine", "is", "gpt-4o")),
        ("-model:gpt-4o", Condition("engine", "is_not", "gpt-4o")),
        ("model!=gpt-4o", Condition("engine", "is_not", "gpt-4o")),
        ("NOT model:gpt-4o", Condition("engine", "is_not", "gpt-4o")),
        ("model:a,b", Condition("engine", "in", ["a", "b"])),
        ('-model:a,"b, c"', Condition("engine", "not_in", ["a", "b, c"])),
        ("has:error", Condition("error_type", "is_not_null")),
        ("-has:cost", Condition("cost", "is_null")),
        ("prompt:support/answer", Condition("prompt_name", "is", "support/answer")),
        ("version:3", Condition("prompt_version_number", "eq", 3)),
        ("session:17", Condition("group_id", "is", 17)),
        ("id:1,2", Condition("pl_id", "in", [1, 2])),
        ("status:error", Condition("status", "is", "ERROR")),
        ("latency>2s", Condition("latency_ms", "gt", 2000)),
        ("latency>=1.5s", Condition("latency_ms", "gte", 1500)),
        ("latency<500ms", Condition("latency_ms", "lt", 500)),
        ("latency:1s..2s", Condition("latency_ms", "between", [1000, 2000])),
        ("cost>=0.01", Condition("cost", "gte", Decimal("0.01"))),
        ("cost>=$0.01", Condition("cost", "gte", Decimal("0.01"))),
        ("tokens>1k", Condition("total_tokens", "gt", 1000)),
        ("-version:3", Condition("prompt_version_number", "neq", 3)),
        ("tag:prod", Condition("tags", "contains", "prod")),
        ("-tag:test", Condition("tags", "not_contains", "test")),
        ("tag:a,b", Condition("tags", "in", ["a", "b"])),
        ("-has:tag", Condition("tags", "is_empty")),
        ("tool:search", Condition("tool_names", "contains", "search")),
        ("metadata.user_id:42", Condition("metadata", "key_equals", "42", key="user_id")),
        ("-metadata.user_id:42", Condition("metadata", "key_not_equals", "42", key="user_id")),
        ("metadata.user_id:1,2", Condition("metadata", "in", ["1", "2"], key="user_id")),
        ("meta.note~late", Condition("metadata", "key_contains", "late", key="note")),
        ("-meta.note~late", Condition("metadata", "key_not_contains", "late", key="note")),
        ('metadata."user id":42', Condition("metadata", "key_equals", "42", key="user id")),
        ("metadata.a.b-c:1", Condition("metadata", "key_equals", "1", key="a.b-c")),
        ("has:metadata.user_id", Condition("metadata", "is_not_empty", key="user_id")),
        ("output.status:ok", Condition("output", "key_equals", "ok", key="status")),
        ("var.question~why", Condition("input_variables", "key_contains", "why", key="question")),
        ("score.accuracy>0.8", Condition("score", "gt", Decimal("0.8"), key="accuracy")),
        ("score>80", Condition("score", "gt", 80)),
        ("-has:score.accuracy", Condition("score", "is_null", key="accuracy")),
        ("is:json", Condition("is_json", "is_true")),
        ("-is:tool_call", Condition("is_tool_call", "is_false")),
        ("is:starred", Condition("is_starred", "is_true")),
        ("is_json:false", Condition("is_json", "is_false")),
        ("input:hello", Condition("input_text", "contains", "hello")),
        ("-output:sorry", Condition("output_text", "not_contains", "sorry")),
        ('output^="{"', Condition("output_text", "starts_with", "{")),
        ("input$=?", Condition("input_text", "ends_with", "?")),
        ("last:7d", Condition("request_start_time", "within", "7d")),
        ("time:7d", Condition("request_start_time", "within", "7d")),
        ("after:2026-11-01", Condition("request_start_time", "after", DAY)),
        ("time>=2026-11-01", Condition("request_start_time", "after", DAY)),
        ("before:2026-11-01T01:00+01:00", Condition("request_start_time", "before", DAY)),
        ("end<2026-11-01", Condition("request_end_time", "before", DAY)),
        ("-refund", Condition("text", "not_contains", "refund")),
        ('-"exact words"', Condition("text", "not_contains", "exact words")),
    ],
)
def test_what_people_write(source: str, condition: Condition) -> None:
    assert parse_text(source) == Filter(Group((condition,)))


def test_the_sentence_of_the_issue() -> None:
    found = parse_text(
        'model:gpt-4o tag:prod latency>2s "exact words" -tag:test metadata.user_id:42'
    )
    assert found.text == '"exact words"'
    assert found.conditions == (
        Condition("engine", "is", "gpt-4o"),
        Condition("tags", "contains", "prod"),
        Condition("latency_ms", "gt", 2000),
        Condition("tags", "not_contains", "test"),
        Condition("metadata", "key_equals", "42", key="user_id"),
    )


def test_or_binds_less_than_standing_side_by_side() -> None:
    tag, model, cost = (
        Condition("tags", "contains", "a"),
        Condition("engine", "is", "m"),
        Condition("cost", "gt", 1),
    )
    assert parse_text("tag:a model:m OR cost>1") == Filter(Group((Group((tag, model)), cost), "OR"))
    assert parse_text("tag:a (model:m OR cost>1)") == Filter(
        Group((tag, Group((model, cost), "OR")))
    )


def test_words_are_free_text_unless_they_are_one_side_of_an_or() -> None:
    assert parse_text("refund policy tag:a").terms == ("refund", "policy")
    either = parse_text("refund OR return")
    assert either.text == ""
    assert either.items == (
        Group(
            (Condition("text", "contains", "refund"), Condition("text", "contains", "return")), "OR"
        ),
    )


@pytest.mark.parametrize(
    "word", ["http://example.com/a", "12:30", "example.com", "a,b", "c++", "#1"]
)
def test_what_looks_like_a_field_and_is_none_is_searched_for(word: str) -> None:
    assert parse_text(word).terms == (word,)


def test_times_without_a_zone_are_the_viewers_and_come_back_in_utc() -> None:
    found = parse_text("after:2026-07-01", ZoneInfo("Europe/Berlin"))
    assert to_text(found) == "after:2026-06-30T22:00Z"


def test_filters_are_written_as_people_write_them() -> None:
    source = (
        "model:gpt-4o -tag:test latency>2s latency<1.5s tokens>1k cost>=0.01 metadata.user_id:42 "
        "is:json -has:error last:7d status:error (tag:a OR привет) refund"
    )
    assert to_text(parse_text(source)) == source


@pytest.mark.parametrize(
    ("source", "column", "says"),
    [
        ("tag:a modle:x", 7, "Did you mean model?"),
        ("latency>fast", 9, '"fast" is no number'),
        ("status:broken", 8, "There are SUCCESS, WARNING, ERROR"),
        ("tag:a, b", 7, "A value is missing after the comma"),
        ("model:", 7, "A value is missing"),
        ("(tag:a", 1, "never closed"),
        ("tag:a)", 6, "closes nothing"),
        ('tag:"a', 5, "never closed"),
        ("()", 1, "nothing in these parentheses"),
        ("a OR", 5, "nothing after the last OR"),
        ("OR a", 1, "nothing before this OR"),
        ("-(a b)", 1, "cannot be negated"),
        ("f(x)", 1, "put the whole in quotes"),
        ("user_intent:curious", 1, "only looks at what was logged"),
        ("metadata:x", 1, "needs the name of a key"),
        ("model.x:y", 1, "has no keys inside"),
        ("tag>3", 4, "cannot be compared with >"),
        ("-latency>2s", 1, "does not go with >"),
        ("time:2026-13-01", 6, "no time that the calendar has"),
        ("after:7d", 7, "last:7d"),
        ("id:abc", 4, "whole number"),
        ("id:1,abc", 6, "whole number"),
        ("cost:5..1", 6, "first end of the range"),
        ("has:text", 5, "always there"),
        ("is:nice", 4, "json, tool_call, plain_text or starred"),
        ("input:a,b", 9, "Only one value"),
        ("(" * 7 + "a" + ")" * 7, 7, "more than 6 deep"),
    ],
)
def test_a_mistake_is_named_with_its_column(source: str, column: int, says: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse_text(source)
    assert raised.value.column == column
    assert raised.value.path == f"column {column}"
    assert says in raised.value.sentence


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Asia/Tokyo", "America/New_York"])
def test_a_day_alone_is_the_whole_day_where_the_reader_lives(zone: str) -> None:
    """2026-10-25 has 25 hours in Paris and 2026-03-08 has 23 in New York."""
    place = ZoneInfo(zone)
    for day in (date(2026, 11, 17), date(2026, 10, 25), date(2026, 3, 8)):
        (condition,) = parse_text(f"time:{day}", place).conditions
        first, last = condition.value
        after = last + timedelta(microseconds=1)
        assert condition.operator == "between"
        assert first.astimezone(place).replace(tzinfo=None) == datetime.combine(day, time())
        next_day = datetime.combine(day + timedelta(days=1), time())
        assert after.astimezone(place).replace(tzinfo=None) == next_day
        assert parse_text(to_text(parse_text(f"time:{day}", place))) == parse_text(
            f"time:{day}", place
        )


@pytest.mark.parametrize("word", ["monday", "Tuesday", "sunday"])
def test_a_day_of_the_week_is_the_last_one_before_today(word: str) -> None:
    (condition,) = parse_text(f"time:{word}").conditions
    first = condition.value[0]
    assert f"{first:%A}".casefold() == word.casefold()
    assert timedelta(0) < datetime.now(UTC) - first <= timedelta(days=8)
    assert first.date() < datetime.now(UTC).date()
    assert parse_text(f"after:{word}").conditions[0].value == first


def test_yesterday_ends_where_today_begins() -> None:
    (yesterday,) = parse_text("time:yesterday").conditions
    (today,) = parse_text("time:today").conditions
    assert yesterday.value[1] + timedelta(microseconds=1) == today.value[0]


def test_a_day_that_is_none_is_told() -> None:
    with pytest.raises(FilterError, match=r"2026-02-30.*no time that the calendar has"):
        parse_text("time:2026-02-30")
