"""Which answers stand beside each other: of the press of Run that the columns show, one row and one
repeat; and in which order, where names are hidden."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.playground.session import Column, Session
from workbench.store import playground_runs
from workbench.store.connection import Connection
from workbench.store.playground_runs import BriefRun, KeptRun
from workbench.store.playground_votes import Place, Vote

Thread = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside each other. threads: of each column, by its id, as `Column.thread`."""

    place: Place
    threads: Mapping[str, Thread]


def beside(
    session: Session, kept: Mapping[str, KeptRun], briefs: Sequence[BriefRun], row: int, repeat: int
) -> Beside:
    """The answers to a row and repeat; the columns' own threads for the first of both.

    kept: the runs of the threads; briefs: of the batch that they belong to.
    """
    batch = batch_of(session, kept)
    if row == repeat == 0:
        threads: dict[str, Thread] = {one.id: one.thread for one in session.columns}
        turn = max(
            (
                sum(1 for entry in thread if "messages" not in entry) - 1
                for thread in threads.values()
            ),
            default=0,
        )
        newest = max(
            (found.begun.batch for id_ in _ids(session) if (found := kept.get(id_)) is not None),
            default=0,
        )
        return Beside(Place(newest, turn=max(turn, 0)), threads)
    here = {one.column_id: one.id for one in briefs if (one.row, one.repeat) == (row, repeat)}
    return Beside(
        Place(batch, row, repeat),
        {one.id: [{"run": here[one.id]}] if one.id in here else [] for one in session.columns},
    )


def _ids(session: Session) -> list[str]:
    return [id_ for column in session.columns for id_ in column.run_ids]


def batch_of(session: Session, kept: Mapping[str, KeptRun]) -> int:
    """The last press of Run of which first answers stand in the columns; 0 where none does."""
    firsts = [
        kept[str(entry["run"])].begun
        for column in session.columns
        for entry in column.thread[:1]
        if str(entry.get("run")) in kept
    ]
    return max((one.batch for one in firsts), default=0)


def sessions_of(session: Session, kept: Mapping[str, KeptRun]) -> list[int]:
    """The session, and those that it shows runs of, as a fork does."""
    return list(dict.fromkeys((session.id, *(one.begun.session_id for one in kept.values()))))


def ordered(session: Session, place: Place) -> list[Column]:
    """The columns as they are drawn: shuffled where names are hidden, in the same way for
    everybody who looks, and anew at each place."""
    columns = list(session.columns)
    if session.blind_seed is not None:
        sign = (session.blind_seed, place.batch, place.row, place.repeat, place.turn)
        columns.sort(key=lambda one: one.id)
        # Spreads columns, keeps no secret: who wants to cheat can read the logs.
        random.Random(repr(sign)).shuffle(columns)  # noqa: S311
    return columns


def voted(votes: Sequence[Vote], actor: str, runs: Sequence[str]) -> list[Vote]:
    """What a person voted on exactly these answers; [] where they did not yet.

    runs: their ids, "request-ID" for one from the logs.
    """
    by_place: dict[Place, list[Vote]] = {}
    for vote in votes:
        if vote.actor == actor:
            by_place.setdefault(vote.place, []).append(vote)
    wanted = set(runs)
    for found in reversed(by_place.values()):
        there = {_sign(one) for vote in found for one in (vote.preferred, vote.other)}
        if there == wanted and len(wanted) > 1:
            return found
    return []


def _sign(answered: Any) -> str:
    return answered.run if answered.run is not None else f"request-{answered.request}"


def briefs_of(
    connection: Connection, session: Session, kept: Mapping[str, KeptRun]
) -> list[BriefRun]:
    """All runs of the batch that the columns show, without their answers."""
    batch = batch_of(session, kept)
    return playground_runs.brief(connection, batch) if batch else []
