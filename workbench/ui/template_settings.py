"""Model, tools and structured output of a template: a form for the common, JSON for the rest."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import streamlit as st

from workbench.registry import base_urls, schemas
from workbench.registry.editing import Editing
from workbench.store.store import open_store
from workbench.ui.hostile import escaped
from workbench.ui.json_box import draw_json_box
from workbench.ui.playground_models import connected, names_of

Changed = Callable[[], None]
PROVIDERS = ("openai", "openai.azure", "anthropic", "google", "amazon.bedrock", "mistral", "cohere")
_NEW_TOOL = {
    "type": "function",
    "function": {
        "name": "new_tool",
        "description": "What it does",
        "parameters": {"type": "object", "properties": {}, "required": []},
    },
}


def draw_settings(editing: Editing, changed: Changed) -> None:
    with st.expander("Model and settings", icon=":material/tune:"):
        _draw_model(editing, changed)
    draw_tools(editing, changed)
    draw_structured_output(editing, changed)


def draw_tools(editing: Editing, changed: Changed, more: Callable[[], None] | None = None) -> None:
    """The tools that the model is offered. more: draws what else belongs to them."""
    if not editing.is_chat:
        return
    tools = editing.prompt.get("tools") or []
    title = f"Tools ({len(tools)})" if tools else "Tools"
    with st.expander(title, icon=":material/build:"):
        _draw_tools(editing, changed)
        if more is not None:
            more()


def draw_structured_output(editing: Editing, changed: Changed) -> None:
    with st.expander("Structured output", icon=":material/data_object:"):
        parameters = editing.model.setdefault("parameters", {})
        draw_json_box(
            "JSON Schema of the answer (response_format)",
            parameters.get("response_format"),
            f"schema-{editing.subject}-{editing.mark}",
            lambda value: _put(editing, parameters, "response_format", value),
            changed,
            check=check_format,
        )


def check_format(value: Any) -> None:
    """Raises FieldError for a structured output whose schema is no JSON Schema."""
    schemas.check_response_format({"model": {"parameters": {"response_format": value}}})


def _check_tools(value: Any) -> None:
    schemas.check_tools({"tools": value}, "tools")


def _put(editing: Editing, owner: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        owner.pop(name, None)
    else:
        owner[name] = value
    editing.is_changed = True


def _draw_model(editing: Editing, changed: Changed) -> None:
    key = f"{editing.subject}-{editing.mark}"
    model = editing.model
    provider, name = model.get("provider"), str(model.get("name") or "")
    with st.container(horizontal=True):
        options = list(dict.fromkeys((*PROVIDERS, *connected(), *([provider] if provider else ()))))

        def choose() -> None:
            _put(editing, model, "provider", st.session_state[f"provider-{key}"])
            changed()

        st.selectbox(
            "Provider",
            options,
            index=options.index(provider) if provider in options else None,
            key=f"provider-{key}",
            accept_new_options=True,
            on_change=choose,
        )

        def rename() -> None:
            _put(editing, model, "name", (st.session_state[f"model-{key}"] or "").strip() or None)
            changed()

        names = list(dict.fromkeys((*names_of(provider or ""), *([name] if name else ()))))
        st.selectbox(
            "Model",
            names,
            index=names.index(name) if name else None,
            key=f"model-{key}",
            accept_new_options=True,
            placeholder="any name",
            on_change=rename,
        )
        urls = [one.name for one in base_urls.listed(open_store().connection)]
        if urls or editing.provider_base_url:
            _draw_base_url(editing, urls, key, changed)
    parameters = model.setdefault("parameters", {})
    _draw_common(editing, parameters, key, changed)
    rest = {name: value for name, value in parameters.items() if name != "response_format"}

    def replace(value: Any) -> None:
        kept = parameters.get("response_format")
        parameters.clear()
        parameters.update(value or {})
        if kept is not None:
            parameters["response_format"] = kept
        editing.is_changed = True
        editing.revision += 1

    draw_json_box("All parameters", rest or None, f"parameters-{key}", replace, changed, kind=dict)


def _draw_base_url(editing: Editing, urls: list[str], key: str, changed: Changed) -> None:
    options = [*urls, *({editing.provider_base_url} - {None, *urls})]

    def choose() -> None:
        editing.provider_base_url = st.session_state[f"base-url-{key}"]
        editing.is_changed = True
        changed()

    index = options.index(editing.provider_base_url) if editing.provider_base_url else None
    st.selectbox("Base URL", options, index=index, key=f"base-url-{key}", on_change=choose)


def _draw_common(editing: Editing, parameters: dict[str, Any], key: str, changed: Changed) -> None:
    with st.container(horizontal=True):
        for name, title, step in (
            ("temperature", "Temperature", 0.1),
            ("top_p", "Top p", 0.05),
            ("max_tokens", "Max tokens", 1),
        ):
            widget = f"{name}-{key}"

            def edited(name: str = name, widget: str = widget) -> None:
                _put(editing, parameters, name, st.session_state[widget])
                changed()

            value = parameters.get(name)
            fits = isinstance(value, int | float) and not isinstance(value, bool)
            kind = int if isinstance(step, int) else float
            st.number_input(
                title,
                value=kind(value) if fits and value is not None else None,
                step=step,
                key=widget,
                min_value=kind(0),
                on_change=edited,
                placeholder="default",
            )


def _draw_tools(editing: Editing, changed: Changed) -> None:
    key = f"{editing.subject}-{editing.mark}"

    def replace(value: Any) -> None:
        _put(editing, editing.prompt, "tools", value or None)
        editing.revision += 1

    def add() -> None:
        replace([*(editing.prompt.get("tools") or []), deepcopy(_NEW_TOOL)])
        changed()

    for tool in editing.prompt.get("tools") or ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict):
            st.html(
                f"<p><strong>{escaped(str(function.get('name') or ''))}</strong> "
                f"{escaped(str(function.get('description') or ''))}</p>"
            )
    st.button("Add tool", icon=":material/add:", key=f"add-tool-{key}", on_click=add)
    tools = editing.prompt.get("tools")
    draw_json_box(
        "Tools as JSON", tools, f"tools-{key}", replace, changed, kind=list, check=_check_tools
    )
    choice = editing.prompt.get("tool_choice")
    draw_json_box(
        "Tool choice",
        choice,
        f"choice-{key}",
        lambda value: _put(editing, editing.prompt, "tool_choice", value),
        changed,
        height=68,
    )
