"""The menus of the bar of picked requests: what can be done with them, and with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import streamlit as st

from workbench.logs import download
from workbench.logs.bulk import (
    Grouping,
    Kind,
    MetadataChange,
    Scoring,
    Selection,
    Starring,
    Tagging,
)
from workbench.store import tags
from workbench.store.errors import Refused
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.access import actor

_MESSAGE = "bulk-message"
_ROUND = "bulk-round"
Start = Callable[[Selection, Kind], None]


def draw_menus(chosen: Selection, number: int | None, start: Start) -> None:
    """number: how many are picked, None if not known. start: does something to them."""
    _draw_tags(chosen, start)
    _draw_metadata(chosen, start)
    _draw_score(chosen, start)
    _draw_star(chosen, start)
    _draw_group(chosen, start)
    _draw_download(chosen, number)


def _submitted(chosen: Selection, make: Callable[[], Kind], start: Start) -> None:
    """Do what a form asks for and close its menu; what makes no sense is said in the open menu."""
    try:
        kind = make()
    except Refused as error:
        st.session_state[_MESSAGE] = str(error)
        return
    # Menus of another key are new ones, and closed.
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    start(chosen, kind)


def _submit(
    label: str,
    chosen: Selection,
    start: Start,
    make: Callable[[], Kind],
    *,
    is_main: bool = True,
) -> None:
    """The button of a form. make: reads what was entered, when it is pressed."""
    st.form_submit_button(
        label,
        type="primary" if is_main else "secondary",
        on_click=_submitted,
        args=(chosen, make, start),
    )


def _entered(field: str) -> Any:
    return st.session_state[f"bulk-{field}"]


def _popover(label: str, icon: str, name: str) -> Any:
    """A menu of the bar where it is open: what is in it is drawn only then."""
    key = f"bulk-{name}-{st.session_state.get(_ROUND, 0)}"
    menu = st.popover(label, icon=icon, key=key, type="tertiary", on_change="rerun")
    if not menu.open:
        return None
    if message := st.session_state.pop(_MESSAGE, None):
        menu.warning(message, icon=":material/error:")
    return menu


def _draw_tags(chosen: Selection, start: Start) -> None:
    menu = _popover("Tags", ":material/label:", "tags")
    if menu is None:
        return
    names = [each.name for each in tags.listed(open_store().connection)]
    with menu, st.form("bulk-tags-form", border=False):
        for label, key in (("Add", "bulk-add"), ("Remove", "bulk-remove")):
            st.multiselect(label, names, accept_new_options=True, placeholder="Tags", key=key)
        _submit(
            "Change tags",
            chosen,
            start,
            lambda: Tagging(tuple(_entered("add")), tuple(_entered("remove"))),
        )


def _draw_metadata(chosen: Selection, start: Start) -> None:
    menu = _popover("Metadata", ":material/data_object:", "metadata")
    if menu is None:
        return
    with menu, st.form("bulk-metadata-form", border=False):
        st.text_input("Key", max_chars=200, key="bulk-key")
        st.text_input(
            "Value",
            help='Text, or a JSON value such as 42, true or "42"',
            max_chars=2000,
            key="bulk-value",
        )
        with st.container(horizontal=True):
            _submit(
                "Set",
                chosen,
                start,
                lambda: MetadataChange({_entered("key"): _metadata_value(_entered("value"))}),
            )
            _submit(
                "Remove the key",
                chosen,
                start,
                lambda: MetadataChange(remove=(_entered("key"),)),
                is_main=False,
            )


def _metadata_value(text: str) -> object:
    """What is written as JSON counts as that; everything else is text."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _draw_score(chosen: Selection, start: Start) -> None:
    menu = _popover("Score", ":material/grade:", "score")
    if menu is None:
        return
    with menu, st.form("bulk-score-form", border=False):
        st.text_input("Score name", "default", max_chars=100, key="bulk-score-name")
        st.number_input("Score, 0 to 100", 0, 100, 100, step=1, key="bulk-score-value")
        with st.container(horizontal=True):
            _submit(
                "Give the score",
                chosen,
                start,
                lambda: Scoring(_entered("score-name").strip(), float(_entered("score-value"))),
            )
            _submit(
                "Remove the score",
                chosen,
                start,
                lambda: Scoring(_entered("score-name").strip(), None),
                is_main=False,
            )


def _draw_star(chosen: Selection, start: Start) -> None:
    done = st.menu_button(
        "Star", ["Star", "Take the star away"], icon=":material/star:", type="tertiary"
    )
    if done:
        start(chosen, Starring(done == "Star"))
        st.rerun()


def _draw_group(chosen: Selection, start: Start) -> None:
    menu = _popover("Session", ":material/forum:", "group")
    if menu is None:
        return
    with menu, st.form("bulk-group-form", border=False):
        st.text_input(
            "Session (a group)",
            placeholder="Its number, or nothing for a new one",
            key="bulk-number",
        )
        with st.container(horizontal=True):
            _submit("Put together", chosen, start, lambda: Grouping(_group(_entered("number"))))
            _submit("Take out of theirs", chosen, start, lambda: Grouping(None), is_main=False)


def _group(given: str) -> int:
    text = given.strip()
    if not text:
        return open_store().new_group(actor()).result()
    if not (text.isascii() and text.isdecimal()) or len(text) > 16:
        raise Refused("The number of a session has digits only.")
    return int(text)


def _draw_download(chosen: Selection, number: int | None) -> None:
    menu = _popover("Download", ":material/download:", "download")
    if menu is None:
        return
    with menu:
        if number is not None and number > download.MAX_ROWS:
            st.info(
                f"A download from here holds at most {download.MAX_ROWS:,} requests. Export them "
                "to a file, or pick fewer."
            )
            return
        for label, make, name, mime in (
            ("JSONL", download.as_jsonl, "requests.jsonl", "application/jsonl"),
            ("CSV", download.as_csv, "requests.csv", "text/csv"),
        ):
            data = make(open_store().connection, chosen)
            if data is None:
                st.info(
                    f"As {label} they are larger than {words.size(download.MAX_BYTES)}: export "
                    "them to a file, or pick fewer."
                )
                continue
            st.download_button(
                f"{label}, {words.size(len(data))}",
                data,
                name,
                mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"bulk-download-{label}",
            )
