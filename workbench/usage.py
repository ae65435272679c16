"""Tokens and money of one request.

`input_tokens` includes cached and cache-write tokens; those stand beside it, so that a cached token
is counted once. Money is Decimal US dollars; what is unknown is None, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; None where the vendor did not say.

    input_tokens: everything that was sent, cached and cache-write tokens included.
    cached_tokens: of those, read from the vendor's cache.
    cache_write_tokens: of those, written to the vendor's cache.
    output_tokens: everything that came back, reasoning included.
    reasoning_tokens: of those, spent on hidden reasoning.
    billing: what else decides the price: counts under the unit names of `genai-prices`
        ("cache_write_1h_tokens", "input_audio_tokens", "web_searches" …; token counts are parts of
        those above) and the words "service_tier", "processing" and "speed" as the vendor said them.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    billing: dict[str, int | str] | None = field(default=None, hash=False)

    @property
    def total(self) -> int | None:
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request cost and how that is known.

    source: "caller" (the caller sent a price) or "genai-prices" (computed).
    formula: for computed costs, the lines that add up to `total`, each
        {"what", "tokens", "per_million", "cost"} with numbers as strings, and
        {"model", "provider", "price_date"} beside them.
    """

    total: Decimal
    source: str
    formula: dict[str, Any] | None = None
