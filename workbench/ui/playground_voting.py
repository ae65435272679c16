"""Voting on answers that stand beside each other, with names hidden until then."""

from __future__ import annotations

import secrets

import streamlit as st

from workbench.playground.session import Column, Session
from workbench.playground.shown import Shown
from workbench.store.errors import Refused, StoreError
from workbench.store.playground_votes import Answered
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.hostile import escaped
from workbench.ui.playground_state import keep, say
from workbench.ui.playground_view import View, choose_place


def draw_blind_switch(session: Session) -> None:
    """Whether names are hidden until a vote."""

    def switch() -> None:
        hide = session.blind_seed is None
        session.blind_seed = secrets.randbelow(2**31) if hide else None
        keep(session)

    st.toggle(
        "Blind",
        value=session.blind_seed is not None,
        key=f"blind-{session.id}-{session.blind_seed is not None}",
        help="Answers stand in a random order without names, models, times and costs until you "
        "vote on them",
        on_change=switch,
    )


def draw_hidden_heads(view: View) -> None:
    """In the place of the heads, which would tell whose answer is whose."""
    session = view.session

    def show() -> None:
        session.blind_seed = None
        keep(session)

    with st.container(horizontal=True, vertical_alignment="center", border=True, key="blind-note"):
        st.html(
            '<p class="wb-note">Names, models, times and costs are hidden until you vote.</p>',
            width="stretch",
        )
        st.button(
            "Show the names",
            icon=":material/visibility:",
            type="tertiary",
            key="end-blind",
            help="Ends blind mode without a vote",
            on_click=show,
        )


def draw_preferring(view: View, column: Column, last: Shown) -> None:
    """The button of one answer."""
    if not _is_votable(view) or last.status != "done":
        return
    is_mine = any(
        not vote.tie and (vote.preferred.run or f"request-{vote.preferred.request}") == last.id
        for vote in view.mine
    )
    st.button(
        "Preferred" if is_mine else "Prefer this",
        icon=":material/thumb_up:",
        key=f"prefer-{view.key(column)}",
        type="primary" if view.is_hidden else "tertiary",
        disabled=is_mine,
        help=f"Your vote for {view.title(column)}",
        on_click=_vote,
        args=(view, last),
    )


def draw_voting(view: View) -> None:
    """A tie, what was voted, and the way to the next answers that wait for a vote."""
    if not _is_votable(view):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="voting"):
        if view.mine:
            st.html(f'<p class="wb-note">{_said(view)}</p>')
            st.button(
                "Take the vote back",
                key="vote-back",
                type="tertiary",
                icon=":material/undo:",
                on_click=_take_back,
                args=(view,),
            )
        else:
            st.button(
                "They are equally good",
                key="vote-tie",
                type="tertiary",
                icon=":material/balance:",
                on_click=_vote,
                args=(view, None),
            )
        after = _next(view)
        if after is not None:
            st.button(
                "Next answers to vote on",
                key="vote-next",
                type="tertiary",
                icon=":material/arrow_forward:",
                on_click=choose_place,
                args=after,
            )


def _is_votable(view: View) -> bool:
    return len(view.done) > 1 and not any(one.is_running for one in view.last.values())


def _vote(view: View, preferred: Shown | None) -> None:
    answers = {one.id: _answered(one) for one in view.done.values()}
    chosen = None if preferred is None else answers[preferred.id]
    session, store, actor = view.session, open_store(), access.actor()
    if not session.revision:
        keep(session)
    try:
        store.change(
            lambda cursor: store.playground_votes.vote(
                cursor,
                actor,
                session.id,
                view.place,
                list(answers.values()),
                chosen,
                is_blind=view.is_hidden,
            )
        ).result()
    except (Refused, StoreError) as error:
        say(str(error))


def _answered(one: Shown) -> Answered:
    return Answered(None if one.is_logged else one.id, one.request_id)


def _take_back(view: View) -> None:
    store, actor = open_store(), access.actor()
    place = view.mine[0].place
    try:
        store.change(
            lambda cursor: store.playground_votes.take_back(cursor, actor, view.session.id, place)
        ).result()
    except StoreError as error:
        say(str(error))


def _said(view: View) -> str:
    first = view.mine[0]
    blind = " without seeing the names" if first.is_blind else ""
    if first.tie:
        return f"You found them equally good{blind}."
    preferred = first.preferred.run or f"request-{first.preferred.request}"
    column = next((one for one in view.columns if view.last[one.id].id == preferred), None)
    name = view.title(column) if column is not None else "an answer"
    return f"You preferred <strong>{escaped(name)}</strong>{blind}."


def _next(view: View) -> tuple[int, int] | None:
    """Row and repeat of the next answers of this press of Run without a vote of this person."""
    actor = access.actor()
    seen = {
        (vote.place.row, vote.place.repeat)
        for vote in view.votes
        if vote.actor == actor and vote.place.batch == view.place.batch
    }
    here = (view.place.row, view.place.repeat)
    found = sorted({(one.row, one.repeat) for one in view.briefs} - seen - {here})
    after = [one for one in found if one > here]
    return next(iter((*after, *found)), None)
