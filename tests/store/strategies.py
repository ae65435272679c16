"""Any request that the API lets through, as Hypothesis makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from workbench.store.rows import STATUSES, NewRequest

# Lone surrogates are refused before the store; everything else of Unicode is welcome.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
maybe_text = st.none() | text
name = st.none() | st.sampled_from(["gpt-4o", "", "ключ", "a\x00b", "'; DROP TABLE requests; --"])
count = st.none() | st.integers(0, 2**53)
scalar = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
)
json_value = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
json_object = st.dictionaries(text, json_value, max_size=5)
moment = st.datetimes(
    datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), timezones=st.just(UTC)
)
cost = st.none() | st.decimals(Decimal(0), Decimal("999999999.999999999"), places=9)


@st.composite
def new_requests(draw: st.DrawFn) -> NewRequest:
    started = draw(moment)
    room = datetime.max.replace(tzinfo=UTC) - started
    lasted = min(draw(st.timedeltas(timedelta(0), timedelta(days=400))), room)
    fields: dict[str, Any] = {
        "started_at": started,
        "ended_at": started + lasted,
        "raw": draw(text | st.binary(max_size=2000).map(lambda data: data.hex() * 3)),
        "actor": draw(text),
        "source": draw(text),
        "time_assumed": draw(st.booleans()),
        "status": draw(st.sampled_from(STATUSES)),
        "cost": draw(cost),
        "cost_formula": draw(st.none() | json_object),
        "tags": tuple(draw(st.lists(text, max_size=4, unique=True))),
        "metadata": draw(json_object),
        "prompt_version": draw(st.none() | st.integers(0, 2**31 - 1)),
        "image_count": draw(st.integers(0, 100)),
        "tool_names": tuple(draw(st.lists(text, max_size=3))),
        "prompt": draw(json_value),
        "output": draw(json_value),
        "parameters": draw(json_object),
        "input_variables": draw(st.none() | json_object),
        "scores": tuple(draw(st.dictionaries(text, st.floats(0, 100), max_size=3)).items()),
    }
    for each in ("provider", "model", "function_name", "api_type", "error_type", "error_message"):
        fields[each] = draw(name)
    for each in ("finish_reason", "cost_source", "prompt_name", "prompt_label", "span_id"):
        fields[each] = draw(maybe_text)
    for each in ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens"):
        fields[each] = draw(count)
    for each in ("reasoning_tokens", "prompt_id", "group_id"):
        fields[each] = draw(count)
    for each in ("is_json", "is_tool_call", "is_plain_text"):
        fields[each] = draw(st.booleans())
    for each in ("input_preview", "output_preview", "input_text", "output_text", "normaliser"):
        fields[each] = draw(text)
    return NewRequest(**fields, trace_id=draw(maybe_text))
