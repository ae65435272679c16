"""Votes on answers of the playground, kept as pairs: the preferred one against each other one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.ids import IdMaker
from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import Refused
from workbench.store.guards import guard
from workbench.store.playground import HIDDEN
from workbench.store.writer import Cursor

_COLUMNS = (
    "id, session_id, batch, row_number, repeat, turn, preferred_run, other_run, "
    "preferred_request, other_request, tie, is_blind, actor, voted_at"
)
_PLACE = "session_id = ? AND batch = ? AND row_number = ? AND repeat = ? AND turn = ?"
_SHOWN = (
    f"coalesce(preferred_request, -1) NOT IN {HIDDEN} "
    f"AND coalesce(other_request, -1) NOT IN {HIDDEN}"
)
_PAGE = 1_000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a session answers stand beside each other: of one press of Run, one row of values,
    one repeat and one turn of the conversation."""

    batch: int
    row: int = 0
    repeat: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that is voted on. run: of the playground; request: of the logs; at least one."""

    run: str | None
    request: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A pair. at: aware, UTC."""

    id: int
    session_id: int
    place: Place
    preferred: Answered
    other: Answered
    tie: bool
    is_blind: bool
    actor: str
    at: datetime


class PlaygroundVotes:
    """Changes to be run by the writer."""

    def __init__(self, make_id: IdMaker, audit: Audit) -> None:
        self._make_id = make_id
        self._audit = audit

    def vote(
        self,
        cursor: Cursor,
        actor: str,
        session_id: int,
        place: Place,
        answers: Sequence[Answered],
        preferred: Answered | None,
        *,
        is_blind: bool,
    ) -> None:
        """Keep that somebody prefers one of these answers, None for a tie; it takes the place of
        what the same person voted there before. Raises Refused where there is nothing to compare.
        """
        if len(answers) < 2 or (preferred is not None and preferred not in answers):
            raise Refused("A vote needs two answers, and one of them, or a tie.")
        first = answers[0] if preferred is None else preferred
        now = clock.now()
        self._forget(cursor, actor, session_id, place)
        for other in answers:
            if other == first:
                continue
            cursor.execute(
                f"INSERT INTO playground_votes ({_COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *(self._make_id(), session_id, place.batch, place.row, place.repeat),
                    *(place.turn, first.run, other.run, first.request, other.request),
                    *(preferred is None, is_blind, actor, now),
                ],
            )
        detail = {
            "row": place.row,
            "repeat": place.repeat,
            "turn": place.turn,
            "tie": preferred is None,
            "answers": len(answers),
            "is_blind": is_blind,
        }
        self._audit.record(cursor, actor, "playground.vote", f"playground/{session_id}", detail)

    def take_back(self, cursor: Cursor, actor: str, session_id: int, place: Place) -> None:
        """Forget what a person voted there; nothing happens where they did not."""
        if self._forget(cursor, actor, session_id, place):
            detail = {"row": place.row, "repeat": place.repeat, "turn": place.turn}
            self._audit.record(
                cursor, actor, "playground.take_back", f"playground/{session_id}", detail
            )

    def _forget(self, cursor: Cursor, actor: str, session_id: int, place: Place) -> int:
        # Of two votes of one person at the same time the second one counts.
        guard(cursor, "playground_vote", f"{session_id}/{actor}")
        gone = cursor.execute(
            f"DELETE FROM playground_votes WHERE {_PLACE} AND actor = ?",
            [session_id, place.batch, place.row, place.repeat, place.turn, actor],
        ).fetchone()
        return int(gone[0]) if gone else 0


def of_session(connection: Connection, session_id: int) -> list[Vote]:
    """The votes of a session in the order in which they were given; without those on answers whose
    requests were deleted from the logs."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM playground_votes WHERE session_id = ? AND {_SHOWN} "
            "ORDER BY id",
            [session_id],
        ).fetchall()
    return [_vote(row) for row in rows]


def preference_pairs(connection: Connection) -> Iterator[tuple[int, int]]:
    """(preferred request, other request) of every vote that was no tie, in the order in which they
    were given.

    Without pairs of which an answer is not in the logs (any more), and without those of removed
    sessions. The same pair comes as often as it was voted for. Pages are read as they are asked
    for; votes that come meanwhile may be among them.
    """
    last = -1
    while True:
        with connection.cursor() as cursor:
            rows = cursor.execute(
                "SELECT id, preferred_request, other_request FROM playground_votes "
                "WHERE id > ? AND NOT tie AND preferred_request IS NOT NULL "
                "AND other_request IS NOT NULL "
                f"AND {_SHOWN} AND session_id NOT IN "
                "(SELECT id FROM playground_sessions WHERE deleted_at IS NOT NULL) "
                "ORDER BY id LIMIT ?",
                [last, _PAGE],
            ).fetchall()
        for id_, preferred, other in rows:
            last = int(id_)
            yield int(preferred), int(other)
        if len(rows) < _PAGE:
            return


def _vote(row: Sequence[Any]) -> Vote:
    return Vote(
        id=row[0],
        session_id=row[1],
        place=Place(row[2], row[3], row[4], row[5]),
        preferred=Answered(row[6], row[8]),
        other=Answered(row[7], row[9]),
        tie=row[10],
        is_blind=row[11],
        actor=row[12],
        at=clock.from_stored(row[13]),
    )
