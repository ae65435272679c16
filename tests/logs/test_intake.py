"""Bodies made into rows: what is not seen through the API's own tests."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.jsontext import FieldError
from workbench.logs import intake
from workbench.logs.intake import Sender, moment
from workbench.settings import Settings
from workbench.store.rows import NewRequest

SENDER = Sender("key:test", ZoneInfo("Asia/Kathmandu"))


def body(**changes: Any) -> dict[str, Any]:
    return {
        "provider_type": "openai",
        "function_name": "openai.chat.completions.create",
        "kwargs": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]},
        "request_response": {},
        "request_start_time": 1_767_000_000,
        "request_end_time": 1_767_000_001,
        **changes,
    }


def row(**changes: Any) -> NewRequest:
    sent = body(**changes)
    return intake.track_request(sent, json.dumps(sent), SENDER).row


def answer(usage: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": "Hello"}
    return {"model": "gpt-4o", "choices": [{"message": message}], "usage": usage}


def test_a_time_without_a_zone_is_read_in_the_senders() -> None:
    read = row(request_start_time="2026-01-01T05:45:00", request_end_time="2026-01-01T00:00:01Z")
    assert read.started_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert read.time_assumed
    assert (read.ended_at - read.started_at).total_seconds() == 1


def test_the_zone_of_this_machine_is_the_default() -> None:
    assert intake.zone_of(Settings()) is None
    assert intake.zone_of(Settings(time_zone="Europe/Berlin")) == ZoneInfo("Europe/Berlin")
    naive = datetime(2026, 1, 1, 12)
    assert moment("2026-01-01T12:00:00", None, "x") == (naive.astimezone(UTC), True)


@given(st.floats() | st.integers() | st.text(max_size=30) | st.datetimes().map(str))
def test_any_time_is_within_1970_and_9999_or_refused_by_name(value: Any) -> None:
    read, field = None, None
    try:
        read, _ = moment(value, None, "request_start_time")
    except FieldError as error:
        field = error.field
    assert field in (None, "request_start_time")
    assert (read is None) == (field is not None)
    if read is not None:
        assert 1970 <= read.year <= 9999
        assert read.tzinfo == UTC


def test_the_same_body_has_the_same_digest_for_one_sender_only() -> None:
    assert row().body_hash == row().body_hash
    assert row().body_hash != row(span_id="other").body_hash
    sent = body()
    other = intake.track_request(sent, json.dumps(sent), Sender("key:other", SENDER.zone)).row
    assert other.body_hash != row().body_hash
    assert row().body_hash == str(uuid.UUID(row().body_hash))


def test_the_callers_own_id_takes_the_place_of_the_digest() -> None:
    read = row(client_record_id="abc")
    assert read.body_hash is None
    assert read.client_record == row(client_record_id="abc", span_id="x").client_record
    assert read.client_record == str(uuid.UUID(read.client_record))


def test_cost_comes_from_the_price_table_with_its_formula() -> None:
    read = row(request_response=answer({"prompt_tokens": 1_000_000, "completion_tokens": 0}))
    assert read.cost == Decimal("2.5")
    assert read.cost_source == "genai-prices"
    assert read.cost_formula is not None
    assert read.cost_formula["model"] == "gpt-4o"


def test_a_cost_that_no_column_holds_is_unknown() -> None:
    read = row(request_response=answer({"prompt_tokens": 2**53, "completion_tokens": 2**53}))
    assert read.cost is None
    assert read.input_tokens == 2**53


@given(st.floats(min_value=1e-300, max_value=999_999_999, exclude_min=True))
def test_a_callers_price_keeps_nine_places(price: float) -> None:
    cost = row(price=price).cost
    assert cost is not None
    assert abs(float(cost) - price) <= 1e-9 * max(1.0, price)
    exponent = cost.as_tuple().exponent
    assert isinstance(exponent, int)
    assert exponent >= -9


@pytest.mark.parametrize(
    ("kind", "error_type"),
    [
        ("insufficient_quota", "PROVIDER_QUOTA_LIMIT"),
        ("rate_limit_error", "PROVIDER_RATE_LIMIT"),
        ("authentication_error", "PROVIDER_AUTH_ERROR"),
        ("timeout_error", "PROVIDER_TIMEOUT"),
        ("overloaded_error", "PROVIDER_ERROR"),
    ],
)
def test_a_vendors_error_becomes_one_of_the_documented_types(kind: str, error_type: str) -> None:
    failed = {"type": "error", "error": {"type": kind, "message": "no"}}
    read = row(provider_type="anthropic", request_response=failed)
    assert (read.status, read.error_type) == ("ERROR", error_type)
    assert read.error_message == f"{kind}: no"


def test_the_callers_word_on_the_outcome_wins() -> None:
    failed = {"error": {"type": "x", "message": "no"}}
    read = row(request_response=failed, status="WARNING", error_type="PROVIDER_PARTIAL_RESPONSE")
    assert (read.status, read.error_type) == ("WARNING", "PROVIDER_PARTIAL_RESPONSE")


def test_a_very_long_message_is_cut_in_the_column_only() -> None:
    read = row(status="ERROR", error_message="x" * 50_000)
    assert read.error_message is not None
    assert len(read.error_message) == intake.MAX_ERROR_MESSAGE
    assert "x" * 50_000 in read.raw


def test_the_raw_text_is_kept_as_it_came() -> None:
    text = json.dumps(body(), indent=3) + "\n"
    assert intake.track_request(body(), text, SENDER).row.raw == text
