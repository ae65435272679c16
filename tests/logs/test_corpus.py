"""Realistic calls of every vendor with the conversation, usage and cost worked out by hand.

Each file under `corpus/<vendor>/` holds a `call` (or a `log_request` body), the time `at` which it
was made, and what is `expected`. `usage` names the counts that are known. `cost.sum` is the
multiplication by hand, tokens times dollars a million, that `cost.total` is a millionth of.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from workbench.logs.call import Call, Conversation
from workbench.logs.normalise import from_log_request, normalise
from workbench.logs.pricing import cost_of
from workbench.usage import Cost, Usage

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*/*.json"))


def load(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return case


def read(case: dict[str, Any]) -> Conversation:
    if "log_request" in case:
        return from_log_request(case["log_request"])
    return normalise(Call(**case["call"]))


def priced(case: dict[str, Any], conversation: Conversation) -> Cost | None:
    said = case.get("log_request", {}).get("price")
    price = None if said is None else Decimal(str(said))
    at = datetime.fromisoformat(case["at"])
    return cost_of(conversation.provider, conversation.model, conversation.usage, at, price)


def by_hand(terms: str) -> Decimal:
    """ "31 x 2.5 + 18 x 10" in dollars."""
    products = [term.split(" x ") for term in terms.split(" + ")]
    return sum((Decimal(a) * Decimal(b) for a, b in products), Decimal(0)) / 1_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_call_is_read_as_it_was_by_hand(path: Path) -> None:
    case = load(path)
    expected = case["expected"]
    conversation = read(case)
    found = json.loads(json.dumps(asdict(conversation)))
    found.pop("usage")
    assert found == expected["conversation"]
    counts = expected["usage"]
    assert conversation.usage == (None if counts is None else Usage(**counts))
    cost = priced(case, conversation)
    if expected["cost"] is None:
        assert cost is None
        return
    assert cost is not None
    total = Decimal(expected["cost"]["total"])
    assert cost.source == expected["cost"].get("source", "genai-prices")
    if "sum" in expected["cost"]:
        assert by_hand(expected["cost"]["sum"]) == total
    assert cost.total == total


def test_the_corpus_covers_every_vendor() -> None:
    vendors = {path.parent.name for path in FILES}
    assert vendors >= {
        "openai",
        "anthropic",
        "google",
        "bedrock",
        "mistral",
        "cohere",
        "ollama",
        "langchain",
        "compatible",
        "raw",
        "blueprint",
    }
    assert len(FILES) >= 80
