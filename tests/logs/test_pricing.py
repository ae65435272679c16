"""Costs: checked by hand where the price is well known, against the table's own sum elsewhere."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.logs.pricing import cost_of
from workbench.usage import Usage

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def total(provider: str, model: str, usage: Usage, at: datetime = AT) -> Decimal:
    cost = cost_of(provider, model, usage, at)
    assert cost is not None
    return cost.total


def test_cached_tokens_are_counted_once() -> None:
    # gpt-4o: $2.50 input, $1.25 cached, $10 output a million: 372*2.5 + 128*1.25 + 90*10.
    cost = cost_of("openai", "gpt-4o-2024-08-06", Usage(500, 90, 128), AT)
    assert cost is not None
    assert (cost.total, cost.source) == (Decimal("0.00199"), "genai-prices")
    assert cost.formula is not None
    assert cost.formula["lines"] == [
        {"what": "input", "tokens": "372", "per_million": "2.5", "cost": "0.00093"},
        {"what": "cached input", "tokens": "128", "per_million": "1.25", "cost": "0.00016"},
        {"what": "output", "tokens": "90", "per_million": "10", "cost": "0.0009"},
    ]
    assert cost.formula["model"] == "gpt-4o"
    assert cost.formula["provider"] == "openai"
    assert cost.formula["price_date"] == "2026-06-01"


def test_cache_writes_cost_by_their_lifetime() -> None:
    # claude-sonnet-4: $3 input, $0.30 read, $3.75 write, $6 write for an hour, $15 output.
    usage = Usage(2100, 20, 1800, 200, None, {"cache_write_1h_tokens": 150})
    expected = Decimal(100 * 3 + 50 * Decimal("3.75") + 150 * 6 + 1800 * Decimal("0.3") + 20 * 15)
    assert total("anthropic", "claude-sonnet-4-20250514", usage) == expected / 1_000_000


def test_a_long_prompt_pays_the_higher_tier_for_all_tokens() -> None:
    # gemini-2.5-pro: $1.25 and $10 up to 200,000 input tokens, then $2.50 and $15.
    assert total("google", "gemini-2.5-pro", Usage(200_000, 1000)) == Decimal("0.26")
    assert total("google", "gemini-2.5-pro", Usage(200_001, 1000)) == Decimal("0.5150025")


def test_the_price_is_that_of_the_day() -> None:
    # o3 cost $10 and $40 a million until 10 June 2025, then $2 and $8.
    usage = Usage(1_000_000, 1_000_000)
    before = cost_of("openai", "o3", usage, datetime(2025, 6, 9, tzinfo=UTC))
    after = cost_of("openai", "o3", usage, datetime(2025, 6, 10, tzinfo=UTC))
    assert before is not None
    assert after is not None
    assert (before.total, after.total) == (Decimal(50), Decimal(10))
    assert before.formula is not None
    assert after.formula is not None
    assert (before.formula["price_since"], after.formula["price_since"]) == (None, "2025-06-10")


def test_the_day_is_counted_in_utc() -> None:
    late = datetime(2025, 6, 9, 23, tzinfo=timezone(timedelta(hours=-5)))
    assert total("openai", "o3", Usage(1_000_000, 0), late) == Decimal(2)
    assert total("openai", "o3", Usage(1_000_000, 0), datetime(2025, 6, 9, 23)) == Decimal(10)


def test_audio_and_service_tiers_have_their_own_prices() -> None:
    # gpt-audio: $2.50 input, $32 audio in, $10 output, $64 audio out.
    usage = Usage(1000, 1000, billing={"input_audio_tokens": 400, "output_audio_tokens": 900})
    expected = Decimal(600 * Decimal("2.5") + 400 * 32 + 100 * 10 + 900 * 64) / 1_000_000
    assert total("openai", "gpt-audio", usage) == expected
    # o4-mini on the flex tier: half of $1.10 and $4.40, from 12 October 2026.
    flex = Usage(1_000_000, 1_000_000, billing={"service_tier": "flex"})
    at = datetime(2026, 11, 1, tzinfo=UTC)
    assert total("openai", "o4-mini", flex, at) == Decimal("2.75")


def test_the_callers_own_price_wins_and_nought_is_not_said() -> None:
    usage = Usage(500, 90, 128)
    said = cost_of("openai", "gpt-4o", usage, AT, Decimal("0.5"))
    assert said is not None
    assert (said.total, said.source, said.formula) == (Decimal("0.5"), "caller", None)
    computed = cost_of("openai", "gpt-4o", usage, AT, Decimal("0.0"))
    assert computed is not None
    assert computed.source == "genai-prices"
    assert cost_of("openai", "gpt-4o", None, AT, Decimal("0.0")) is None
    assert cost_of("openai", "gpt-4o", usage, AT, Decimal("NaN")) == computed


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("azure", "gpt-4o-2024-08-06"),
        ("azure", "gpt-35-turbo"),
        ("bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (
            "bedrock",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        ),
        ("vertexai", "gemini-2.5-flash"),
        ("vertexai", "claude-sonnet-4@20250514"),
        ("google", "models/gemini-2.0-flash"),
        ("mistral", "mistral-large-latest"),
        ("cohere", "command-r-plus-08-2024"),
        ("openrouter", "openai/gpt-4o"),
        ("xai", "grok-3"),
        ("my-gateway", "gpt-4o"),
        ("my-gateway", "openai/gpt-4o"),
        (None, "claude-3-5-haiku-20241022"),
    ],
)
def test_a_model_is_priced_wherever_it_is_hosted(provider: str | None, model: str) -> None:
    cost = cost_of(provider, model, Usage(1000, 1000), AT)
    assert cost is not None
    assert cost.total > 0


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("openai", "gpt-99-imaginary", Usage(10, 10)),
        ("ollama", "mistral", Usage(10, 10)),
        ("openai", None, Usage(10, 10)),
        ("openai", "gpt-4o", None),
        ("openai", "gpt-4o", Usage(None, 10)),
        ("openai", "gpt-4o", Usage(10, None)),
        ("openai", "g" * 10_000, Usage(10, 10)),
    ],
)
def test_what_is_unknown_has_no_cost(provider: str, model: str | None, usage: Usage | None) -> None:
    assert cost_of(provider, model, usage, AT) is None


def test_an_embedding_needs_no_output_tokens() -> None:
    assert total("openai", "text-embedding-3-small", Usage(1_000_000)) == Decimal("0.02")


MODELS = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-5"),
    ("openai", "o3"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-opus-4-6"),
    ("google", "gemini-2.5-pro"),
    ("deepseek", "deepseek-chat"),
    ("azure", "gpt-4o-mini"),
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(MODELS),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
)
def test_lines_add_up_to_the_tables_own_total(
    model: tuple[str, str], fresh: int, cached: int, written: int, received: int, at: datetime
) -> None:
    sent = fresh + cached + written
    cost = cost_of(*model, Usage(sent, received, cached, written), at)
    assert cost is not None
    assert cost.formula is not None
    lines = cost.formula["lines"]
    assert sum((Decimal(line["cost"]) for line in lines), Decimal(0)) == cost.total
    for line in lines:
        product = Decimal(line["tokens"]) * Decimal(line["per_million"]) / 1_000_000
        assert product == Decimal(line["cost"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = genai_prices.calc_price(
            genai_prices.Usage(
                input_tokens=sent,
                output_tokens=received,
                cache_read_tokens=cached,
                cache_write_tokens=written,
            ),
            model[1],
            provider_id=model[0],
            genai_request_timestamp=at,
        )
    assert cost.total == own.total_price


@given(
    st.builds(
        Usage,
        st.integers(0, 1000),
        st.integers(0, 1000),
        st.integers(0, 2000),
        st.integers(0, 2000),
        st.integers(0, 2000),
        st.dictionaries(
            st.sampled_from(["cache_write_1h_tokens", "input_audio_tokens", "output_audio_tokens"]),
            st.integers(0, 2000),
        ),
    ),
    st.sampled_from([*MODELS, ("openai", "gpt-audio"), ("anthropic", "claude-3-haiku")]),
)
def test_counts_that_contradict_each_other_still_have_a_cost(
    usage: Usage, model: tuple[str, str]
) -> None:
    cost = cost_of(*model, usage, AT)
    assert cost is not None
    assert cost.total >= 0
