"""The models that a column offers: those that can be called now; any other may be typed."""

from __future__ import annotations

from functools import lru_cache

from workbench.providers import about
from workbench.providers.echo import MODELS as ECHO_MODELS
from workbench.providers.host import open_host
from workbench.providers.models import Model, known
from workbench.providers.reach import Readiness
from workbench.providers.table import PROVIDERS, find

LOCAL_MODEL = "local/gemma-3-270m"
#: Of one provider, so that a list stays one that a person can read.
_MOST = 200


def choices() -> list[str]:
    """ "provider/model" of what is ready, the ones that cost nothing first."""
    found = [f"echo/{name}" for name in ECHO_MODELS]
    for one in about.ready(open_host()):
        if one.state != "ready" or one.name == "echo":
            continue
        if one.name == "local":
            found.append(LOCAL_MODEL)
        else:
            found += [f"{one.name}/{name}" for name in _names(one)]
    return found


def names_of(provider: str) -> list[str]:
    """The models of a provider or connected endpoint, under any name that callers use for it; where
    it is not ready, those whose prices are known."""
    found = find(provider)
    wanted = found.name if found is not None else provider
    for one in about.ready(open_host()):
        if one.name in (provider, wanted) and one.state == "ready":
            return _names(one)
    return [each.id for each in known(wanted) if not each.deprecated][:_MOST]


def connected() -> list[str]:
    """Names of the endpoints that users connected."""
    return [one.name for one in about.ready(open_host()) if one.is_connection]


def changes() -> int:
    """Grows when a provider has listed other models than before."""
    return open_host().listings.changes


def _names(one: Readiness) -> list[str]:
    models = open_host().listings.models(one)
    return [each.id for each in models if not each.deprecated][:_MOST]


def waiting() -> list[str]:
    """Titles of providers whose keys are not set."""
    return [one.title for one in about.ready(open_host()) if one.state == "missing key"]


def note_of(model: str) -> str:
    """What a person should know before choosing a model: size, price, what it is."""
    provider, _, name = model.partition("/")
    found = find(provider)
    if found is not None and found.is_local:
        return PROVIDERS[found.name].note
    one = _model(found.logged if found else provider, name)
    if one is None:
        return ""
    said = []
    if one.context_window:
        said.append(f"{one.context_window:,} tokens of context")
    if one.input_price is not None and one.output_price is not None:
        said.append(
            f"US$ {one.input_price.normalize():f} in, {one.output_price.normalize():f} out "
            "for a million tokens"
        )
    if one.deprecated:
        said.append("its vendor gives it up")
    return " · ".join(said)


@lru_cache(maxsize=512)
def _model(provider: str, name: str) -> Model | None:
    return next((one for one in known(provider) if one.id == name), None)
