"""Google's Gemini, as `promptlayer.run()` hands it to `google-genai`.

A chat goes as `history`, whose last message the package sends; a completion as `contents`. System
messages, tools and settings stand in `generation_config`.
"""

from __future__ import annotations

from typing import Any

from workbench.registry.llm_kwargs.common import (
    Request,
    arguments_of,
    choice,
    functions,
    media,
    other_tools,
    parts,
    text_of,
    tool_calls,
    unknown_part,
)
from workbench.registry.llm_kwargs.parameters import as_list, response_schema, spelled

_OWN = {
    "max_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "function": "ANY"}


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments of the package's Google call; `model` is left out where not known."""
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for message in request.messages:
        if message["role"] in ("system", "developer"):
            system += _parts(request, message)
        else:
            names |= {id_: name for id_, name, _ in tool_calls(message)}
            _append(turns, _turn(request, message, names))
    config = _config(request)
    if system:
        config["system_instruction"] = {"parts": system}
    kwargs: dict[str, Any] = {"history" if request.is_chat else "contents": turns}
    kwargs["generation_config"] = config
    if request.model:
        kwargs["model"] = request.model
    if request.parameters.get("model"):
        kwargs["model"] = request.parameters["model"]
    return kwargs


def _config(request: Request) -> dict[str, Any]:
    config = spelled(request.parameters, _OWN)
    config.pop("model", None)
    if "stop_sequences" in config:
        config["stop_sequences"] = as_list(config["stop_sequences"])
    schema = response_schema(config)
    form = config.pop("response_format", None)
    if schema is not None:
        config.setdefault("response_mime_type", "application/json")
        config.setdefault("response_json_schema", schema[1])
    elif isinstance(form, dict) and form.get("type") == "json_object":
        config.setdefault("response_mime_type", "application/json")
    declared = [
        {"name": one.name, "description": one.description or "", "parameters_json_schema": schema}
        for one in functions(request)
        for schema in (one.parameters,)
    ]
    tools: list[dict[str, Any]] = [{"function_declarations": declared}] if declared else []
    tools += other_tools(request, "google", "vertexai")
    if tools:
        config.setdefault("tools", tools)
    said = choice(request)
    if said is not None and declared:
        kind, name = said
        calling: dict[str, Any] = {"mode": _MODES.get(kind, "AUTO")}
        if name:
            calling["allowed_function_names"] = [name]
        config.setdefault("tool_config", {"function_calling_config": calling})
    return config


def _append(turns: list[dict[str, Any]], turn: dict[str, Any]) -> None:
    """Results of several calls belong into one turn."""
    last = turns[-1] if turns else None
    if last and all("function_response" in part for part in [*last["parts"], *turn["parts"]]):
        last["parts"] += turn["parts"]
    else:
        turns.append(turn)


def _turn(request: Request, message: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    role = message["role"]
    if role in ("tool", "function"):
        call_id = message.get("tool_call_id") or ""
        name = message.get("name") or names.get(call_id) or call_id
        response = {"name": name, "response": {"result": text_of(message)}}
        return {"role": "user", "parts": [{"function_response": response}]}
    found = _parts(request, message)
    found += [
        {"function_call": {"name": name, "args": arguments_of(arguments)}}
        for _, name, arguments in tool_calls(message)
    ]
    return {"role": "model" if role == "assistant" else "user", "parts": found}


def _parts(request: Request, message: dict[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for part in parts(message):
        file = media(part)
        if part.get("type") == "text":
            made.append({"text": part["text"]})
        elif file is not None and file.url:
            made.append({"file_data": {"file_uri": file.url, "mime_type": file.mime}})
        elif file is not None:
            made.append({"inline_data": {"mime_type": file.mime, "data": file.data}})
            request.note(
                "Images in llm_kwargs for Gemini are base64 text, since JSON holds no bytes: "
                "decode `inline_data.data` before the call."
            )
        else:
            unknown_part(request, part, "Gemini")
    return made
