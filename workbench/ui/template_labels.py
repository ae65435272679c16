"""Release labels of a template: where each points, what waits for a second person, and the record
of who moved what."""

from __future__ import annotations

import streamlit as st

from workbench.registry import labels
from workbench.store.audit import Entry
from workbench.store.registry_rows import Label, LabelRequest, Template
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.hostile import escaped
from workbench.ui.template_moves import (
    ask_back,
    ask_move,
    ask_protect,
    ask_remove,
    ask_review,
    said_of,
)
from workbench.ui.template_record import draw_record
from workbench.ui.template_split import draw_splits
from workbench.ui.zones import minute


def draw_labels(template: Template) -> None:
    connection = open_store().connection
    found = labels.labels(connection, template.id)
    history = labels.history(connection, template.id)
    now, record = st.columns([1.2, 1], gap="medium")
    with now:
        for request in labels.waiting(connection, template.id):
            _draw_waiting(template, request)
        for label in found:
            _draw_label(template, label, history)
        if not found:
            st.caption("No release label points at a version yet.")
        if st.button("Move or make a label…", icon=":material/label:", type="primary"):
            ask_move(template, None)
        draw_splits(template)
    with record:
        draw_record(history)


def _draw_label(template: Template, label: Label, history: list[Entry]) -> None:
    protected = labels.is_protected(open_store().connection, template.id, label.name)
    back = _before(label, history)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        told = f"{minute(label.moved_at)} by {label.moved_by}{' · protected' if protected else ''}"
        st.html(
            f"<p class='wb-turn'><strong>{escaped(label.name)}</strong> version {label.number} "
            f'<span class="wb-note">{escaped(told)}</span></p>',
            width="stretch",
        )
        if back is not None and st.button(
            f"Back to {back}…", icon=":material/undo:", key=f"back-{label.id}"
        ):
            ask_back(template, label, back)
        if st.button("Move…", key=f"move-{label.id}"):
            ask_move(template, label.name)
        if st.button("Remove…", key=f"remove-{label.id}", type="tertiary"):
            ask_remove(template, label.name)
        if st.button(
            "Unprotect…" if protected else "Protect…",
            key=f"protect-{label.id}",
            type="tertiary",
            help="Moves of a protected label wait for a second person",
        ):
            ask_protect(template, label.name, protected)


def _before(label: Label, history: list[Entry]) -> int | None:
    """The version that the label pointed at before its last move, as the record has it."""
    for entry in history:
        if entry.action == "label.move" and entry.detail.get("label") == label.name:
            found = entry.detail.get("before")
            return found if isinstance(found, int) and found != label.number else None
    return None


def _draw_waiting(template: Template, request: LabelRequest) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        who = f"asked by {request.requested_by}, {minute(request.requested_at)}"
        note = f" · {request.note}" if request.note else ""
        st.html(
            f"<p>Waits: <strong>{escaped(said_of(request))}</strong> "
            f'<span class="wb-note">{escaped(who + note)}</span></p>',
            width="stretch",
        )
        title = "Look…" if request.requested_by == access.actor() else "Review…"
        if st.button(title, key=f"review-{request.id}", type="primary"):
            ask_review(template, request)
