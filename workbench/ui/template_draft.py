"""Which text stands in the editor: what was begun, or the version that the link names; and telling
where one of them is not what a reader would expect."""

from __future__ import annotations

from concurrent.futures import Future

import streamlit as st

from workbench.registry import editing as editings
from workbench.registry import finding
from workbench.registry.editing import Editing
from workbench.store import drafts
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped
from workbench.ui.zones import minute

# How often an open editor looks for versions that others saved, in seconds.
LOOK_EVERY = 5
_ASIDE = "/version/"
_KEEPING = "keeping-draft"


def current(template_id: int | None, number: int | None) -> Editing:
    """What stands in the editor: the version that the link names, else what was begun, else the
    newest version. Raises NotFound.

    A version that is opened while work on another one is unsaved is edited beside it: either draft
    stays.
    """
    if template_id is None:
        begun = _held(editings.NEW) or _kept(editings.NEW)
        return _hold(begun or editings.blank("", "chat"))
    store = open_store()
    template, newest = finding.version(store.connection, template_id)
    main = f"template/{template_id}"
    begun = _held(main) or _kept(main)
    values = {} if begun is None else begun.values
    if begun is not None and not begun.is_changed:
        # Nothing was typed, so that a newer version takes its place; values go with it.
        is_same = begun.base == (number or newest.number) and begun.after == newest.number
        begun = begun if is_same else None
    if begun is not None and (number is None or begun.base == number):
        begun.name = template.name
        return _hold(begun)
    place = None if begun is None else f"{main}{_ASIDE}{number}"
    if place is not None:
        aside = _held(place) or _kept(place)
        if aside is not None:
            aside.name = template.name
            return _hold(aside)
    version = (
        newest if number is None else finding.version(store.connection, template_id, number)[1]
    )
    made = editings.from_version(template, version, newest.number)
    made.place, made.values = place, values
    return _hold(made)


def _place(subject: str) -> str:
    return f"editing-{subject}"


def _held(subject: str) -> Editing | None:
    held = st.session_state.get(_place(subject))
    return held if isinstance(held, Editing) else None


def _kept(subject: str) -> Editing | None:
    kept = drafts.kept(open_store().connection, access.person(), subject)
    return editings.from_json(kept.value) if kept is not None else None


def _hold(editing: Editing) -> Editing:
    st.session_state[_place(editing.subject)] = editing
    return editing


def hold(editing: Editing) -> None:
    """Put something into the editor."""
    _hold(editing)


def stands(editing: Editing) -> bool:
    """Whether it is still what stands in the editor."""
    return _held(editing.subject) is editing


def keep(editing: Editing) -> None:
    """Begin to keep the draft in the store: it outlives the page, the browser and the server.
    `tell_kept` waits for it, so that an edit is answered meanwhile."""
    store, person = open_store(), access.person()
    value, subject = editing.to_json(), editing.subject
    st.session_state[_KEEPING] = store.change(
        lambda cursor: drafts.keep(cursor, person, subject, value)
    )


def tell_kept() -> None:
    """Wait until the last draft is kept; say so where it cannot be."""
    keeping: Future[None] | None = st.session_state.pop(_KEEPING, None)
    try:
        if keeping is not None:
            keeping.result()
    except Refused as error:
        st.error(f"What you typed is not kept outside of this page: {error}")


def drop(editing: Editing) -> None:
    """Forget what was begun; the editor shows the saved version again."""
    store, person, subject = open_store(), access.person(), editing.subject
    st.session_state.pop(_place(subject), None)
    store.change(lambda cursor: drafts.forget(cursor, person, subject)).result()


def load_newest(editing: Editing) -> None:
    """The newest saved version in the place of what was begun."""
    drop(editing)
    st.query_params.pop(state.VERSION, None)


def go_to(number: int | None) -> None:
    """Open a version, or with None what was begun, else the newest."""
    if number is None:
        st.query_params.pop(state.VERSION, None)
    else:
        st.query_params[state.VERSION] = str(number)


def draw_others(editing: Editing) -> None:
    """Other unsaved work on the same template, with the way to it."""
    if editing.template_id is None:
        return
    main = f"template/{editing.template_id}"
    begun = drafts.subjects(open_store().connection, access.person())
    for subject, at in begun.items():
        number = _aside_number(subject, main)
        if subject == editing.subject or (subject != main and number is None):
            continue
        other = _held(subject) or _kept(subject)
        if other is None or not other.is_changed:
            continue
        shown = f"Version {editing.base} is shown. " if number is None else ""
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.html(
                f'<p class="wb-note">{escaped(shown)}Unsaved work of yours, begun from version '
                f"{escaped(str(other.base))}, is kept ({escaped(minute(at))}).</p>",
                width="stretch",
            )
            st.button(
                "Go on with it",
                key=f"go-{subject}",
                type="tertiary",
                icon=":material/edit_note:",
                on_click=go_to,
                args=(number,),
            )


def _aside_number(subject: str, main: str) -> int | None:
    text = subject.removeprefix(main + _ASIDE)
    return int(text) if text != subject and text.isdecimal() else None


@st.fragment(run_every=LOOK_EVERY)
def draw_watch(editing: Editing) -> None:
    """Tell while somebody edits that a newer version was saved, or that the template is gone."""
    if editing.template_id is None:
        return
    store = open_store()
    try:
        heads = finding.heads(store.registry_reader, editing.template_id)
    except NotFound:
        st.warning(
            "This prompt template was deleted meanwhile. What you type is kept; restore the "
            "template in the list to save it.",
            icon=":material/delete:",
        )
        return
    if heads.newest <= editing.after:
        return
    _, version = finding.version(store.connection, editing.template_id, heads.newest)
    by = escaped(version.info.created_by)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="newer"):
        said = f": {version.info.message}" if version.info.message else ""
        st.html(
            f"<p><strong>Version {heads.newest} was saved meanwhile</strong> by {by}, "
            f"{escaped(minute(version.info.created_at) + said)}.</p>",
            width="stretch",
        )
        if not editing.is_changed:
            if st.button("Show it", icon=":material/refresh:", key="show-newer"):
                load_newest(editing)
                st.rerun()
        else:
            st.caption("Save… shows both beside each other.", width="content")
