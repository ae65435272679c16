"""What a request cost: the caller's word, else the dated price table of `genai-prices`.

The table is the one inside the package; nothing is fetched. Amounts are Decimal US dollars and
nothing is rounded: the lines of a formula add up to its total exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from workbench.usage import Cost, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices
    from genai_prices.units import UnitDef, UnitRegistry

    Units = dict[str, UnitDef]

#: Our provider ids to those of the table, where they differ.
_TABLE_IDS = {"bedrock": "aws", "vertexai": "google", "xai": "x-ai"}

#: Providers that run models on the user's own machine: nobody sends a bill that could be known.
_OWN_MACHINE = frozenset(
    {"ollama", "lmstudio", "lm_studio", "llamacpp", "llama.cpp", "vllm", "localai", "local"}
)

#: Words of `Usage.billing` that choose between prices of one model.
_CONTEXT = ("service_tier", "processing", "speed")

#: Words for the ordinary price; looking those up would copy it.
_ORDINARY = frozenset({"default", "standard", "auto", "on_demand", ""})

_LABELS = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cached input",
    "cache_write_tokens": "cache write",
    "cache_write_1h_tokens": "cache write (1 hour)",
    "output_reasoning_tokens": "reasoning",
    "requests": "requests",
}

_LONGEST_NAME = 256
_MOST_PRICES = 4096
_MILLION = 1_000_000

#: A price beside its units: holding the price keeps its id from being given to another.
_PRICED: dict[int, tuple[ModelPrice, list[tuple[UnitDef, Decimal | TieredPrices]], Units]] = {}


def cost_of(
    provider: str | None,
    model: str | None,
    usage: Usage | None,
    at: datetime,
    caller_price: Decimal | None = None,
) -> Cost | None:
    """The cost of one request in US dollars, None when it is not known.

    caller_price: what the caller says it cost wins. Zero counts as not said: PromptLayer's
        package sends 0.0 with every `log_request` that was given no price.
    at: start of the request; the price of that moment is used. Without a zone it is UTC.

    The formula of a computed cost holds `lines` as `Cost` describes them, `model` and `provider`
    as the table names them, `price_date` (the UTC day whose price was used), `price_since` (the
    day from which the table has this price, None when it has no other) and `table`.
    """
    if caller_price is not None and caller_price.is_finite() and caller_price > 0:
        return Cost(caller_price, "caller")
    if usage is None or model is None or len(model) > _LONGEST_NAME:
        return None
    found = _find(provider or "", model)
    if found is None:
        return None
    owner, info = found
    moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    lines = _lines(info.get_prices(moment, _context(usage, owner, info)), usage)
    if lines is None:
        return None
    total = sum((line["cost"] for line in lines), Decimal(0))
    since = _since(info, moment)
    formula: dict[str, Any] = {
        "lines": [{**line, **_written(line)} for line in lines],
        "model": info.id,
        "provider": owner.id,
        "price_date": moment.date().isoformat(),
        "price_since": since,
        "table": _table_name(),
    }
    return Cost(total, "genai-prices", formula)


def _lines(price: ModelPrice, usage: Usage) -> list[dict[str, Any]] | None:
    """The priced counts; None when a count that has a price is not known.

    Where tokens were counted and none of them has a price, the model is billed by something that
    was not counted (seconds of sound, characters, pictures): that is not free but unknown.
    """
    from genai_prices.decompose import compute_leaf_values
    from genai_prices.types import calc_unit_price

    priced, by_key = _priced(price)
    counts = _counts(usage, by_key)
    if not priced or counts is None:
        return None
    leaves: dict[str, Any] = dict(compute_leaf_values(set(by_key), _Counts(counts), by_key))
    leaves["requests"] = 1
    lines = []
    for unit, unit_price in priced:
        tokens = leaves[unit.usage_key]
        if not tokens:
            continue
        rate = calc_unit_price(unit_price, _MILLION, counts["input_tokens"], unit.per)
        cost = rate * tokens / _MILLION
        label = _LABELS.get(unit.usage_key, unit.usage_key.removesuffix("_tokens"))
        lines.append(
            {
                "what": label.replace("_", " "),
                "tokens": tokens,
                "per_million": rate,
                "cost": cost,
            }
        )
    if not lines and (counts["input_tokens"] or counts["output_tokens"]):
        return None
    return lines


def _written(line: dict[str, Any]) -> dict[str, str]:
    """Numbers as text, never in powers of ten."""
    return {key: f"{line[key]:f}" for key in ("per_million", "cost")} | {
        "tokens": str(line["tokens"])
    }


class _Counts:
    """Counts as attributes, which the table's arithmetic reads."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.__dict__.update(counts)


