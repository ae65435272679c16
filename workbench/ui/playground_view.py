"""What the answers' part of the page shows: which answers, in which order, under which names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from workbench.playground import places, running, shown
from workbench.playground.places import Thread
from workbench.playground.session import Column, Session
from workbench.playground.shown import Shown
from workbench.providers.host import open_host
from workbench.store import playground_votes, requests
from workbench.store.playground_runs import BriefRun, KeptRun
from workbench.store.playground_votes import Place, Vote
from workbench.store.store import open_store
from workbench.ui import access, state


@dataclass(frozen=True, slots=True)
class View:
    """columns: in the order in which they are drawn. last: what each column shows at its end.
    briefs: all runs of the press of Run that is shown. mine: what this person voted on what is
    shown. is_hidden: nothing may tell which column is whose. is_running: whether anything went on
    when the page began to be drawn."""

    session: Session
    place: Place
    columns: Sequence[Column]
    threads: Mapping[str, Thread]
    last: Mapping[str, Shown]
    kept: Mapping[str, KeptRun]
    briefs: Sequence[BriefRun]
    votes: Sequence[Vote]
    mine: Sequence[Vote]
    is_hidden: bool
    is_running: bool

    def title(self, column: Column) -> str:
        """Its name; its number where names are hidden."""
        if self.is_hidden:
            return f"Answer {self.columns.index(column) + 1}"
        return self.session.title(column)

    def key(self, column: Column) -> str:
        """What the column's parts are told apart by on the page, which readers of it see."""
        return f"slot{self.columns.index(column) + 1}" if self.is_hidden else column.id

    @property
    def done(self) -> dict[str, Shown]:
        """The answers that came whole, by column id."""
        return {
            one.id: last
            for one in self.columns
            if (last := self.last.get(one.id)) is not None and last.status == "done"
        }

    @property
    def many(self) -> tuple[int, int]:
        """Rows and repeats of the press of Run that is shown."""
        rows = {one.row for one in self.briefs}
        return max(len(rows), 1), max(len({one.repeat for one in self.briefs}), 1)


def view_of(session: Session) -> View:
    connection = open_store().connection
    goes_on = running.is_running(open_host(), session)
    kept = shown.kept_runs(connection, session.columns)
    briefs = places.briefs_of(connection, session, kept)
    row, repeat = _chosen(briefs)
    found = places.beside(session, kept, briefs, row, repeat)
    if row or repeat:
        ids = [str(entry["run"]) for thread in found.threads.values() for entry in thread]
        kept = {**kept, **shown.runs(connection, ids)}
    columns = places.ordered(session, found.place)
    last = {
        one.id: shown_of(entries[-1], kept)
        for one in columns
        if (entries := [each for each in found.threads[one.id] if "messages" not in each])
    }
    votes = playground_votes.of_session(connection, session.id) if session.revision else []
    done = [one.id for one in last.values() if one.status == "done"]
    mine = places.voted(votes, access.actor(), done)
    is_hidden = session.blind_seed is not None and bool(last) and not mine
    return View(
        session,
        found.place,
        columns,
        found.threads,
        last,
        kept,
        briefs,
        votes,
        mine,
        is_hidden,
        goes_on,
    )


def _chosen(briefs: Sequence[BriefRun]) -> tuple[int, int]:
    """Row and repeat of the link, where they are there."""
    wanted = tuple(_number(st.query_params.get(name)) for name in (state.ROW, state.REPEAT))
    row, repeat = wanted[0], wanted[1]
    there = any((one.row, one.repeat) == (row, repeat) for one in briefs)
    return (row, repeat) if there else (0, 0)


def _number(text: str | None) -> int:
    """A link counts rows and repeats from 1."""
    return int(text) - 1 if text is not None and text.isdecimal() and 0 < len(text) < 6 else 0


def choose_place(row: int, repeat: int) -> None:
    """Let the link name another row and repeat; numbers from 0."""
    for name, number in ((state.ROW, row), (state.REPEAT, repeat)):
        if number:
            st.query_params[name] = str(number + 1)
        else:
            st.query_params.pop(name, None)


def shown_of(entry: Mapping[str, Any], kept: Mapping[str, KeptRun]) -> Shown:
    if "request" in entry:
        return _logged(int(entry["request"]), open_store().connection.changes)
    return shown.of_run(open_host(), kept, str(entry["run"]))


@st.cache_data(max_entries=16, show_spinner=False)
def _logged(request_id: int, changes: int) -> Shown:
    """Read once, not with every look; again when anything in the store changed."""
    del changes
    detail = requests.get(open_store().connection, request_id)
    return shown.of_request(detail, request_id)
