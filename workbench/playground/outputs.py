"""The answers of a session that can be compared, each with its text and, where it is one, its JSON
value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.messages import tool_calls
from workbench.playground.sessions import text_of

#: A longer answer is compared as text alone.
_MAX_JSON = 1_000_000


@dataclass(frozen=True, slots=True)
class Output:
    """id: of the run, "request-ID" for one from the logs. value: the JSON that the answer is, its
    tool calls included; `is_json` says whether there is any."""

    id: str
    label: str
    text: str
    value: Any
    is_json: bool


def output(id_: str, label: str, answer: Sequence[Any]) -> Output:
    text = text_of(answer)
    calls = [call for one in answer for call in tool_calls(one)]
    if calls:
        plain = text_of([{**one, "tool_calls": None, "function_call": None} for one in answer])
        value: Any = {
            **({"text": _read(plain)[0]} if plain else {}),
            "tool_calls": [
                {"name": each["name"], "arguments": _read(each["arguments"])[0]} for each in calls
            ],
        }
        return Output(id_, label, text, value, True)
    value, is_json = _read(text)
    return Output(id_, label, text, value, is_json)


def _read(text: str) -> tuple[Any, bool]:
    """A text as the JSON object or list that it is, else the text itself."""
    stripped = text.strip()
    if stripped.startswith(("{", "[")) and len(stripped) <= _MAX_JSON:
        try:
            return json.loads(stripped), True
        except (ValueError, RecursionError):
            pass
    return text, False
