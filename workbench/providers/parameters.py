"""Settings under the vendors' own names, as logs and templates keep them, read as ours.

A replayed request and a template's model settings come in the names of one vendor and may be run
on another: what both know is translated, the rest stays as it is in `Tuning.extra`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from workbench.logs.normalise.shape import mapping, parsed, text
from workbench.providers.call import ResponseFormat, Tuning

#: Their names to ours.
_NUMBERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "topP": "top_p",
    "p": "top_p",
    "frequency_penalty": "frequency_penalty",
    "frequencyPenalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "presencePenalty": "presence_penalty",
}
_WHOLE = {
    "top_k": "top_k",
    "topK": "top_k",
    "k": "top_k",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "max_tokens_to_sample": "max_tokens",
    "maxTokens": "max_tokens",
    "seed": "seed",
    "random_seed": "seed",
    "num_predict": "max_tokens",
}
_STOPS = ("stop", "stop_sequences", "stopSequences")
#: What belongs to how a request is sent, not to what it asks for.
_SENDING = frozenset({"stream", "stream_options", "store", "include", "timeout", "extra_headers"})
_CONFIGS = ("inferenceConfig", "generation_config", "generationConfig", "config", "options")


def tuning_of(parameters: Mapping[str, Any]) -> tuple[Tuning, ResponseFormat | None, bool | None]:
    """Settings, response format and `parallel_tool_calls` of a vendor's parameters.

    A value that is not of its kind stays in `extra`, where the vendor will say what is wrong.
    """
    ours: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    wanted: ResponseFormat | None = None
    parallel: bool | None = None
    for name, value in _flat(parameters):
        if value is None or name in _SENDING:
            continue
        found = _plain(name, value) or _thinking(name, value)
        form = None if found else _format(name, value)
        if found:
            ours |= found
        elif form is not None:
            wanted = form
        elif name == "parallel_tool_calls" and isinstance(value, bool):
            parallel = value
        elif name == "disable_parallel_tool_use" and isinstance(value, bool):
            parallel = not value
        elif name not in ("response_mime_type", "responseMimeType"):
            extra[name] = value
        elif wanted is None and value == "application/json":
            wanted = ResponseFormat()
    return Tuning(**ours, extra=extra), wanted, parallel


def _flat(parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in parameters.items():
        if name in _CONFIGS and isinstance(value, Mapping):
            pairs += value.items()
        else:
            pairs.append((name, value))
    return pairs


def _plain(name: str, value: Any) -> dict[str, Any]:
    if name in _NUMBERS and _is_number(value):
        return {_NUMBERS[name]: value}
    if name in _WHOLE and _is_number(value) and float(value).is_integer():
        return {_WHOLE[name]: int(value)}
    if name in _STOPS:
        stops = [value] if isinstance(value, str) else value
        if isinstance(stops, list) and all(isinstance(one, str) for one in stops):
            return {"stop": tuple(stops)}
    return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _thinking(name: str, value: Any) -> dict[str, Any]:
    if name in ("reasoning_effort", "effort") and isinstance(value, str):
        return {"effort": value}
    inner = mapping(value)
    if name == "reasoning" and isinstance(inner.get("effort"), str):
        return {"effort": inner["effort"]}
    if name == "output_config" and set(inner) == {"effort"}:
        return {"effort": text(inner["effort"])}
    if name in ("thinking", "thinking_config", "thinkingConfig"):
        if inner.get("type") == "disabled":
            return {"thinking_budget": 0}
        for key in ("budget_tokens", "token_budget", "thinking_budget", "thinkingBudget"):
            if isinstance(inner.get(key), int):
                return {"thinking_budget": inner[key]}
        level = inner.get("thinking_level") or inner.get("thinkingLevel")
        if isinstance(level, str):
            return {"effort": level.lower()}
    return {}


def _format(name: str, value: Any) -> ResponseFormat | None:
    """The JSON that is asked for, in any vendor's way of asking."""
    inner = mapping(value)
    if name in ("response_json_schema", "responseJsonSchema", "response_schema", "responseSchema"):
        return ResponseFormat(schema=inner) if inner else None
    if name in ("text", "output_config", "outputConfig"):
        inner = mapping(inner.get("format")) or _bedrock_format(inner)
    elif name != "response_format":
        return None
    kind = inner.get("type")
    if kind == "json_object":
        schema = inner.get("json_schema") or inner.get("schema")
        return ResponseFormat(schema=schema if isinstance(schema, Mapping) else None)
    if kind != "json_schema":
        return None
    asked = mapping(inner.get("json_schema")) or inner
    schema = asked.get("schema") or asked.get("schema_definition")
    if not isinstance(schema, Mapping):
        return None
    named = text(asked.get("name")) or "answer"
    return ResponseFormat(schema=schema, name=named, strict=asked.get("strict") is not False)


def _bedrock_format(config: Mapping[str, Any]) -> dict[str, Any]:
    structure = mapping(mapping(config.get("textFormat")).get("structure"))
    schema = mapping(structure.get("jsonSchema"))
    if not schema:
        return {}
    return {"type": "json_schema", **schema, "schema": parsed(schema.get("schema"))}


def written(tuning: Tuning) -> dict[str, Any]:
    """Settings under our own names, as JSON: what a session or a template keeps."""
    fields = {
        "temperature": tuning.temperature,
        "top_p": tuning.top_p,
        "top_k": tuning.top_k,
        "max_tokens": tuning.max_tokens,
        "stop": list(tuning.stop) or None,
        "seed": tuning.seed,
        "frequency_penalty": tuning.frequency_penalty,
        "presence_penalty": tuning.presence_penalty,
        "thinking": None
        if tuning.thinking_budget is None
        else {"type": "enabled", "budget_tokens": tuning.thinking_budget},
        "reasoning_effort": tuning.effort,
    }
    kept = {name: value for name, value in fields.items() if value is not None}
    return {**orjson.loads(orjson.dumps(dict(tuning.extra))), **kept}
