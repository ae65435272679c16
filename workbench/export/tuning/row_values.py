"""What stands in a row's columns, as messages and tools; every refusal names the column."""

from __future__ import annotations

from typing import Any

import orjson

from workbench.export.tuning.reasons import ILL_FORMED, MISSING, Unfit
from workbench.logs.normalise.blueprint import message
from workbench.messages import ROLES, Message, text_part
from workbench.store.export_columns import Column


def value_of(given: Any, column: Column) -> Any:
    """A cell as a JSON value. Raises Unfit where it holds nothing.

    Text that is JSON of messages is read as these: tables of text keep them so.
    """
    found = given
    if isinstance(given, str) and column.kind in ("json", "list"):
        found = orjson.loads(given)
    if isinstance(found, str) and found.lstrip()[:1] == "[":
        held = parsed(found)
        if isinstance(held, list) and held and all(_has_role(one) for one in held):
            found = held
    if found is None or found in ([], {}) or (isinstance(found, str) and not found.strip()):
        raise Unfit(MISSING, f'column "{column.name}" holds nothing')
    return found


def messages_of(value: Any, column: Column, role: str) -> list[Message]:
    """A list of messages, one message, or a text, which `role` says. Raises Unfit."""
    if isinstance(value, dict) and ("role" in value or "content" in value):
        value = [value]
    if isinstance(value, list):
        return [_message(one, number, column) for number, one in enumerate(value, 1)]
    return [{"role": role, "content": [text_part(written(value))]}]


def written(value: Any) -> str:
    """A value as text: numbers and objects as JSON has them."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        # A column of numbers holds a whole one as a float.
        return str(int(value))
    return orjson.dumps(value, default=str).decode()


def tools_of(value: Any, column: Column) -> list[dict[str, Any]]:
    """OpenAI's function tools, also without the `function` around. Raises Unfit."""
    if isinstance(value, str):
        value = parsed(value)
    if not isinstance(value, list):
        raise Unfit(ILL_FORMED, f'column "{column.name}" holds no list of tools')
    found = []
    for number, one in enumerate(value, 1):
        function = one.get("function", one) if isinstance(one, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise Unfit(ILL_FORMED, f'column "{column.name}": tool {number} has no name')
        if not isinstance(function.get("parameters"), dict | None):
            told = f'column "{column.name}": the parameters of tool {number} are no object'
            raise Unfit(ILL_FORMED, told)
        kept = {key: each for key, each in function.items() if key != "type"}
        found.append({"type": "function", "function": kept})
    return found


def _message(raw: Any, number: int, column: Column) -> Message:
    where = f'column "{column.name}": message {number}'
    if not isinstance(raw, dict):
        raise Unfit(ILL_FORMED, f"{where} is no object")
    if not isinstance(raw.get("role"), str):
        raise Unfit(ILL_FORMED, f"{where} has no role")
    if raw["role"] not in ROLES:
        raise Unfit(ILL_FORMED, f"{where} has the role {raw['role'][:40]!r}")
    if not isinstance(raw.get("content"), str | list | None):
        raise Unfit(ILL_FORMED, f"{where} has a content that is neither text nor a list")
    return message(raw)


def _has_role(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def parsed(text: str) -> Any:
    """JSON; None for what is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
