"""Settings of a model as a form: the common ones as fields, everything as JSON below."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import streamlit as st

from workbench.providers.parameters import tuning_of, written
from workbench.ui.json_box import draw_json_box
from workbench.ui.template_settings import check_format

Changed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    title: str
    step: float | int
    least: float | int | None = 0
    most: float | int | None = None


_FIELDS = (
    _Field("temperature", "Temperature", 0.1),
    _Field("top_p", "Top p", 0.05, most=1.0),
    _Field("max_tokens", "Max tokens", 1, least=1),
    _Field("top_k", "Top k", 1),
    _Field("seed", "Seed", 1, least=None),
    _Field("frequency_penalty", "Frequency penalty", 0.1, least=-2.0, most=2.0),
    _Field("presence_penalty", "Presence penalty", 0.1, least=-2.0, most=2.0),
    _Field("thinking", "Thinking budget (tokens)", 256),
)
_EFFORTS = ("none", "minimal", "low", "medium", "high")


def ours(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in any vendor's names under our own, structured output included."""
    tuning, form, parallel = tuning_of(parameters)
    found = written(tuning)
    if parallel is not None:
        found["parallel_tool_calls"] = parallel
    if form is not None and form.schema is None:
        found["response_format"] = {"type": "json_object"}
    elif form is not None:
        schema = {"name": form.name, "strict": form.strict, "schema": dict(form.schema or {})}
        found["response_format"] = {"type": "json_schema", "json_schema": schema}
    return found


def summary(parameters: Mapping[str, Any]) -> str:
    """Settings in one short line."""
    said = []
    for name, value in ours(parameters).items():
        if name == "thinking":
            said.append(f"thinking {value['budget_tokens']}")
        elif name == "response_format":
            said.append("structured output")
        elif isinstance(value, str | int | float | bool):
            said.append(f"{name.replace('_', ' ')} {value}")
        else:
            said.append(name.replace("_", " "))
    return ", ".join(said)


def draw_model_settings(
    parameters: Mapping[str, Any], key: str, put: Callable[[dict[str, Any]], None]
) -> None:
    """`put` takes the settings as they are after a change, under our names."""
    now = ours(parameters)
    written_anew = f"{key}-anew"
    key = f"{key}-{st.session_state.get(written_anew, 0)}"

    def change(name: str, value: Any) -> None:
        kept = {each: one for each, one in now.items() if each != name}
        put(kept if value is None else {**kept, name: value})

    for start in range(0, len(_FIELDS), 2):
        with st.container(horizontal=True):
            for field in _FIELDS[start : start + 2]:
                _draw_number(field, now, key, change)
    _draw_words(now, key, change)

    def replace(value: Any) -> None:
        # The fields above take it over.
        st.session_state[written_anew] = st.session_state.get(written_anew, 0) + 1
        put(dict(value or {}))

    digest = hashlib.sha256(orjson.dumps(now)).hexdigest()[:12]
    draw_json_box(
        "All settings, as JSON",
        now or None,
        f"all-{key}-{digest}",
        replace,
        lambda: None,
        kind=dict,
        check=lambda value: check_format(value.get("response_format")),
    )


def _draw_number(
    field: _Field, now: Mapping[str, Any], key: str, change: Callable[[str, Any], None]
) -> None:
    widget = f"{field.name}-{key}"
    value = now.get(field.name)
    if field.name == "thinking" and isinstance(value, Mapping):
        value = value.get("budget_tokens")
    kind = int if isinstance(field.step, int) else float

    def edited() -> None:
        given = st.session_state[widget]
        if field.name == "thinking" and given is not None:
            change(field.name, {"type": "enabled", "budget_tokens": given})
        else:
            change(field.name, given)

    fits = isinstance(value, int | float) and not isinstance(value, bool)
    shown = kind(value) if fits and value is not None else None
    least = None if field.least is None else kind(field.least)
    most = None if field.most is None else kind(field.most)
    if shown is not None:
        # A value from a log may lie outside of what is usual; it is shown as it is.
        least = None if least is None else min(least, shown)
        most = None if most is None else max(most, shown)
    st.number_input(
        field.title,
        value=shown,
        step=field.step,
        min_value=least,
        max_value=most,
        key=widget,
        on_change=edited,
        placeholder="default",
        width="stretch",
    )


def _draw_words(now: Mapping[str, Any], key: str, change: Callable[[str, Any], None]) -> None:
    with st.container(horizontal=True):
        effort = now.get("reasoning_effort")
        options = list(dict.fromkeys((*_EFFORTS, *([str(effort)] if effort else ()))))

        def choose() -> None:
            change("reasoning_effort", st.session_state[f"effort-{key}"])

        st.selectbox(
            "Reasoning effort",
            options,
            index=options.index(str(effort)) if effort else None,
            key=f"effort-{key}",
            accept_new_options=True,
            placeholder="default",
            on_change=choose,
        )

        def stops() -> None:
            given = [line for line in st.session_state[f"stop-{key}"].split("\n") if line]
            change("stop", given or None)

        st.text_area(
            "Stop at, one a line",
            "\n".join(now.get("stop") or ()),
            key=f"stop-{key}",
            height=68,
            on_change=stops,
        )
