"""The session that stands on the playground page: loaded by its link, kept with each change."""

from __future__ import annotations

import streamlit as st

from workbench.playground import opening, sessions
from workbench.playground.session import Session
from workbench.store import playground
from workbench.store.errors import Refused, StoreError
from workbench.store.playground import SessionChanged
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.request_actions import read_id

_EPOCH = "playground-epoch"


def current() -> Session | None:
    """The session of the link; without a link the one that stood here last, else an empty one.

    None where the link names none that is there.
    """
    held = held_session()
    wanted = read_id(state.SESSION)
    if wanted is None:
        if state.SESSION in st.query_params:
            return None
        if held is None:
            held = opening.blank(open_store())
            hold(held)
            return held
        if not held.revision:
            return held
        wanted = held.id
        st.query_params[state.SESSION] = str(wanted)
    connection = open_store().connection
    if (
        held is not None
        and held.id == wanted
        and (not held.revision or held.revision == playground.revision(connection, wanted))
    ):
        return held
    found = sessions.load(connection, wanted)
    if found is not None:
        if held is not None and held.id == wanted:
            _renew(found)
        hold(found)
    elif held is not None and held.id == wanted:
        st.session_state.pop(state.PLAYGROUND, None)
    return found


def _renew(session: Session) -> None:
    """What came from elsewhere is shown in fields that a person has open."""
    session.shared.revision += 1
    for column in session.columns:
        if column.own is not None:
            column.own.revision += 1


def held_session() -> Session | None:
    held = st.session_state.get(state.PLAYGROUND)
    return held if isinstance(held, Session) else None


def hold(session: Session) -> None:
    st.session_state[state.PLAYGROUND] = session
    st.session_state[_EPOCH] = epoch() + 1


def epoch() -> int:
    """Grows when another session, or another's change of it, comes onto the page: fields are new
    then."""
    return int(st.session_state.get(_EPOCH, 0))


def keep(session: Session) -> None:
    """Keep what stands in the session; the link names it from then on.

    Where somebody else changed it meanwhile, this becomes a copy of its own: nothing is lost.
    """
    store, actor = open_store(), access.actor()
    try:
        try:
            sessions.keep(store, actor, session)
        except SessionChanged:
            _become_copy(session)
            sessions.keep(store, actor, session)
            say("Somebody else changed this session meanwhile: yours goes on as a copy.")
    except (Refused, StoreError) as error:
        say(str(error))
        return
    st.query_params[state.SESSION] = str(session.id)


def fork(session: Session) -> bool:
    """Let what stands on the page go on as a copy with a link of its own; whether it is kept."""
    _become_copy(session)
    try:
        sessions.keep(open_store(), access.actor(), session)
    except (Refused, StoreError) as error:
        say(str(error))
        return False
    st.query_params[state.SESSION] = str(session.id)
    return True


def _become_copy(session: Session) -> None:
    copied = sessions.forked(open_store(), session)
    session.name, session.revision = copied.name, 0
    session.forked_from = copied.forked_from
    session.settle(copied.id)


def begin(session: Session) -> None:
    """Put another session on the page, not kept as long as nothing is changed in it."""
    hold(session)
    st.query_params.pop(state.SESSION, None)


def say(sentence: str) -> None:
    """A message that the next run of the page shows."""
    st.session_state[state.SAID] = sentence
