"""Providers: which are ready, testing a key with one click, connecting further endpoints."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from workbench.providers import about
from workbench.providers.host import open_host
from workbench.providers.reach import Readiness, readiness
from workbench.providers.table import PROVIDERS
from workbench.store import connections
from workbench.store.connections import Connected
from workbench.store.errors import Refused
from workbench.store.store import open_store
from workbench.store.writer import Change
from workbench.ui.access import actor
from workbench.ui.base_urls import draw_base_urls
from workbench.ui.hostile import escaped

_TESTED = "tested-provider"
_COLOURS = {"ready": "green", "missing key": "orange", "not installed": "gray"}
_KINDS = {"openai": "OpenAI-compatible", "anthropic": "Anthropic-compatible"}


def draw_providers() -> None:
    st.markdown(
        "Keys come from the environment or from `.streamlit/secrets.toml`. They are never stored, "
        "logged or shown. Testing a key asks the provider for its list of models."
    )
    found = readiness(connections.listed(open_store().connection))
    for one in found:
        if not one.is_connection:
            _draw(one)
    st.subheader("Connected endpoints")
    st.markdown(
        "Any server that speaks OpenAI's or Anthropic's interface: vLLM, Ollama, llama.cpp, "
        "LM Studio, OpenRouter, a gateway. Its models are called by its name, as in "
        "`name/model`, and appear in logs like any other."
    )
    for one in found:
        if one.is_connection:
            _draw(one)
    _draw_connect()
    st.subheader("Base URLs of prompt templates")
    draw_base_urls()


def _draw(one: Readiness) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(
                f"<strong>{escaped(one.title)}</strong> "
                f"<span class='wb-note wb-mono'>{escaped(one.name)}/…</span><br>"
                f"<span class='wb-note'>{escaped(_about(one))}</span>",
                width="stretch",
            )
            st.badge(one.state, color=_COLOURS[one.state])  # type: ignore[arg-type]
            if one.state == "ready" and st.button("Test", key=f"test-{one.name}"):
                with st.spinner("Asking", show_time=True):
                    st.session_state[_TESTED] = one.name, about.test_key(open_host(), one.name)
            if one.is_connection:
                _draw_removal(one)
        name, tested = st.session_state.get(_TESTED, (None, None))
        if tested is not None and name == one.name:
            # Plain text: a provider's answer is not to be read as Markdown.
            icon = ":material/check_circle:" if tested.ok else ":material/error:"
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge(
                    "key works" if tested.ok else "failed", icon=icon, color=_colour(tested.ok)
                )
                st.text(f"{tested.sentence} ({tested.milliseconds:.0f} ms)", width="stretch")


def _colour(ok: bool) -> Literal["green", "red"]:
    return "green" if ok else "red"


def _about(one: Readiness) -> str:
    """What a person should know of it, and what is missing or where its key is from."""
    pieces = [one.note] if one.note else []
    if one.base_url:
        pieces.append(one.base_url)
    if one.models:
        shown = ", ".join(one.models[:6])
        more = len(one.models) - 6
        pieces.append(f"Models: {shown}{f' and {more} more' if more > 0 else ''}")
    if one.missing:
        pieces.append(f"Set {' and '.join(one.missing)}.")
    elif one.key_from:
        where = "the environment" if one.key_from == "environment" else one.key_from
        pieces.append(f"Key from {where}")
    return " · ".join(piece.rstrip(".") for piece in pieces)


def _draw_removal(one: Readiness) -> None:
    who = actor()
    with st.popover("Remove"):
        st.markdown("Its logged requests stay.")
        if st.button("Remove it", type="primary", key=f"remove-{one.name}"):
            store = open_store()
            _change(lambda cursor: store.connections.remove(cursor, who, one.name))


def _draw_connect() -> None:
    # Asked here: a change runs in the writer's thread, which knows no session.
    who = actor()
    with st.form("connect", clear_on_submit=False, enter_to_submit=False):
        st.markdown("**Connect an endpoint**")
        left, right = st.columns(2)
        name = left.text_input("Name", placeholder="my-vllm", max_chars=64)
        kind = right.selectbox("Speaks", list(_KINDS), format_func=_KINDS.__getitem__)
        left, right = st.columns(2)
        url = left.text_input("Base URL", placeholder="http://localhost:8000/v1", max_chars=2000)
        variable = right.text_input(
            "Key variable",
            placeholder="MY_VLLM_API_KEY",
            max_chars=100,
            help="The name of the variable with the key. Leave it empty where none is needed.",
        )
        left, right = st.columns(2)
        models = left.text_area(
            "Models", placeholder="one a line", help="Leave it empty to ask the endpoint."
        )
        headers = right.text_area(
            "Headers", placeholder="X-Team: search", help="Sent with each call. No secrets."
        )
        sent = st.form_submit_button("Connect", type="primary", icon=":material/link:")
        st.caption("An endpoint of the same name is replaced.")
    if sent:
        try:
            one = Connected(
                name=name,
                kind=kind,
                base_url=url,
                key_variable=variable,
                models=tuple(models.splitlines()),
                headers=_headers(headers),
            )
        except ValueError as error:
            st.warning(str(error))
            return
        store = open_store()
        _change(lambda cursor: store.connections.put(cursor, who, one, tuple(PROVIDERS)))


def _headers(text: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError(f'"Name: value" is needed in each line of the headers, not {line!r}.')
        found[name.strip()] = value.strip()
    return found


def _change(change: Change[object]) -> None:
    try:
        open_store().change(change).result()
    except Refused as error:
        st.warning(str(error))
    else:
        st.session_state.pop(_TESTED, None)
        st.rerun()
