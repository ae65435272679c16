"""API keys: made and shown once, listed by their last four characters, revoked."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from workbench.store import keys
from workbench.store.errors import Refused
from workbench.store.keys import ApiKey
from workbench.store.store import open_store
from workbench.ui import snippets, words
from workbench.ui.access import actor
from workbench.ui.connect import draw_lines
from workbench.ui.hostile import escaped
from workbench.ui.zones import exact

_MADE = "made-key"


def draw_keys() -> None:
    store = open_store()
    st.markdown("An application logs and reads with a key. A key is shown once, when it is made.")
    with (
        st.form("new-key", clear_on_submit=True, border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            "What is the new key for", placeholder="checkout service", max_chars=80
        )
        made = st.form_submit_button("Make a key", type="primary", icon=":material/key:")
    if made:
        try:
            st.session_state[_MADE] = store.make_key(actor(), name)
        except Refused as error:
            st.warning(str(error))
    if key := st.session_state.pop(_MADE, None):
        st.success("Copy these lines now: the key cannot be shown again.", icon=":material/key:")
        draw_lines(key)
    else:
        with st.expander("Connect an application", icon=":material/cable:"):
            st.markdown("Put a key of yours in the place of the word.")
            draw_lines(snippets.KEY_PLACEHOLDER)
    if store.settings.api_key:
        st.caption("The key in WORKBENCH_API_KEY is valid too; it is not listed here.")
    for each in keys.listed(store.connection):
        _draw_key(each)


def _draw_key(key: ApiKey) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        made = words.ago(key.created_at, datetime.now(UTC))
        state = f"revoked {exact(key.revoked_at)}" if key.revoked_at else f"made {made}"
        st.html(
            f"<strong>{escaped(key.name)}</strong> "
            f"<span class='wb-note'>key ending in "
            f"<span class='wb-mono'>{escaped(key.hint)}</span></span> "
            f"<span class='wb-note'>{escaped(state)} by {escaped(key.created_by)}</span>",
            width="stretch",
        )
        if key.revoked_at is None:
            with st.popover("Revoke"):
                st.markdown("Applications that use this key are refused from that moment on.")
                if st.button("Revoke it", type="primary", key=f"revoke-{key.id}"):
                    open_store().revoke_key(actor(), key.id)
                    st.rerun()
