"""Tokens of an example, and what training on it costs.

Counts are taken where the log has them, and it is told whose they are: another vendor's tokenizer
counts otherwise. Else an estimate: the tokenizers need files
from the network, and nothing leaves the machine. Four letters a token for ASCII, less for other
scripts; within about a quarter of the real count for running text.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from workbench.export.tuning.example import Example

_PER_MESSAGE = 4
# Dollars for a million training tokens, as published by the vendors; None where they charge by the
# hour, or nothing is published. A caller's own price goes before.
PRICES: dict[str, tuple[str, Decimal]] = {
    "openai": ("gpt-4.1-mini", Decimal("5")),
    "openai-preference": ("gpt-4.1-mini", Decimal("5")),
    "gemini": ("gemini-2.5-flash", Decimal("5")),
    "mistral": ("mistral-small", Decimal("4")),
    "cohere": ("command-r", Decimal("3")),
}
# Whose models a format trains: providers of the log, and what stands in the model's name.
_OWN: dict[str, tuple[frozenset[str], str]] = {
    "openai": (frozenset({"openai", "azure"}), ""),
    "openai-preference": (frozenset({"openai", "azure"}), ""),
    "anthropic": (frozenset({"anthropic", "bedrock", "vertexai"}), "claude"),
    "bedrock": (frozenset({"bedrock"}), "nova"),
    "gemini": (frozenset({"google", "vertexai"}), "gemini"),
    "mistral": (frozenset({"mistral"}), ""),
    "cohere": (frozenset({"cohere"}), ""),
}
PRICES_FROM = "2025-09-01"


@lru_cache(maxsize=4096)
def is_own(format_: str, provider: str | None, model: str | None) -> bool:
    """Whether a model of the vendor that is trained at counted the tokens of a request."""
    providers, part = _OWN.get(format_, (frozenset(), ""))
    return provider in providers and part in (model or "").lower()


def estimate(text: str) -> int:
    """About how many tokens a text has, without a tokenizer."""
    if text.isascii():
        return (len(text) + 3) // 4
    # A letter of two bytes (Greek, Cyrillic, Arabic …) counts 0.4, one of three (Han, Kana …) 0.65.
    return int(len(text) * 0.25 + (len(text.encode()) - len(text)) * 0.2 + 0.99)


def estimate_of(example: Example) -> int:
    total = 0
    for turn in (*example.turns, example.answer):
        total += _PER_MESSAGE + estimate(turn.text or turn.refusal)
        for call in turn.calls:
            total += estimate(call.name) + estimate(call.arguments)
        # What a picture of middling size costs at most vendors.
        total += 765 * len(turn.images)
    return total + sum(estimate(str(tool)) for tool in example.tools)


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """tokens: of the training file. price: dollars a million; None where it is not known."""

    tokens: int
    epochs: int
    price: Decimal | None
    model: str | None

    @property
    def dollars(self) -> Decimal | None:
        if self.price is None:
            return None
        return (Decimal(self.tokens) * self.epochs * self.price / 10**6).quantize(Decimal("0.01"))

    def to_json(self) -> dict[str, Any]:
        return {
            "training_tokens": self.tokens,
            "epochs": self.epochs,
            "price_per_million": None if self.price is None else str(self.price),
            "price_of": self.model,
            "price_from": PRICES_FROM if self.model else None,
            "dollars": None if self.dollars is None else str(self.dollars),
        }


def training_cost(format_: str, tokens: int, epochs: int, price: Decimal | None) -> TrainingCost:
    """`price`: the caller's own, else the published one of a usual model of that vendor."""
    if price is not None:
        return TrainingCost(tokens, epochs, price, None)
    model, known = PRICES.get(format_, (None, None))
    return TrainingCost(tokens, epochs, known, model)
