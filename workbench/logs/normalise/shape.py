"""Typed looks into JSON of unknown shape: each gives the wanted type or an empty value."""

from __future__ import annotations

import json
from typing import Any

import orjson

#: Token counts above this are nonsense, and would not fit the store's integers.
_MAX_COUNT = 2**53


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def count(value: Any) -> int | None:
    """A token count: a whole number from 0; anything else is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= _MAX_COUNT else None


def first_count(source: dict[str, Any], *keys: str) -> int | None:
    """The count under the first of `keys` that holds one."""
    for key in keys:
        value = count(source.get(key))
        if value is not None:
            return value
    return None


def json_text(value: Any) -> str:
    """JSON as text; text stays as it is, None becomes "".

    Vendors disagree whether tool arguments are JSON text or a JSON value; ours are text.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Integers beyond 64 bits and nesting beyond 254 levels, which orjson reads but not writes.
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        except (RecursionError, ValueError):
            return f"<{type(value).__name__}>"


def parsed(value: Any) -> Any:
    """A JSON value from its text; what is no JSON text comes back as it is."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def data_url(data: str, mime: str) -> str:
    """Base64 content as a data: URL; what is one already stays."""
    return data if data.startswith("data:") else f"data:{mime};base64,{data}"


def mime_of(url: str) -> str | None:
    """The MIME type that a data: URL names."""
    if not url.startswith("data:"):
        return None
    return url[5:].partition(",")[0].partition(";")[0] or None


def without(source: dict[str, Any], dropped: frozenset[str]) -> dict[str, Any]:
    """The keys of `source` that are not `dropped`."""
    return {key: value for key, value in source.items() if key not in dropped}


def error_of(answer: Any) -> tuple[str, str] | None:
    """(kind, message) of an error answer in the shape that most vendors share."""
    error = mapping(answer).get("error")
    if isinstance(error, str) and error:
        return "error", error
    if not isinstance(error, dict) or not error:
        return None
    kind = error.get("type") or error.get("code") or error.get("status") or "error"
    message = error.get("message")
    return str(kind), message if isinstance(message, str) else json_text(error)


def billing(**said: int | str | None) -> dict[str, int | str] | None:
    """What was said and is not nothing, for `Usage.billing`."""
    return {key: value for key, value in said.items() if value} or None


def built_in_tool(kind: str, name: str, provider: str, config: Any) -> dict[str, Any]:
    """A vendor's own tool in the blueprint's shape (`BuiltInTool`)."""
    return {
        "id": name,
        "type": kind,
        "name": name,
        "description": "",
        "provider": provider,
        "config": config,
    }


def function_tool(name: Any, description: Any, parameters: Any, **rest: Any) -> dict[str, Any]:
    """A function tool in the blueprint's shape, whichever keys a vendor gives it."""
    function = {"name": text(name), "description": text(description), "parameters": parameters}
    return {"type": "function", "function": function, **rest}


def named_choice(name: Any) -> dict[str, Any]:
    """A `tool_choice` that asks for one function."""
    return {"type": "function", "function": {"name": text(name)}}
