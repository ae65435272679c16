"""Release labels of a template: where each points, moving one with its diff and preflight, what
waits for a second person, and the record of who moved what."""

from __future__ import annotations

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import labels, templates
from workbench.registry.preflight import Preflight, preflight
from workbench.store.audit import Entry
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import Label, LabelRequest, Template
from workbench.store.store import open_store
from workbench.ui import access, state, words
from workbench.ui.hostile import escaped
from workbench.ui.template_compare import draw_comparison
from workbench.ui.template_record import draw_record
from workbench.ui.template_split import draw_splits
from workbench.ui.zones import minute

LAST = 50


def draw_labels(template: Template) -> None:
    connection = open_store().connection
    found = labels.labels(connection, template.id)
    history = labels.history(connection, template.id)
    now, record = st.columns([1.2, 1], gap="medium")
    with now:
        for request in labels.waiting(connection, template.id):
            _draw_waiting(request)
        for label in found:
            _draw_label(template, label, history)
        if not found:
            st.caption("No release label points at a version yet.")
        if st.button("Move or make a label…", icon=":material/label:", type="primary"):
            _ask_move(template, None, None)
        draw_splits(template)
    with record:
        draw_record(history)


def _draw_label(template: Template, label: Label, history: list[Entry]) -> None:
    connection = open_store().connection
    protected = labels.is_protected(connection, template.id, label.name)
    back = _before(label, history)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        told = f"{minute(label.moved_at)} by {label.moved_by}{' · protected' if protected else ''}"
        st.html(
            f"<p class='wb-turn'><strong>{escaped(label.name)}</strong> version {label.number} "
            f'<span class="wb-note">{escaped(told)}</span></p>',
            width="stretch",
        )
        if back is not None and st.button(
            f"Back to {back}", icon=":material/undo:", key=f"back-{label.id}"
        ):
            _move(template, label.name, back, "moved back")
        if st.button("Move…", key=f"move-{label.id}"):
            _ask_move(template, label.name, None)
        if st.button("Remove", key=f"remove-{label.id}", type="tertiary"):
            _ask_remove(template, label.name)
        title = "Unprotect" if protected else "Protect"
        if st.button(
            title,
            key=f"protect-{label.id}",
            type="tertiary",
            help="Moves of a protected label wait for a second person",
        ):
            _protect(template, label.name, protected)


def _before(label: Label, history: list[Entry]) -> int | None:
    """The version that the label pointed at before its last move, as the record has it."""
    for entry in history:
        if entry.action == "label.move" and entry.detail.get("label") == label.name:
            found = entry.detail.get("before")
            return found if isinstance(found, int) and found != label.number else None
    return None


def _protect(template: Template, name: str, protected: bool) -> None:
    store, actor = open_store(), access.actor()
    try:
        if protected:
            labels.unprotect(store, actor, name, template.id)
            said = f"Taking the protection from {name} waits for a second person."
        else:
            labels.protect(store, actor, name, template.id)
            said = f"Moves of {name} wait for a second person from now on."
    except (FieldError, Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.session_state[state.SAID] = said
    st.rerun()


def _draw_waiting(request: LabelRequest) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        change = f"{request.kind} {request.name}: {request.from_number} → {request.to_number}"
        who = f"asked by {request.requested_by}, {minute(request.requested_at)}"
        note = f" · {request.note}" if request.note else ""
        st.html(
            f"<p><strong>{escaped(change)}</strong> "
            f'<span class="wb-note">{escaped(who + note)}</span></p>',
            width="stretch",
        )
        for title, decide in (
            ("Approve", labels.approve),
            ("Reject", labels.reject),
            ("Withdraw", labels.withdraw),
        ):
            if st.button(title, key=f"{title}-{request.id}"):
                try:
                    decide(open_store(), access.actor(), request.id)
                except (Refused, NotFound) as error:
                    st.error(escaped(str(error)))
                else:
                    st.rerun()


@st.dialog("Remove label")
def _ask_remove(template: Template, name: str) -> None:
    st.markdown("Whoever asks for this label gets an error from then on.")
    if st.button(f"Remove {escaped(name)}", type="primary"):
        try:
            change = labels.remove_label(open_store(), access.actor(), template.id, name)
        except (Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        st.session_state[state.SAID] = change.sentence
        st.rerun()


@st.dialog("Move a release label", width="large")
def _ask_move(template: Template, name: str | None, number: int | None) -> None:
    connection = open_store().connection
    versions = templates.versions(connection, template.id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        known = sorted({*labels.label_names(connection), *([name] if name else [])})
        chosen = st.selectbox(
            "Label",
            known,
            index=known.index(name) if name in known else None,
            accept_new_options=True,
            placeholder="prod",
        )
        numbers = [info.number for info in versions]
        target = st.selectbox(
            "to version", numbers, index=numbers.index(number) if number in numbers else 0
        )
    if not chosen:
        return
    try:
        difference = labels.label_diff(connection, template.id, chosen, target)
    except (FieldError, NotFound) as error:
        st.error(escaped(str(error)))
        return
    if difference is None:
        st.caption(f"{escaped(chosen)} is a new label.")
    else:
        draw_comparison(difference)
    _draw_preflight(preflight(open_store(), template.id, target, chosen, last=LAST))
    if labels.is_protected(connection, template.id, chosen):
        st.info("This label is protected: the move waits for a second person.")
    note = st.text_input("Note", placeholder="Why")
    if st.button(f"Move to version {target}", type="primary", icon=":material/label:"):
        _move(template, chosen, target, note or None)


def _move(template: Template, name: str, number: int, note: str | None) -> None:
    try:
        change = labels.move_label(
            open_store(), access.actor(), template.id, name, number, note=note
        )
    except (FieldError, Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.session_state[state.SAID] = change.sentence
    st.rerun()


def _draw_preflight(found: Preflight) -> None:
    with st.container(border=True):
        icon = ":material/check:" if found.is_clear else ":material/info:"
        st.markdown(f"{icon} **Preflight.** {escaped(found.sentence)}")
        facts = []
        for title, pair in (("characters", found.chars), ("input tokens", found.tokens)):
            if pair is not None:
                facts.append(f"{title} {pair[0]:,.0f} → {pair[1]:,.0f}")
        if found.unused:
            names = ", ".join(f"{name} ({number})" for name, number in found.unused[:6])
            facts.append(f"sent in vain: {names}")
        if facts:
            st.html(f'<p class="wb-note">Mean {escaped("; ".join(facts))}</p>')
        for one in [each for each in found.outcomes if each.problem][:5]:
            st.html(
                f'<p class="wb-note">Request {one.request_id}: {escaped(one.problem or "")}</p>'
            )
        if found.tried < found.found:
            st.caption(f"Time ran out after {words.plural(found.tried, 'request')}.")
