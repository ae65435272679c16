"""Who sits in front of the pages: a login where one is configured, and the actor of changes."""

from __future__ import annotations

import streamlit as st

from workbench import browser_id
from workbench.settings import settings
from workbench.store.keys import same
from workbench.ui import state

# The actor where nobody is logged in.
NOBODY = "page"


def has_login() -> bool:
    return bool(settings().password) or _has_identity_provider()


def _has_identity_provider() -> bool:
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def actor() -> str:
    """Who a change on a page is recorded for."""
    if _has_identity_provider() and st.user.is_logged_in:
        return f"user:{st.user.email or st.user.name}"
    return NOBODY


def person() -> str:
    """Whose drafts and choices these are: a login, else the browser, else everybody alike. Changes
    are recorded for `actor`."""
    who, browser = actor(), st.context.cookies.get(browser_id.COOKIE)
    is_known = who == NOBODY and isinstance(browser, str) and browser_id.is_good(browser)
    return browser_id.name_of(str(browser)) if is_known else who


def is_one_person() -> bool:
    """Whether everyone at the pages is recorded as the same person."""
    return not _has_identity_provider()


def require_login() -> None:
    """Stop the run with a login form until the person is known, where a login is configured."""
    if _has_identity_provider():
        if not st.user.is_logged_in:
            st.title("Workbench")
            st.button("Log in", on_click=st.login, type="primary")
            st.stop()
    elif settings().password and not st.session_state.get(state.LOGGED_IN):
        _ask_password()
        st.stop()


def _ask_password() -> None:
    with st.container(width=360), st.form("login"):
        st.subheader("Workbench")
        given = st.text_input("Password", type="password")
        if st.form_submit_button("Log in", type="primary"):
            if same(given, settings().password):
                st.session_state[state.LOGGED_IN] = True
                st.rerun()
            st.error("That is not the password of this workbench.")
