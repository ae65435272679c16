"""Starting and stopping from the page: what is asked of the host, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from workbench.messages import Message, text_part
from workbench.playground import batches, calls, running
from workbench.playground.batches import Plan
from workbench.playground.calls import Prepared
from workbench.playground.session import Column, Session
from workbench.providers.host import open_host
from workbench.store.errors import Refused, StoreError
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.hostile import escaped
from workbench.ui.playground_state import keep, say
from workbench.ui.playground_view import choose_place

_DOUBTS = "playground-doubts"
_FAILURES = "playground-failures"


def run(session: Session, columns: Sequence[Column], *, anyway: bool = False) -> None:
    """Run columns from their beginning. Missing variables and texts that cannot be filled in stop
    all of them, unless `anyway`."""
    st.session_state.pop(_DOUBTS, None)
    if not columns:
        say("Every column is locked: unlock one, or run one by itself.")
        return
    prepared = [prepared_of(session, column) for column in columns]
    _note_failures(
        session, {one.column.id: one.failure for one in prepared if one.failure is not None}
    )
    doubtful = [one for one in prepared if one.doubts]
    if doubtful and not anyway:
        st.session_state[_DOUBTS] = (session.id, [one.id for one in columns], _said(doubtful))
        return
    running.stop(open_host(), session, columns)
    choose_place(0, 0)
    if _started(lambda: running.start(open_store(), open_host(), session, prepared, actor())):
        keep(session)


def actor() -> str:
    return access.actor()


def prepared_of(session: Session, column: Column) -> Prepared:
    return calls.prepare(open_store(), open_host().connections(), session, column)


def _said(doubtful: Sequence[Prepared]) -> list[str]:
    """Each reason once: columns that share the messages share their reasons."""
    return list(dict.fromkeys(reason for one in doubtful for reason in one.doubts))


def run_planned(session: Session, plan: Plan) -> bool:
    """Begin what was planned over rows and repeats; whether it began."""
    _note_failures(session, plan.failures)
    choose_place(0, 0)
    began = _started(lambda: batches.begin(open_store(), open_host(), session, plan, actor()))
    if began:
        keep(session)
    return began


def _started(begin: Callable[[], object]) -> bool:
    try:
        begin()
    except (Refused, StoreError) as error:
        say(str(error))
        return False
    return True


def go_on(
    session: Session, column: Column, messages: Sequence[Message], batch: int | None = None
) -> bool:
    """Send messages after what was said in a column; whether it began."""
    prepared = prepared_of(session, column)
    return _started(
        lambda: running.go_on(
            open_store(), open_host(), session, prepared, messages, actor(), batch=batch
        )
    )


def ask_all(session: Session, columns: Sequence[Column], text: str) -> None:
    """The same next message in all of these columns."""
    message: Message = {"role": "user", "content": [text_part(text)]}
    batch = open_store().make_id()
    began = [go_on(session, column, [message], batch) for column in columns]
    if any(began):
        keep(session)


def _note_failures(session: Session, failures: dict[str, str]) -> None:
    st.session_state[_FAILURES] = (session.id, failures)


def failure_of(session: Session, column: Column) -> str | None:
    """Why a column of this session could not be called when it was asked to."""
    held = st.session_state.get(_FAILURES)
    if held is None or held[0] != session.id:
        return None
    failures: dict[str, str] = held[1]
    return failures.get(column.id)


def draw_doubts(session: Session) -> None:
    """Why nothing was sent, and the way on."""
    held = st.session_state.get(_DOUBTS)
    if held is None or held[0] != session.id:
        return
    _, ids, reasons = held
    columns = [one for one in session.columns if one.id in ids]
    with st.container(border=True, key="playground-doubts"):
        st.warning("Nothing was sent yet.", icon=":material/pause_circle:")
        rows = "".join(f'<li class="wb-warning-line">{escaped(each)}</li>' for each in reasons)
        st.html(f'<ul class="wb-reasons">{rows}</ul>')
        with st.container(horizontal=True):
            st.button(
                "Run anyway",
                key="run-anyway",
                help="Missing variables are left empty, texts that cannot be filled in go as they "
                "are written",
                on_click=lambda: run(session, columns, anyway=True),
            )
            st.button("Cancel", type="tertiary", on_click=forget_doubts)


def forget_doubts() -> None:
    st.session_state.pop(_DOUBTS, None)
