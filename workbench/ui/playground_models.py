"""The models that a column offers: those that can be called now; any other may be typed."""

from __future__ import annotations

from functools import lru_cache

from workbench.providers import about
from workbench.providers.echo import MODELS as ECHO_MODELS
from workbench.providers.host import open_host
from workbench.providers.models import Model, known
from workbench.providers.table import PROVIDERS, find

LOCAL_MODEL = "local/gemma-3-270m"
#: The price table's choice for a provider, so that a list stays one that a person can read.
_MOST = 60


def choices() -> list[str]:
    """ "provider/model" of what is ready, the ones that cost nothing first."""
    found = [f"echo/{name}" for name in ECHO_MODELS]
    for one in about.ready(open_host()):
        if one.state != "ready" or one.name == "echo":
            continue
        if one.name == "local":
            found.append(LOCAL_MODEL)
        else:
            names = one.models or _known(one.name)
            found += [f"{one.name}/{name}" for name in names]
    return found


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


@lru_cache(maxsize=64)
def _known(provider: str) -> tuple[str, ...]:
    found = find(provider)
    models = known(found.logged if found else provider)
    return tuple(one.id for one in models if not one.deprecated)[:_MOST]


@lru_cache(maxsize=512)
def _model(provider: str, name: str) -> Model | None:
    return next((one for one in known(provider) if one.id == name), None)