def _counts(usage: Usage, priced: Iterable[str]) -> dict[str, int] | None:
    """Counts under the table's names, made consistent: no part exceeds its whole."""
    sent, received = usage.input_tokens, usage.output_tokens
    if sent is None and any(key.startswith(("input_", "cache_")) for key in priced):
        return None
    if received is None and any(key.startswith("output_") for key in priced):
        return None
    said = usage.billing or {}
    counts = {key: value for key, value in said.items() if isinstance(value, int)}
    whole_in, whole_out = sent or 0, received or 0
    counts["input_tokens"], counts["output_tokens"] = whole_in, whole_out
    counts["cache_read_tokens"] = min(usage.cached_tokens or 0, whole_in)
    written = min(usage.cache_write_tokens or 0, whole_in - counts["cache_read_tokens"])
    counts["cache_write_tokens"] = written
    counts["cache_write_1h_tokens"] = min(counts.get("cache_write_1h_tokens", 0), written)
    fresh = whole_in - counts["cache_read_tokens"] - written
    counts["input_audio_tokens"] = min(counts.get("input_audio_tokens", 0), fresh)
    fresh -= counts["input_audio_tokens"]
    counts["input_image_tokens"] = min(counts.get("input_image_tokens", 0), fresh)
    counts["output_reasoning_tokens"] = min(usage.reasoning_tokens or 0, whole_out)
    answered = whole_out - counts["output_reasoning_tokens"]
    counts["output_audio_tokens"] = min(counts.get("output_audio_tokens", 0), answered)
    answered -= counts["output_audio_tokens"]
    counts["output_image_tokens"] = min(counts.get("output_image_tokens", 0), answered)
    return counts


def _priced(price: ModelPrice) -> tuple[list[tuple[UnitDef, Decimal | TieredPrices]], Units]:
    """The units that a price covers, input before output; those that count tokens by name too."""
    known = _PRICED.get(id(price))
    if known is None:
        registry = _registry()
        units = [
            (registry.unit_for_price_key(key), value)
            for key, value in vars(price).items()
            if value is not None and not key.startswith("_")
        ]
        units.sort(key=lambda pair: _ORDER.get(pair[0].usage_key, len(_ORDER)))
        by_key = {unit.usage_key: unit for unit, _ in units if unit.usage_key != "requests"}
        known = price, units, by_key
        if len(_PRICED) < _MOST_PRICES:
            _PRICED[id(price)] = known
    return known[1], known[2]


_ORDER = {key: position for position, key in enumerate(_LABELS)} | {"output_tokens": 9}


def _context(usage: Usage, owner: Provider, info: ModelInfo) -> dict[str, str] | None:
    """What chooses a variant of the price; one provider's variants say nothing of another's."""
    said = usage.billing
    if not said or not info.price_variants or not any(info is own for own in owner.models):
        return None
    context = {
        key: value
        for key in _CONTEXT
        if isinstance(value := said.get(key), str) and value not in _ORDINARY
    }
    return context or None


def _since(info: ModelInfo, moment: datetime) -> str | None:
    """The day from which the table has the price of `moment`."""
    from genai_prices.types import StartDateConstraint

    if not isinstance(info.prices, list):
        return None
    for conditional in reversed(info.prices):
        constraint = conditional.constraint
        if constraint is None or constraint.active(moment):
            if isinstance(constraint, StartDateConstraint):
                return constraint.start_date.isoformat()
            return None
    return None


@lru_cache(maxsize=4096)
def _find(provider: str, model: str) -> tuple[Provider, ModelInfo] | None:
    """Whose price applies: the provider's own, else, for one unknown to the table, the maker's."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import find_provider_by_id

    if provider in _OWN_MACHINE:
        return None
    owner = find_provider_by_id(providers, _TABLE_IDS.get(provider, provider)) if provider else None
    for name in _names(model):
        if owner is not None:
            info = owner.find_model(name, all_providers=providers)
            if info is not None:
                return owner, info
            continue
        for candidate in providers:
            if candidate.model_match is not None and candidate.model_match.is_match(name):
                info = candidate.find_model(name, all_providers=providers)
                if info is not None:
                    return candidate, info
    return None


def _names(model: str) -> list[str]:
    """The model's name as sent, then without the path or ARN in front of it."""
    name = model.strip().lower()
    names = [name]
    if "/" in name:
        names.append(name.rpartition("/")[2])
    return [one for one in names if one]


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry:
    from genai_prices.data_units import unit_data
    from genai_prices.units import UnitRegistry

    return UnitRegistry(unit_data)


@lru_cache(maxsize=1)
def _table_name() -> str:
    return f"genai-prices {version('genai-prices')}"
