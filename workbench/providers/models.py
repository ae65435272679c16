"""The models of a provider: what it lists itself, with context windows and prices beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

#: Our ids to those of `genai-prices`, where they differ.
_TABLE_IDS = {"bedrock": "aws"}
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that may be chosen; any other name is accepted too.

    context_window: tokens; None when it is not known.
    input_price, output_price: US dollars for a million tokens today, of the lowest tier.
    source: "provider" (it lists the model), "connection" (the user does) or "prices".
    """

    id: str
    context_window: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    deprecated: bool = False
    source: str = "prices"


def known(provider: str) -> list[Model]:
    """What the price table knows of a provider, without asking anybody; [] for one's own."""
    owner = _owner(provider)
    if owner is None:
        return []
    return sorted((_model(each.id, each, "prices") for each in owner.models), key=_order)


def described(ids: Iterable[str], provider: str, source: str) -> list[Model]:
    """Models by their names, each with what the price table knows of it."""
    owner = _owner(provider)
    found = []
    for name in dict.fromkeys(ids):
        info = None if owner is None else _info(owner, name)
        found.append(_model(name, info, source))
    return sorted(found, key=_order)


def _order(model: Model) -> tuple[bool, str]:
    return model.deprecated, model.id.lower()


def _owner(provider: str) -> Provider | None:
    from genai_prices.data import providers
    from genai_prices.data_snapshot import find_provider_by_id

    return find_provider_by_id(providers, _TABLE_IDS.get(provider, provider))


@lru_cache(maxsize=4096)
def _find(provider: str, name: str) -> Any:
    from genai_prices.data import providers

    owner = _owner(provider)
    return None if owner is None else owner.find_model(name.lower(), all_providers=providers)


def _info(owner: Provider, name: str) -> ModelInfo | None:
    found: ModelInfo | None = _find(owner.id, name)
    return found


def _model(name: str, info: ModelInfo | None, source: str) -> Model:
    if info is None:
        return Model(id=name, source=source)
    price = info.get_prices(datetime.now(UTC))
    return Model(
        id=name,
        context_window=info.context_window,
        input_price=_lowest(getattr(price, "input_mtok", None)),
        output_price=_lowest(getattr(price, "output_mtok", None)),
        deprecated=bool(info.deprecated),
        source=source,
    )


def _lowest(price: Any) -> Decimal | None:
    """The price of the lowest tier."""
    base = getattr(price, "base", price)
    return base if isinstance(base, Decimal) else None
