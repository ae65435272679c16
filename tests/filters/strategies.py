"""Arbitrary valid filters, and values that like to break readers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from workbench.filters import FIELDS, Condition, Field, Filter, Group
from workbench.filters.fields import Operator

HOSTILE = [
    "' OR 1=1 --",
    "'; DROP TABLE requests; --",
    '"',
    "\\",
    '\\"',
    "?",
    "a?b",
    "%",
    "_",
    ".*",
    "(?i)x",
    "[",
    "\\E",
    "$1",
    "OR",
    "AND",
    "NOT",
    "-x",
    "a:b",
    "tag:x",
    "a,b",
    "(a)",
    "a b",
    " a ",
    "a\nb",
    "\x00",
    "\u200e\u202eabc",
    "a\u00a0b",
    "\u2028",
    "e\u0301",
    "\u00e9",
    "Straße",
    "İstanbul",
    "ΟΔΟΣ",
    "привет",
    "日本語",
    "한국어",
    "مرحبا",
    "می\u200cخواهم",
    "👩\u200d💻",
    "ﬁrst",
    "7d",
    "1..2",
    "true",
    "f=1&f=2",
    "%20+",
    "#",
]
_LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs"])
texts = (
    st.sampled_from(HOSTILE) | st.text(_LETTERS, max_size=12) | st.text('ab :,-"\\()', max_size=8)
)
some_text = texts.filter(bool)
numbers = (
    st.integers(-(10**15) + 1, 10**15 - 1)
    | st.integers(-3, 5)
    | st.decimals(-1000, 1000, places=3)
    | st.decimals(-1, 1, places=12)
    | st.sampled_from([Decimal("0.1"), Decimal("999999999999999.999999999999"), 1000, 2500, 60000])
)
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda t: t.replace(tzinfo=UTC))
lengths = st.sampled_from(["1h", "24h", "7d", "30d", "90m", "4w", "99999m"])


def one_value(field: Field) -> st.SearchStrategy[Any]:
    match field.kind:
        case "id":
            return st.integers(0, 2**63 - 1)
        case "number" | "score":
            return numbers
        case "date":
            return times
    if field.choices:
        return st.sampled_from(field.choices)
    return some_text if field.kind in ("text", "nested") else texts


@st.composite
def values(draw: st.DrawFn, field: Field, operator: Operator) -> Any:
    match operator.takes:
        case "nothing":
            return None
        case "duration":
            return draw(lengths)
        case "one":
            return draw(one_value(field))
        case "range":
            return sorted([draw(one_value(field)), draw(one_value(field))])
        case "list":
            return draw(st.lists(one_value(field), min_size=1, max_size=4))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(sorted(FIELDS.values(), key=lambda f: f.name)))
    operator = draw(st.sampled_from(field.operators))
    key = None
    if field.kind == "nested":
        key = draw(texts)
    elif field.kind == "score":
        key = draw(st.none() | texts)
    return Condition(field.name, operator.name, draw(values(field, operator)), key)


logics = st.sampled_from(["AND", "OR"])
groups = st.recursive(
    st.builds(Group, st.lists(conditions(), max_size=4).map(tuple), logics),
    lambda inner: st.builds(Group, st.lists(conditions() | inner, max_size=3).map(tuple), logics),
    max_leaves=4,
)
free_texts = st.lists(texts, max_size=3).map(" ".join) | texts
filters = st.builds(Filter, groups, free_texts)
