"""Values of datasets as they are shown and typed."""

from __future__ import annotations

from typing import Any

import orjson
import streamlit as st

from workbench.evals.values import is_answer, readable
from workbench.jsontext import FieldError
from workbench.messages import is_conversation
from workbench.store.dataset_values import BOOLEAN, EMPTY, JSON, TEXT, Column, type_of
from workbench.store.dataset_values import NUMBER as NUMBER_TYPE
from workbench.ui.conversation import Look, draw_call, draw_messages, shown_json
from workbench.ui.hostile import draw_text
from workbench.ui.images import draw_image

NUMBER = int | float
_BRIEF = 300
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


def brief(value: Any) -> str | None:
    """A value on one line of a table."""
    if value is None:
        return None
    text = readable(value)
    if text.startswith("data:"):
        return text[:40].partition(",")[0]
    return " ".join(text[:_BRIEF].split())


def draw_value(value: Any, key: str) -> None:
    """A value whole: text as text, messages as a conversation, an image as one, calls of tools with
    their arguments, JSON as a tree."""
    if value is None:
        st.caption("No value")
    elif isinstance(value, str):
        if value.startswith("data:image/"):
            draw_image(value, key)
        else:
            draw_text(value, key)
    elif is_conversation(value):
        draw_messages(value, key, Look())
    elif is_answer(value):
        if value["content"]:
            draw_text(value["content"], key)
        for call in value["tool_calls"]:
            draw_call(call["name"], call["arguments"])
    elif isinstance(value, dict | list):
        st.json(shown_json(value), expanded=2)
    else:
        draw_text(dumped(value), key)


def edited_as(column: Column, before: Any) -> str:
    """The type that a value is typed as: its own, where another one stands there than its column's.

    In a column of mixed values a text is a text, and everything else JSON.
    """
    if before is None or (column.type == JSON and not isinstance(before, str)):
        return column.type
    return type_of(before)


def typed(value: Any, type_: str, *, indent: bool = True) -> str:
    """A value as it stands in a form's field. indent: JSON takes as many lines as it likes."""
    if value is None:
        return ""
    if isinstance(value, str) and type_ in (TEXT, EMPTY):
        return value
    if isinstance(value, str) and type_ == JSON:
        return dumped(value)
    return value if isinstance(value, str) else dumped(value, indent=indent and type_ == JSON)


def read_typed(text: str, type_: str, name: str, before: Any = None) -> Any:
    """The value that a field's text stands for; None for none. Raises FieldError.

    before: what the field held; an empty text that was there stays one.
    """
    if not text:
        return "" if before == "" else None
    if type_ in (TEXT, EMPTY):
        return text
    if type_ == NUMBER_TYPE:
        found = _json(text, name, "a number is needed, such as 3 or 2.5")
        if isinstance(found, bool) or not isinstance(found, NUMBER):
            raise FieldError(name, "a number is needed, such as 3 or 2.5")
        return found
    if type_ == BOOLEAN:
        if text.strip().lower() not in _YES_NO:
            raise FieldError(name, "true or false is needed")
        return _YES_NO[text.strip().lower()]
    return _json(text, name, 'JSON is needed: text stands in quotes, such as "yes"')


def dumped(value: Any, *, indent: bool = False) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode()


def _json(text: str, name: str, needed: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise FieldError(name, needed) from None
