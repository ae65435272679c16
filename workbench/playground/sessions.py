"""Sessions kept as one goes: new, saved, forked, listed, and the runs that ended in them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from workbench.messages import message_text
from workbench.playground.session import Session, from_json
from workbench.registry.editing import content_of
from workbench.store import playground, playground_runs, requests
from workbench.store.connection import Connection
from workbench.store.playground import SessionInfo
from workbench.store.playground_runs import DONE, KeptRun
from workbench.store.store import Store


def load(connection: Connection, id_: int) -> Session | None:
    """A kept session; None where there is none, or where it cannot be read."""
    kept = playground.get(connection, id_)
    if kept is None:
        return None
    session = from_json(id_, kept.value)
    if session is not None:
        session.revision = kept.info.revision
        session.source_request = kept.info.source_request
        session.forked_from = kept.info.forked_from
        session.sign = _sign(session.to_json())
    return session


def keep(store: Store, actor: str, session: Session) -> None:
    """Keep what stands in a session; it is on disk when this returns.

    Nothing is written where nothing was changed since it was kept or loaded last: who only looks
    must not collide with those who work. Streamlit calls a field's callback though nobody touched
    it where the browser's question was on its way while the page was drawn anew.

    Raises SessionChanged where somebody else changed it since it was loaded, NotFound where it was
    removed, Refused where it holds too much.
    """
    value, name = session.to_json(), session.display_name
    sign = _sign(value)
    if session.revision and sign == session.sign:
        return
    session.revision = store.change(
        lambda cursor: store.playground.keep(
            cursor,
            actor,
            session.id,
            name,
            value,
            revision=session.revision,
            source_request=session.source_request,
            forked_from=session.forked_from,
        )
    ).result()
    session.sign = sign


def _sign(value: Mapping[str, Any]) -> bytes:
    """The same for sessions in which the same stands, however they are drawn."""
    columns = [
        {**one, "own": content_of(one["own"]) if one["own"] is not None else None}
        for one in value["columns"]
    ]
    said = {**value, "shared": content_of(value["shared"]), "columns": columns}
    return sha256(orjson.dumps(said)).digest()


def forked(store: Store, session: Session) -> Session:
    """A copy with an id of its own, not kept yet. What was said in it stays in its columns."""
    copied = deepcopy(session)
    copied.settle(store.make_id())
    copied.name = f"{session.display_name} (copy)"
    # What was never kept is not there to be named.
    copied.forked_from = session.id if session.revision else session.forked_from
    copied.revision = 0
    return copied


def listed(connection: Connection, text: str = "") -> list[SessionInfo]:
    """Sessions, the last changed first; `text`: part of the name."""
    return playground.listed(connection, text)


def remove(store: Store, actor: str, id_: int) -> None:
    """Hide a session; its runs stay in the logs."""
    store.change(lambda cursor: store.playground.remove(cursor, actor, id_)).result()


def restore(store: Store, actor: str, id_: int) -> None:
    """Undo `remove`."""
    store.change(lambda cursor: store.playground.restore(cursor, actor, id_)).result()


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """A run whose answer came whole, as statistics and comparisons take it.

    batch: one press of Run, the same for all columns, rows and repeats of it; 0 for an answer from
    the logs. row: the row of values, from 0. repeat: of equal runs, which, from 0. turn: of the
    conversation, from 0. text: what was answered, tool calls included. Milliseconds; US dollars;
    None where unknown.
    """

    run_id: str
    batch: int
    column_id: str
    column_name: str
    row: int
    repeat: int
    turn: int
    model: str
    text: str
    latency_ms: float | None
    first_token_ms: float | None
    tokens_per_second: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None
    request_id: int | None


def finished(connection: Connection, session: Session) -> list[FinishedRun]:
    """The finished runs of the columns that stand in a session, in the order of their columns.

    Answers that a column brought from the logs come first, as row 0 and repeat 0.
    """
    kept = playground_runs.of_session(connection, session.id)
    # A fork shows runs of the session that it was made from.
    others = [id_ for one in session.columns for id_ in one.run_ids if id_ not in kept]
    found: list[FinishedRun] = []
    runs = [*playground_runs.get(connection, others).values(), *kept.values()]
    for column in session.columns:
        name = session.title(column)
        for entry in column.thread:
            if "request" in entry:
                found += _logged(connection, column.id, name, int(entry["request"]))
        found += [
            _finished(run, column.id, name)
            for run in runs
            if run.status == DONE and (run.begun.column_id == column.id)
        ]
    return found


def _finished(run: KeptRun, column_id: str, name: str) -> FinishedRun:
    ended, begun = run.ended, run.begun
    assert ended is not None
    return FinishedRun(
        run_id=begun.id,
        batch=begun.batch,
        column_id=column_id,
        column_name=name,
        row=begun.row,
        repeat=begun.repeat,
        turn=begun.turn,
        model=begun.model,
        text=text_of(ended.answer),
        latency_ms=ended.latency_ms,
        first_token_ms=ended.first_token_ms,
        tokens_per_second=ended.tokens_per_second,
        input_tokens=ended.input_tokens,
        output_tokens=ended.output_tokens,
        cost=ended.cost,
        request_id=ended.request_id,
    )


def _logged(
    connection: Connection, column_id: str, name: str, request_id: int
) -> list[FinishedRun]:
    detail = requests.get(connection, request_id)
    if detail is None:
        return []
    summary = detail.summary
    return [
        FinishedRun(
            run_id=f"request-{request_id}",
            batch=0,
            column_id=column_id,
            column_name=name,
            row=0,
            repeat=0,
            turn=0,
            model=f"{summary.provider}/{summary.model}",
            text=text_of(detail.output),
            latency_ms=summary.latency_ms,
            first_token_ms=None,
            tokens_per_second=None,
            input_tokens=summary.input_tokens,
            output_tokens=summary.output_tokens,
            cost=summary.cost,
            request_id=request_id,
        )
    ]


def text_of(messages: Any) -> str:
    """All text of an answer, without its thinking; tool calls as name(arguments)."""
    texts = []
    for one in messages or ():
        content = [part for part in one.get("content") or () if part.get("type") != "thinking"]
        texts.append(message_text({**one, "content": content}))
    return "\n".join(filter(None, texts))
