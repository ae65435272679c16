"""What a request cost: the caller's word, else the dated price table of `genai-prices`.

The table is the one inside the package; nothing is fetched. Amounts are Decimal US dollars and
nothing is rounded: the lines of a formula add up to its total exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from workbench.usage import Cost, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices
    from genai_prices.units import UnitDef, UnitRegistry

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

_ZERO = Decimal(0)
_COMPUTED = "genai-prices"


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one kind of count costs. rate: dollars a million, None where the prompt's length
    decides; text: the same in digits."""

    key: str
    what: str
    price: Decimal | TieredPrices
    per: int
    rate: Decimal | None
    text: str


@dataclass(frozen=True, slots=True)
class _Priced:
    """A price read for counting; the same price is asked for again and again.

    price: held, so that its id is not given to another. units: input before output.
    parts: each token count with the more special ones within it, which are counted first.
    """

    price: ModelPrice
    units: tuple[_Unit, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    needs_input: bool
    needs_output: bool


_PRICED: dict[int, _Priced] = {}


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
    priced = _priced(info.get_prices(moment, _context(usage, owner, info)))
    lines = _lines(priced, usage)
    if lines is None:
        return None
    total = sum((cost for _, cost in lines), _ZERO)
    formula: dict[str, Any] = {
        "lines": [line for line, _ in lines],
        "model": info.id,
        "provider": owner.id,
        "price_date": moment.date().isoformat(),
        "price_since": _since(info, moment),
        "table": _table_name(),
    }
    return Cost(total, _COMPUTED, formula)


def _lines(priced: _Priced, usage: Usage) -> list[tuple[dict[str, str], Decimal]] | None:
    """The priced counts, each with its cost; None when a count that has a price is not known.

    Numbers are written as text, never in powers of ten. Where tokens were counted and none of them
    has a price, the model is billed by something that was not counted (seconds of sound,
    characters, pictures): that is not free but unknown.
    """
    counts = _counts(usage, priced)
    if not priced.units or counts is None:
        return None
    own = _own_counts(counts, priced)
    lines = []
    for unit in priced.units:
        tokens = own[unit.key]
        if not tokens:
            continue
        rate, text = unit.rate, unit.text
        if rate is None:
            rate = _rate(unit.price, counts["input_tokens"], unit.per)
            text = f"{rate:f}"
        cost = rate * tokens / _MILLION
        line = {"what": unit.what, "tokens": str(tokens), "per_million": text, "cost": f"{cost:f}"}
        lines.append((line, cost))
    if not lines and (counts["input_tokens"] or counts["output_tokens"]):
        return None
    return lines


def _own_counts(counts: dict[str, int], priced: _Priced) -> dict[str, int]:
    """Each count without those of its parts that have a price of their own: none is paid twice."""
    own: dict[str, int] = {"requests": 1}
    for key, within in priced.parts:
        left = counts.get(key, 0)
        for part in within:
            left -= own[part]
        if left < 0:
            raise ValueError(f"parts of {key} are more than its {counts.get(key, 0)}")
        own[key] = left
    return own


def _counts(usage: Usage, priced: _Priced) -> dict[str, int] | None:
    """Counts under the table's names, made consistent: no part exceeds its whole. What is missing
    was not counted."""
    sent, received = usage.input_tokens, usage.output_tokens
    if (sent is None and priced.needs_input) or (received is None and priced.needs_output):
        return None
    whole_in, whole_out = sent or 0, received or 0
    said = usage.billing
    if not (said or usage.cached_tokens or usage.cache_write_tokens or usage.reasoning_tokens):
        return {"input_tokens": whole_in, "output_tokens": whole_out}
    counts = {key: value for key, value in (said or {}).items() if isinstance(value, int)}
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


def _priced(price: ModelPrice) -> _Priced:
    known = _PRICED.get(id(price))
    if known is None:
        known = _read(price)
        if len(_PRICED) < _MOST_PRICES:
            _PRICED[id(price)] = known
    return known


def _read(price: ModelPrice) -> _Priced:
    from genai_prices.decompose import is_descendant_or_self
    from genai_prices.types import TieredPrices

    registry = _registry()
    found: list[tuple[UnitDef, Decimal | TieredPrices]] = [
        (registry.unit_for_price_key(key), value)
        for key, value in vars(price).items()
        if value is not None and not key.startswith("_")
    ]
    found.sort(key=lambda pair: _ORDER.get(pair[0].usage_key, len(_ORDER)))
    counted = [unit for unit, _ in found if unit.usage_key != "requests"]
    # The table's own order (genai_prices.decompose): what is most special comes first.
    counted.sort(key=lambda unit: (-len(unit.dimensions), unit.usage_key))
    parts = tuple(
        (
            unit.usage_key,
            tuple(
                other.usage_key
                for other in counted
                if other is not unit and is_descendant_or_self(unit, other)
            ),
        )
        for unit in counted
    )
    units = []
    for unit, value in found:
        what = _LABELS.get(unit.usage_key, unit.usage_key.removesuffix("_tokens"))
        rate = None if isinstance(value, TieredPrices) else _rate(value, 0, unit.per)
        text = "" if rate is None else f"{rate:f}"
        units.append(_Unit(unit.usage_key, what.replace("_", " "), value, unit.per, rate, text))
    keys = [key for key, _ in parts]
    return _Priced(
        price,
        tuple(units),
        parts,
        needs_input=any(key.startswith(("input_", "cache_")) for key in keys),
        needs_output=any(key.startswith("output_") for key in keys),
    )


def _rate(price: Decimal | TieredPrices, sent: int, per: int) -> Decimal:
    """Dollars a million; `sent` tokens of input choose the tier."""
    from genai_prices.types import calc_unit_price

    return calc_unit_price(price, _MILLION, sent, per)


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
    if not isinstance(info.prices, list):
        return None
    from genai_prices.types import StartDateConstraint

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
