"""The versions of a dataset: who published which, where its rows came from, an old one again."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench.store import datasets
from workbench.store.datasets import Version
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, words
from workbench.ui.dataset_links import (
    CHANGES,
    ROWS,
    Opened,
    say,
    show_tab,
    show_version,
    version_name,
)
from workbench.ui.hostile import escaped
from workbench.ui.importing_words import plain
from workbench.ui.zones import minute


def draw_versions(found: Opened) -> None:
    listed = datasets.versions(open_store().connection, found.dataset.id)
    published = [one.number for one in listed if not one.is_draft]
    for version in listed:
        _draw_line(found, version, published)


def _draw_line(found: Opened, version: Version, published: list[int]) -> None:
    number = version.number
    with st.container(border=True, key=f"version-{number}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            said = f" · {escaped(version.note)}" if version.note else ""
            st.html(
                f"<p class='wb-turn'><strong>{version_name(version)}</strong>{said}</p>",
                width="stretch",
            )
            st.button(
                "Open", key=f"open-{number}", type="tertiary", on_click=_open, args=(version,)
            )
            if number > 1:
                st.button(
                    "Changes",
                    key=f"changes-{number}",
                    type="tertiary",
                    help=f"What differs from version {number - 1}",
                    on_click=_compare,
                    args=(number,),
                )
            if number in published and st.button(
                "Restore",
                key=f"restore-{number}",
                type="tertiary",
                help="Let the draft hold what this version holds; nothing in between is lost",
            ):
                _ask_restore(found, version)
        st.html(f'<p class="wb-note">{escaped(_about(version))}</p>')
        for source in version.sources:
            st.html(f'<p class="wb-note">{escaped(source_words(source))}</p>')


def _about(version: Version) -> str:
    rows, columns = words.plural(version.rows, "row"), words.plural(len(version.columns), "column")
    if version.published_at is None:
        return f"{rows} · {columns} · opened {minute(version.created_at)} by {version.author}"
    return f"{rows} · {columns} · published {minute(version.published_at)} by {version.author}"


def source_words(source: dict[str, Any]) -> str:
    """Where rows came from, in words."""
    kind, rows = source.get("kind"), source.get("rows")
    many = words.plural(rows, "row") if isinstance(rows, int) else "rows"
    if kind == "file":
        return f"{many} from the file {source.get('name')}"
    if kind == "logs":
        return f"{many} from the logs ({source.get('scope')})"
    return f"{many} by hand" if kind == "hand" else f"{many} from {kind}"


def _open(version: Version) -> None:
    show_tab(ROWS)
    show_version(version.number)


def _compare(number: int) -> None:
    show_tab(CHANGES)
    st.query_params["before"], st.query_params["after"] = str(number - 1), str(number)


@st.dialog("Restore this version?")
def _ask_restore(found: Opened, version: Version) -> None:
    st.markdown(
        f"The draft then holds the {words.plural(version.rows, 'row')} of version "
        f"{version.number}. Published versions stay as they are."
    )
    if found.dataset.draft is not None:
        st.warning("What was changed in the draft that is open is lost.")
    if not st.button("Restore", type="primary", key="restore-now"):
        return
    store, actor = open_store(), access.actor()
    try:
        store.change(
            lambda cursor: store.datasets.restore_version(
                cursor, actor, found.dataset.id, version.number
            )
        ).result()
    except (Refused, NotFound) as error:
        st.error(plain(str(error)))
        return
    show_version(None)
    say(f"The draft holds what version {version.number} holds.")
    st.rerun()
