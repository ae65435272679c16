"""The filter as an object: one form, chips, time ranges, words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from workbench.filters import (
    Condition,
    Filter,
    FilterError,
    Group,
    TimeRange,
    describe,
    parse_text,
    to_text,
)

MODEL = Condition("engine", "is", "gpt-4o")
TAG = Condition("tags", "contains", "prod")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_filters_that_mean_the_same_are_equal() -> None:
    plain = Filter(Group((MODEL, TAG)))
    assert Filter(Group((Group((MODEL,)), Group((), "AND"), Group((TAG,), "OR")))) == plain
    assert Filter(Group((MODEL, Group((TAG, Group((), "OR")), "AND")))) == plain
    assert hash(Filter(Group((Group((MODEL, TAG)),)))) == hash(plain)


def test_an_empty_group_inside_an_or_lets_everything_through() -> None:
    assert Filter(Group((MODEL, Group((Group(), TAG), "OR")))) == Filter(Group((MODEL,)))


def test_values_take_one_form() -> None:
    assert Condition("cost", "gt", 0.1) == Condition("cost", "gt", Decimal("0.100"))
    assert Condition("cost", "gt", 2.0) == Condition("cost", "gt", "2")
    assert Condition("tags", "in", ["a", "a"]) == Condition("tags", "contains", "a")
    assert Condition("engine", "not_in", ["a"]) == Condition("engine", "is_not", "a")
    assert Condition("status", "is", "error") == Condition("status", "is", "ERROR")
    zoned = Condition("request_start_time", "after", "2026-11-01T01:00:00+01:00")
    assert zoned.value == datetime(2026, 11, 1, tzinfo=UTC)


def test_free_text_takes_one_form() -> None:
    assert Filter(text='  refund   "exact  words" ').text == 'refund "exact  words"'
    assert Filter(text="a:b").terms == ("a:b",)
    assert Filter(text='never "closed').terms == ("never", '"closed')
    assert Filter(text="   ").is_empty


def test_chips_come_and_go() -> None:
    both = Filter().with_condition(MODEL).with_condition(TAG).with_condition(TAG)
    assert both.items == (MODEL, TAG)
    assert both.without(MODEL) == Filter(Group((TAG,)))
    assert both.without(Condition("cost", "is_null")) == both
    other = Condition("engine", "in", ["a", "b"])
    assert both.with_condition(other, replace=True).items == (TAG, other)
    either = Group((MODEL, TAG), "OR")
    assert Filter().with_condition(either).without(either).is_empty
    assert both.without_field("tags").items == (MODEL,)


def test_one_metadata_key_does_not_replace_another() -> None:
    one = Condition("metadata", "key_equals", "1", key="a")
    two = Condition("metadata", "key_equals", "2", key="b")
    assert Filter().with_condition(one).with_condition(two, replace=True).items == (one, two)


def test_a_relative_range_stays_relative_in_the_link() -> None:
    week = Filter(Group((MODEL,))).with_time_range("7d")
    assert to_text(week) == "last:7d model:gpt-4o"
    assert week.time_range == TimeRange(last="7d")
    assert week.time_range.preset == "7d"
    assert week.time_bounds(NOW) == (NOW - timedelta(days=7), None)
    assert week.time_bounds(NOW + timedelta(hours=1)) != week.time_bounds(NOW)
    assert week.with_time_range("all") == Filter(Group((MODEL,)))
    assert Filter().time_range.preset == "all"


def test_an_absolute_range_replaces_a_relative_one() -> None:
    start, end = NOW - timedelta(days=2), NOW - timedelta(days=1)
    found = Filter().with_time_range("7d").with_time_range(TimeRange(start=start, end=end))
    assert found.time_range == TimeRange(start=start, end=end)
    assert found.time_range.preset is None
    assert found.time_bounds(NOW) == (start, end)


def test_the_bounds_are_the_narrowest_that_all_conditions_leave() -> None:
    found = parse_text("last:30d after:2026-11-20 time:2026-11-19..2026-11-21 before:2026-12-01")
    assert found.time_bounds(NOW) == (
        datetime(2026, 11, 20, tzinfo=UTC),
        datetime(2026, 11, 21, 0, 0, 0, 1, tzinfo=UTC),
    )


def test_times_inside_an_or_group_bound_nothing() -> None:
    assert parse_text("last:7d OR tag:a").time_bounds(NOW) == (None, None)


@pytest.mark.parametrize("length", ["7", "d", "0d", "-1d", "7 d", "7y", "", "٧d", "99999w"])
def test_what_is_no_length_of_time_is_refused(length: str) -> None:
    with pytest.raises(FilterError):
        Condition("request_start_time", "within", length)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("model:gpt-4o-mini", "model is gpt-4o-mini"),
        ("tag:prod", "tag has prod"),
        ("-tag:a,b", "tag has none of a, b"),
        ("latency>2s", "latency > 2 s"),
        ("latency<300ms", "latency < 300 ms"),
        ("cost>=0.01", "cost ≥ $0.01"),
        ("tokens>1500", "tokens > 1,500"),
        ("metadata.user_id:42", "metadata user_id is 42"),
        ("-has:metadata.user_id", "metadata user_id is not there"),
        ("last:7d", "time is within the last 7 days"),
        ("last:1h", "time is within the last hour"),
        ("after:2026-11-01", "time is from 2026-11-01 00:00 UTC"),
        ("status:error", "status is error"),
        ("-is:json", "output is not JSON"),
        ("score.accuracy:0.5..1", "score accuracy is between 0.5 and 1"),
        ("id:1,2,3,4,5,6,7", "request is one of 1, 2, 3, 4, 5 and 2 more"),
        ('"exact words" tag:a', 'tag has a and text contains "exact words"'),
        ("tag:a OR (tag:b model:c)", "tag has a or (tag has b and model is c)"),
        ("", "everything"),
    ],
)
def test_filters_in_words(source: str, words: str) -> None:
    assert describe(parse_text(source)) == words


def test_words_show_nothing_that_hides_or_turns_the_line() -> None:
    shown = describe(Condition("tags", "contains", "a\u202eb\nc"))
    assert shown == 'tag has "a\\u{202e}b\\nc"'
    assert len(describe(Condition("tags", "contains", "x" * 2000))) < 120
