"""What goes on: filled anew five times a second by one fragment, as long as anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from workbench.playground import running, shown
from workbench.playground.session import Column, Session
from workbench.providers.host import open_host
from workbench.store import playground
from workbench.store.store import open_store
from workbench.ui import playground_models
from workbench.ui.playground_status import live_html, measures_html, status_html
from workbench.ui.playground_view import View

SECONDS = 0.2
#: How soon a change that somebody else made is on the page.
_OTHERS_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Slots:
    """The places of a run that goes on: of its status, its measures and its text."""

    column: Column
    status: Any
    measures: Any
    text: Any


def draw_live(view: View, slots: Mapping[str, Slots]) -> None:
    """slots: by the id of the run."""
    if slots or view.is_running:
        st.fragment(_draw, run_every=SECONDS)(view, slots)
    else:
        look = st.fragment(_look_for_changes, run_every=_OTHERS_SECONDS)
        look(view.session, playground_models.changes())


def _draw(view: View, slots: Mapping[str, Slots]) -> None:
    host = open_host()
    going = running.live(host, view.session)
    ids = {run.id for run in going}
    if any(id_ not in ids for id_ in slots) or not going:
        # An answer is there: it is drawn as one, marks are given anew, and buttons change. What
        # the writer still has in hand is waited for, so that sums hold it.
        open_store().change(lambda _cursor: None).result()
        st.rerun()
    for id_, places in slots.items():
        one = shown.of_run(host, view.kept, id_)
        places.status.html(status_html(view, places.column, one), width="stretch")
        if not view.is_hidden:
            places.measures.html(measures_html(one, set()))
        places.text.html(live_html(view, one))
    total = len(view.briefs)
    if total > len(view.columns):
        waiting = sum(1 for one in view.briefs if one.id in ids)
        done = total - waiting
        st.progress(done / total, text=f"{done:,} of {total:,} answers are there")


def _look_for_changes(session: Session, listed: int) -> None:
    """Draw the page anew where somebody else changed the session or runs it, and where a provider
    has listed its models."""
    if playground_models.changes() != listed:
        st.rerun()
    if session.revision:
        now = playground.revision(open_store().connection, session.id)
        if now is not None and now != session.revision:
            st.rerun()
