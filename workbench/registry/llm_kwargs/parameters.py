"""Settings under the names of each vendor: one setting goes by many names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

# The names of one setting in all vendors' spellings; the first is the one used between them.
_SAME = (
    (
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "maxOutputTokens",
        "maxTokens",
        "max_tokens_to_sample",
    ),
    ("temperature",),
    ("top_p", "topP", "p"),
    ("top_k", "topK", "k"),
    ("stop", "stop_sequences", "stopSequences"),
    ("seed", "random_seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
)
_ALL = {name: frozenset(names) for names in _SAME for name in names}
_CANON = {name: names[0] for names in _SAME for name in names}


def spelled(parameters: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    """Parameters under the vendor's names; `own` maps the name between vendors to it.

    A name that is the vendor's already wins over one that is turned into it.
    """
    result: dict[str, Any] = {}
    for name, value in parameters.items():
        between = _CANON.get(name)
        mine = own.get(between) if between is not None else None
        if mine is None or name == mine:
            result[name] = value
    for name, value in parameters.items():
        between = _CANON.get(name)
        mine = own.get(between) if between is not None else None
        if mine is not None and name != mine:
            result.setdefault(mine, value)
    return result


def moved(
    parameters: Mapping[str, Any], note: Callable[[str], None], provider: str
) -> dict[str, Any]:
    """Parameters written for one provider, as another may take them: what has no equal is left
    out, with a note that names it."""
    kept: dict[str, Any] = {}
    lost = []
    for name, value in parameters.items():
        between = _CANON.get(name)
        if between is not None:
            kept.setdefault(between, value)
        elif name == "response_format":
            kept[name] = value
        elif name not in ("messages", "model", "stream"):
            lost.append(name)
    if lost:
        note(f"Parameters that {provider} does not share were left out: {', '.join(lost)}.")
    return kept


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def response_schema(parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """(name, JSON Schema) of a structured output in the form of OpenAI's chat completions."""
    said = parameters.get("response_format")
    if not isinstance(said, Mapping):
        return None
    inner = said.get("json_schema")
    if isinstance(inner, Mapping) and isinstance(inner.get("schema"), Mapping):
        return str(inner.get("name") or "answer"), dict(inner["schema"])
    return None


def same_settings(parameters: Iterable[str]) -> frozenset[str]:
    """Every name that one of these settings goes by."""
    return frozenset().union(*(_ALL.get(name, {name}) for name in parameters))
