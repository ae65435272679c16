"""The search line of the Logs page: the whole text syntax in one box, completed as one types.

Streamlit's own text field knows no completion, so the box is a component of our own: its script
asks for completions and hands the line over; what they are is decided here.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.filters import Filter, FilterError, parse_text
from workbench.filters.completion import (
    Option,
    Place,
    fixed_options,
    key_option,
    place_at,
    value_option,
)
from workbench.store.store import open_store
from workbench.store.suggestions import Suggestion, suggestions

KEY = "search-box"
PLACEHOLDER = 'Words, or tag:prod status:error latency>2s "exact words"'
SHOWN = 40
SHOWN_VALUES = 4
_HERE = Path(__file__)
_BOX = st.components.v2.component(
    "workbench_search_box",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)
# Which suggestions belong to a field of the filter and to its keys; others have none.
VALUE_FIELDS = {
    "engine": "engine",
    "provider_type": "provider_type",
    "error_type": "error_type",
    "finish_reason": "finish_reason",
    "tags": "tags",
    "tool_names": "tool_names",
    "prompt_name": "prompt_name",
    "prompt_id": "prompt_id",
    "prompt_label": "prompt_label",
    "prompt_version_number": "prompt_version_number",
    "status": "status",
    "function_name": "function_name",
    "group_id": "group_id",
    "source": "source",
    "origin": "origin",
    "metadata_keys": "metadata_keys",
    "input_variable_keys": "input_variable_keys",
    "output_keys": "output_keys",
    "metadata": "metadata_values",
    "input_variables": "input_variable_values",
    "output": "output_values",
}
KEY_FIELDS = {
    "metadata": "metadata_keys",
    "input_variables": "input_variable_keys",
    "output": "output_keys",
    "score": "score_names",
}
# A word alone may be meant as one of these.
_ALSO = (("engine", "model"), ("prompt_name", "prompt"), ("tags", "tag"))
_ASKED = "search-box-asked"
_SEARCHED = "search-box-searched"


@st.fragment
def draw_search_box(text: str, wrong: bool, filter_: Filter, now: datetime, zone: tzinfo) -> None:
    """The box with `text` in it. A line that is handed over stands in `take_searched` after the
    rerun of the page that follows."""
    # Answered once: a run of the whole page has nothing to complete.
    asked = st.session_state.pop(_ASKED, None)
    completion = None
    if asked:
        options, place, note = completions(asked["text"], asked["caret"], filter_, now, zone)
        completion = {
            "id": asked["id"],
            "start": place.start,
            "end": place.end,
            "options": [_shown(option) for option in options],
            "note": note,
        }
    _BOX(
        key=KEY,
        data={
            "text": text,
            "wrong": wrong,
            "placeholder": PLACEHOLDER,
            "completion": completion,
        },
        on_ask_change=_on_ask,
        on_search_change=_on_search,
    )
    if _SEARCHED in st.session_state:
        st.rerun()


def take_searched() -> str | None:
    """The line that was handed over since the last run, once."""
    searched = st.session_state.pop(_SEARCHED, None)
    return searched if isinstance(searched, str) else None


def _on_ask() -> None:
    asked = st.session_state[KEY].get("ask")
    if isinstance(asked, dict) and isinstance(asked.get("text"), str):
        caret = asked.get("caret")
        st.session_state[_ASKED] = {
            "id": asked.get("id"),
            "text": asked["text"],
            "caret": caret if isinstance(caret, int) else len(asked["text"]),
        }


def _on_search() -> None:
    searched = st.session_state[KEY].get("search")
    if isinstance(searched, dict) and isinstance(searched.get("text"), str):
        st.session_state.pop(_ASKED, None)
        st.session_state[_SEARCHED] = searched["text"]


def _shown(option: Option) -> dict[str, Any]:
    detail = option.detail if option.count is None else f"{option.count:,}"
    return {
        "insert": option.insert,
        "label": option.label,
        "detail": detail,
        "final": option.is_final,
    }


def completions(
    text: str, caret: int, filter_: Filter, now: datetime, zone: tzinfo
) -> tuple[list[Option], Place, str]:
    """What could stand at the caret, where it goes, and how far the counts reach.

    Values are those of the requests that the rest of the line finds, or `filter_` where the rest
    cannot be read.
    """
    place = place_at(text, caret)
    options = fixed_options(place)
    scope = _scope(text, place, filter_, zone)
    note = ""
    if place.kind == "key" and place.field is not None:
        found, note = _stored(KEY_FIELDS[place.field.name], scope, now, place.typed)
        sign = ">" if place.field.kind == "score" else ":"
        options = [key_option(each.value, each.requests, sign) for each in found]
    elif place.kind == "value" and place.field is not None and place.field.name in VALUE_FIELDS:
        if place.field.kind != "nested" or place.key:
            field = VALUE_FIELDS[place.field.name]
            found, note = _stored(field, scope, now, place.typed, key=place.key)
            options = [_value(place, each) for each in found] or options
    elif place.kind == "name" and len(place.typed) > 1:
        options = [*options, *_values_alone(place.typed, scope, now)]
    return options[:SHOWN], place, note


def _value(place: Place, found: Suggestion) -> Option:
    is_choice = place.field is not None and bool(place.field.choices)
    return value_option(found.value.lower() if is_choice else found.value, found.requests)


def _values_alone(typed: str, scope: Filter, now: datetime) -> list[Option]:
    """Values that hold the word, as whole conditions: "gpt" may be meant as model:gpt-4o."""
    options = []
    for field, name in _ALSO:
        found, _ = _stored(field, scope, now, typed, limit=SHOWN_VALUES)
        for each in found:
            value = value_option(each.value, each.requests)
            options.append(
                Option(f"{name}:{value.insert}", f"{name}:{each.value}", "", value.count)
            )
    return options


def _stored(
    field: str, scope: Filter, now: datetime, typed: str, *, key: str | None = None, limit: int = 30
) -> tuple[list[Suggestion], str]:
    found = suggestions(
        open_store().connection,
        field,
        scope,
        now=now,
        key=key,
        prefix=typed,
        anywhere=True,
        limit=limit,
    )
    note = "" if found.sampled is None else f"Counted in the last {found.sampled:,} requests"
    return found.values, note


def _scope(text: str, place: Place, filter_: Filter, zone: tzinfo) -> Filter:
    """The line without the word that is being typed; the time range stays that of the page."""
    rest = f"{text[: place.token_start]} {text[place.token_end :]}"
    try:
        scope = parse_text(rest, zone)
    except FilterError:
        return filter_
    if scope.time_range.preset == "all":
        scope = scope.with_time_range(filter_.time_range)
    return scope
