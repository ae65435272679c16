"""The star of the open request."""

from __future__ import annotations

import streamlit as st

from workbench.store.errors import NotFound
from workbench.store.rows import Summary
from workbench.store.store import open_store
from workbench.ui.access import actor


def draw_star(row: Summary) -> None:
    """A button that puts the star on or takes it away; the key is `s`."""
    st.button(
        ":orange[★]" if row.starred else "",
        icon=None if row.starred else ":material/star:",
        key="star",
        type="tertiary",
        shortcut="s",
        help="Take the star away" if row.starred else "Star",
        on_click=_put,
        args=(row.id,),
        kwargs={"starred": not row.starred},
    )


def _put(request_id: int, *, starred: bool) -> None:
    store, who = open_store(), actor()
    try:
        store.change(lambda c: store.stars.put(c, who, request_id, starred=starred)).result()
    except NotFound as error:
        st.toast(str(error), icon=":material/error:")
