"""What a move of a release label would do: the difference to what it serves, and the last logged
inputs tried on the version to come. Drawn wherever a label moves."""

from __future__ import annotations

import streamlit as st

from workbench.registry import labels
from workbench.registry.compare import compare_versions
from workbench.registry.preflight import LAST, MAX_LAST, Preflight, preflight_version
from workbench.store.registry_rows import Template, Version
from workbench.store.store import open_store
from workbench.ui.hostile import escaped
from workbench.ui.template_compare import draw_comparison

NUMBERS = (10, LAST, 200, MAX_LAST)
_PROBLEMS = 5


def draw_check(
    template: Template, label: str, after: Version, key: str, known: int | None = None
) -> None:
    """Difference and preflight of `label` moving to a version, saved or not.

    known: the version whose difference to `after` is on the screen already.
    """
    before = labels.serves(open_store().connection, template.id, label)
    if before is None:
        st.caption(f"{escaped(label)} is a new label.")
    elif before.number == known:
        st.caption(f"{escaped(label)} serves version {known}: it gets the changes above.")
    elif before.number == after.number:
        st.caption(f"{escaped(label)} serves version {after.number} already.")
    else:
        draw_comparison(compare_versions(before, after))
    _draw_preflight(template, label, after, key)


def _draw_preflight(template: Template, label: str, after: Version, key: str) -> None:
    with st.container(border=True, key=f"preflight-{key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            heading = st.container(width="stretch")
            last = st.selectbox(
                "Logged requests to try",
                NUMBERS,
                index=NUMBERS.index(LAST),
                key=f"preflight-last-{key}",
                format_func=lambda number: f"last {number:,}",
                label_visibility="collapsed",
                width=130,
            )
        found = preflight_version(open_store(), template, after, label, last=last)
        icon = ":material/check:" if found.is_clear else ":material/info:"
        heading.markdown(f"{icon} **Preflight.** {escaped(found.sentence)}")
        draw_remarks(found)


def draw_remarks(found: Preflight) -> None:
    """Missing, new and unused variables, lengths, and why requests would not render."""
    if not found.outcomes:
        return
    rows = [f"<li>{escaped(each)}</li>" for each in found.remarks]
    failing = [each for each in found.outcomes if each.problem]
    rows += [
        f"<li>Request {one.request_id}: {escaped(one.problem or '')}</li>"
        for one in failing[:_PROBLEMS]
    ]
    if len(failing) > _PROBLEMS:
        rows.append(f"<li>… and {len(failing) - _PROBLEMS} more that would not render.</li>")
    if rows:
        st.html(f'<ul class="wb-reasons">{"".join(rows)}</ul>')
