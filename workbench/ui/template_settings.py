"""Model, tools and structured output of a template: a form for the common, JSON for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from workbench.registry import base_urls, schemas
from workbench.registry.editing import Editing
from workbench.store.store import open_store
from workbench.ui.base_urls import PROVIDERS, ask_base_urls
from workbench.ui.hostile import escaped
from workbench.ui.json_box import draw_json_box
from workbench.ui.playground_models import connected, names_of
from workbench.ui.template_tools import draw_tools as draw_tools

Changed = Callable[[], None]
_VENDOR = "the vendor's own"


def draw_settings(editing: Editing, changed: Changed) -> None:
    with st.expander("Model and settings", icon=":material/tune:"):
        _draw_model(editing, changed)
    draw_tools(editing, changed)
    draw_structured_output(editing, changed)


def draw_structured_output(editing: Editing, changed: Changed) -> None:
    with st.expander("Structured output", icon=":material/data_object:"):
        draw_json_box(
            "JSON Schema of the answer (response_format)",
            editing.parameters.get("response_format"),
            f"schema-{editing.subject}-{editing.mark}",
            lambda value: editing.set_parameter("response_format", value),
            changed,
            check=check_format,
        )


def check_format(value: Any) -> None:
    """Raises FieldError for a structured output whose schema is no JSON Schema."""
    schemas.check_response_format({"model": {"parameters": {"response_format": value}}})


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
    _draw_base_url(editing, key, changed)
    _draw_common(editing, key, changed)
    rest = editing.parameters
    schema = rest.pop("response_format", None)

    def replace(value: Any) -> None:
        editing.set_parameters({**(value or {}), "response_format": schema})
        editing.revision += 1

    draw_json_box("All parameters", rest or None, f"parameters-{key}", replace, changed, kind=dict)


def _draw_base_url(editing: Editing, key: str, changed: Changed) -> None:
    known = {one.name: one.url for one in base_urls.listed(open_store().connection)}
    now = editing.provider_base_url
    options = [_VENDOR, *known, *({now} - {None, *known})]
    with st.container(horizontal=True, vertical_alignment="bottom"):

        def choose() -> None:
            chosen = st.session_state[f"base-url-{key}"]
            editing.provider_base_url = None if chosen == _VENDOR else chosen
            editing.is_changed = True
            changed()

        st.selectbox(
            "Base URL",
            options,
            index=options.index(now) if now else 0,
            key=f"base-url-{key}",
            on_change=choose,
            format_func=lambda name: f"{name}: {known[name]}" if name in known else name,
        )
        if st.button("Base URLs…", type="tertiary", key=f"base-urls-{key}"):
            ask_base_urls()
    if now is not None and now not in known:
        st.caption(f"There is no base URL {escaped(now)}: calls go to the vendor.")


def _draw_common(editing: Editing, key: str, changed: Changed) -> None:
    with st.container(horizontal=True):
        for name, title, step in (
            ("temperature", "Temperature", 0.1),
            ("top_p", "Top p", 0.05),
            ("max_tokens", "Max tokens", 1),
        ):
            widget = f"{name}-{key}"

            def edited(name: str = name, widget: str = widget) -> None:
                editing.set_parameter(name, st.session_state[widget])
                changed()

            value = editing.parameters.get(name)
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
