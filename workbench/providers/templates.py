"""A fetched prompt template as a call: its messages, its settings, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.logs.normalise.shape import mapping, text
from workbench.messages import Prompt
from workbench.providers.call import Call, prompt_parts
from workbench.providers.errors import ProviderError
from workbench.providers.parameters import tuning_of
from workbench.providers.table import find
from workbench.store.connections import Connected


def call_of(
    prompt: Prompt,
    metadata: Mapping[str, Any] | None,
    base_url: str | None,
    connections: Sequence[Connected],
    *,
    model: tuple[str, str] | None = None,
    stream: bool = True,
) -> Call:
    """The call of a rendered template.

    metadata: of its version; its `model` holds provider, name and parameters.
    base_url: the address that the version names. Keys go only to addresses that were connected in
        Settings, so one that is not is refused.
    model: provider and model in place of the template's own, which its address then does not
        concern.

    Raises ProviderError where neither names a model, or the address is not connected.
    """
    chosen = mapping(mapping(metadata).get("model"))
    provider, name = model or (text(chosen.get("provider")), text(chosen.get("name")))
    if not provider or not name:
        raise ProviderError(
            "bad_request", "The template names no model: choose one, as in provider/model."
        )
    if model is None and base_url:
        provider = _connected(base_url, connections)
    elif provider == "openai" and "responses" in text(chosen.get("api_type")) and model is None:
        provider = "openai-responses"
    tuning, form, parallel = tuning_of(mapping(chosen.get("parameters")))
    return Call(
        provider=_known(provider, connections),
        model=name,
        **prompt_parts(prompt),
        tuning=tuning,
        response_format=form,
        parallel_tool_calls=parallel,
        stream=stream,
    )


def _known(provider: str, connections: Sequence[Connected]) -> str:
    if any(one.name == provider for one in connections):
        return provider
    found = find(provider)
    return found.name if found else provider


def _connected(base_url: str, connections: Sequence[Connected]) -> str:
    wanted = base_url.strip().rstrip("/")
    for one in connections:
        if one.base_url.rstrip("/") == wanted:
            return one.name
    raise ProviderError(
        "bad_request",
        f"The template goes to {base_url[:200]}, which is not connected: connect it in Settings, "
        "so that a key is sent there only where you want it.",
    )
