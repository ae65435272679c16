"""The dialogs in which a release label moves: to a version, back, away, under protection, and with
a second person's word."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import ab, finding, labels, templates
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_approvals import MOVE, REMOVE, SPLIT
from workbench.store.registry_rows import Label, LabelRequest, Template
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped
from workbench.ui.template_preflight import draw_check

ONE_PERSON = (
    "This workbench has no login of its own for each person: everyone at its pages counts as one, "
    "and nobody approves what they asked for. A second person approves with an API key, which is "
    "somebody else."
)
_LIFTING = "Moves of this label would wait for nobody from then on."
_REMOVAL = "Whoever asks for this label gets an error from then on."


@st.dialog("Move a release label", width="large")
def ask_move(template: Template, name: str | None) -> None:
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
        target = st.selectbox("to version", [info.number for info in versions])
    if not chosen or target is None:
        return
    try:
        _, after = finding.version(connection, template.id, target)
        draw_check(template, chosen, after, "move")
    except (FieldError, NotFound) as error:
        st.error(escaped(str(error)))
        return
    if labels.is_protected(connection, template.id, chosen):
        st.info("This label is protected: the move waits for a second person.")
    note = st.text_input("Note", placeholder="Why")
    if st.button(f"Move to version {target}", type="primary", icon=":material/label:"):
        _move(template, chosen, target, note or None)


@st.dialog("Move a release label back", width="large")
def ask_back(template: Template, label: Label, number: int) -> None:
    """One click more takes a release back: the button stands before what is worked out."""
    protected = labels.is_protected(open_store().connection, template.id, label.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f"<p><strong>{escaped(label.name)}</strong> goes from version {label.number} back to "
            f"version {number}.{' A second person approves.' if protected else ''}</p>",
            width="stretch",
        )
        if st.button(
            f"Move back to {number}", type="primary", icon=":material/undo:", key="move-back"
        ):
            _move(template, label.name, number, "moved back")
    try:
        _, after = finding.version(open_store().connection, template.id, number)
    except NotFound as error:
        st.error(escaped(str(error)))
        return
    draw_check(template, label.name, after, "back")


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


@st.dialog("Remove label")
def ask_remove(template: Template, name: str) -> None:
    st.markdown(_REMOVAL)
    if st.button(f"Remove {escaped(name)}", type="primary"):
        try:
            change = labels.remove_label(open_store(), access.actor(), template.id, name)
        except (Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        st.session_state[state.SAID] = change.sentence
        st.rerun()


@st.dialog("Protection by a second person")
def ask_protect(template: Template, name: str, protected: bool) -> None:
    if protected:
        st.markdown(f"{_LIFTING} Taking the protection away needs a second person, too.")
    else:
        st.markdown(
            f"Whoever moves or removes **{escaped(name)}** then asks for it, and somebody else "
            "approves. Taking the protection away needs a second person, too."
        )
    if access.is_one_person():
        st.info(ONE_PERSON, icon=":material/person:")
        draw_how("ID")
    title = f"Ask to unprotect {name}" if protected else f"Protect {name}"
    if st.button(escaped(title), type="primary", icon=":material/shield:"):
        _protect(template, name, protected)


def draw_how(request: str) -> None:
    """How a change is approved from outside of the pages."""
    st.code(f"python -m workbench prompts approve {request}", language="bash")
    st.caption(f"or POST /api/workbench/label-requests/{escaped(request)}/approve, with a key.")


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


# A second person's word

_DECIDE: dict[str, Callable[..., LabelRequest]] = {
    "Approve": labels.approve,
    "Reject": labels.reject,
    "Withdraw": labels.withdraw,
}


@st.dialog("A change of a protected label", width="large")
def ask_review(template: Template, request: LabelRequest) -> None:
    """What the second person sees before they decide: the difference and the preflight."""
    is_mine = request.requested_by == access.actor()
    st.html(
        f"<p>{escaped(request.requested_by)} asks: <strong>{escaped(said_of(request))}</strong>"
        f"{escaped(f' ({request.note})' if request.note else '')}</p>"
    )
    with st.container(horizontal=True):
        for title in ("Withdraw", "Reject") if is_mine else ("Approve", "Reject"):
            primary = title == "Approve"
            if st.button(title, key=f"decide-{title}", type="primary" if primary else "secondary"):
                _decide(title, request)
    if is_mine:
        st.caption("You asked for this, so somebody else approves it.")
        if access.is_one_person():
            draw_how(str(request.id))
    try:
        _draw_change(template, request)
    except NotFound as error:
        st.error(escaped(str(error)))


def _decide(title: str, request: LabelRequest) -> None:
    try:
        done = _DECIDE[title](open_store(), access.actor(), request.id)
    except (Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    st.session_state[state.SAID] = f"{said_of(request)}: {done.decision}."
    st.rerun()


def _draw_change(template: Template, request: LabelRequest) -> None:
    connection = open_store().connection
    if request.kind == MOVE:
        _, after = finding.version(connection, template.id, request.to_number)
        draw_check(template, request.name, after, "review")
    elif request.kind == SPLIT and request.splits is not None:
        draw_release_check(template, ab.from_json(request.name, request.splits))
    else:
        st.markdown(_REMOVAL if request.kind == REMOVE else _LIFTING)


def draw_release_check(template: Template, release: ab.Release) -> None:
    """Difference and preflight of each version that an A/B release would newly serve."""
    connection = open_store().connection
    now = labels.serves(connection, template.id, release.label)
    shares = [*release.shares, *(each for one in release.segments for each in one.shares)]
    for number in sorted({share.number for share in shares if share.percent}):
        if now is not None and number == now.number:
            st.caption(f"Version {number} is what {escaped(release.label)} serves by itself.")
            continue
        _, after = finding.version(connection, template.id, number)
        with st.expander(f"Version {number}", expanded=True):
            draw_check(template, release.label, after, f"share-{number}")


def said_of(request: LabelRequest) -> str:
    """ "move prod: 1 → 2"."""
    if request.kind == MOVE:
        return f"move {request.name}: {request.from_number or 'new'} → {request.to_number}"
    if request.kind == REMOVE:
        return f"remove {request.name} from version {request.from_number}"
    if request.kind == SPLIT:
        return f"start an A/B release on {request.name}"
    return f"take the protection from {request.name}"
