"""The versions of a template: who saved which, what it changed, an old one again."""

from __future__ import annotations

import streamlit as st

from workbench.registry import compare, labels, publishing, templates
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import Template, VersionInfo
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped
from workbench.ui.template_compare import draw_comparison
from workbench.ui.zones import minute

SHOWN = 200


def draw_versions(template: Template) -> None:
    connection = open_store().connection
    versions = templates.versions(connection, template.id, limit=SHOWN)
    pointing: dict[int, list[str]] = {}
    for label in labels.labels(connection, template.id):
        pointing.setdefault(label.number, []).append(label.name)
    table, detail = st.columns([1, 1.2], gap="medium")
    with table:
        for info in versions:
            _draw_line(template, info, pointing.get(info.number, []), versions[0].number)
    with detail:
        _draw_compare(template, versions)


def _draw_line(template: Template, info: VersionInfo, pointing: list[str], newest: int) -> None:
    with st.container(border=True, key=f"version-{info.number}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            said = f" · {escaped(info.message)}" if info.message else ""
            st.html(f"<p class='wb-turn'><strong>{info.number}</strong>{said}</p>", width="stretch")
            for name in pointing:
                st.badge(escaped(name), color="blue")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            model = f" · {info.model_name}" if info.model_name else ""
            when = f"{minute(info.created_at)} by {info.created_by}{model}"
            st.html(f'<p class="wb-note">{escaped(when)}</p>', width="stretch")
            if st.button("Open", key=f"open-{info.number}", type="tertiary"):
                st.query_params[state.VERSION] = str(info.number)
                st.query_params.pop(state.TAB, None)
                st.rerun()
            if info.number != newest and st.button(
                "Restore",
                key=f"restore-{info.number}",
                type="tertiary",
                help="Save it again as the newest version; nothing in between is lost",
            ):
                _restore(template, info.number)


def _restore(template: Template, number: int) -> None:
    try:
        done = publishing.restore_version(open_store(), access.actor(), template.id, number)
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.session_state[state.SAID] = f"Version {number} is version {done.version.number} now."
    st.rerun()


def _draw_compare(template: Template, versions: list[VersionInfo]) -> None:
    numbers = [info.number for info in versions]
    if len(numbers) < 2:
        st.caption("A second version can be compared with this one.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.selectbox(
            "Compare", numbers, index=1, key="before", bind="query-params", width=120
        )
        after = st.selectbox("with", numbers, index=0, key="after", bind="query-params", width=120)
    draw_comparison(compare.compare(open_store().connection, template.id, before, after))
