"""Provider base URLs: named addresses that a template's calls go to instead of the vendor's."""

from __future__ import annotations

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import base_urls
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import BaseUrl
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.hostile import escaped
from workbench.ui.zones import minute

PROVIDERS = ("openai", "openai.azure", "anthropic", "google", "amazon.bedrock", "mistral", "cohere")


@st.dialog("Provider base URLs", width="large")
def ask_base_urls() -> None:
    draw_base_urls()


def draw_base_urls() -> None:
    st.markdown(
        "Addresses that a prompt template can name: callers who fetch it get the address beside "
        "it, and send the model's calls there, to a gateway or a proxy. No keys or passwords in "
        "them: every caller reads them."
    )
    for one in base_urls.listed(open_store().connection):
        _draw(one)
    with st.container(border=True):
        st.markdown("**Add an address**")
        name = st.text_input("Name", key="base-url-new-name", placeholder="eu-gateway")
        _draw_form(name.strip(), None)


def _draw(one: BaseUrl) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        told = f"{one.provider} · {minute(one.updated_at)} by {one.updated_by}"
        st.html(
            f'<p class="wb-turn"><strong>{escaped(one.name)}</strong> '
            f'<span class="wb-mono">{escaped(one.url)}</span><br>'
            f'<span class="wb-note">{escaped(told)}</span></p>',
            width="stretch",
        )
        with st.popover("Edit", type="tertiary", key=f"edit-url-{one.id}"):
            _draw_form(one.name, one)
        with st.popover("Remove", type="tertiary", key=f"drop-url-{one.id}"):
            st.markdown("Templates that name it then call the vendor's own address.")
            if st.button(f"Remove {escaped(one.name)}", type="primary", key=f"gone-{one.id}"):
                _remove(one)


def _draw_form(name: str, one: BaseUrl | None) -> None:
    """Provider and address of a new one, or of one that is there."""
    key = "new" if one is None else str(one.id)
    options = list(PROVIDERS)
    if one is not None and one.provider not in options:
        options.append(one.provider)
    provider = st.selectbox(
        "Provider",
        options,
        index=0 if one is None else options.index(one.provider),
        accept_new_options=True,
        key=f"base-url-{key}-provider",
    )
    url = st.text_input(
        "Address",
        "" if one is None else one.url,
        key=f"base-url-{key}-url",
        placeholder="https://gateway.example/v1",
    )
    known = {each.name for each in base_urls.listed(open_store().connection)}
    if one is None and name in known:
        st.caption(f"{escaped(name)} is there already: edit it in the list.")
        return
    title = "Add" if one is None else "Save"
    if st.button(title, type="primary", key=f"base-url-{key}-save"):
        try:
            base_urls.save(open_store(), access.actor(), name, provider or "", url.strip())
        except (FieldError, Refused) as error:
            st.error(escaped(str(error)), icon=":material/error:")
            return
        st.rerun()


def _remove(one: BaseUrl) -> None:
    try:
        base_urls.remove(open_store(), access.actor(), one.name)
    except (NotFound, Refused) as error:
        st.error(escaped(str(error)))
        return
    st.rerun()
