"""Runs of a session: started in the host, kept when they end, looked at while they go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from workbench.messages import Message
from workbench.playground.calls import Prepared, continued
from workbench.playground.session import Column, Session
from workbench.providers.call import Origin
from workbench.providers.host import Host
from workbench.providers.run import Answer, Run, State
from workbench.store import playground_runs, requests
from workbench.store.connection import Connection
from workbench.store.errors import Refused
from workbench.store.playground_runs import Ended, NewRun
from workbench.store.store import Store

PLACE = "playground"


def start(
    store: Store,
    host: Host,
    session: Session,
    prepared: Sequence[Prepared],
    actor: str,
    *,
    repeats: int = 1,
    row: int = 0,
    batch: int | None = None,
) -> list[str]:
    """Run columns from their beginning, all at the same time; returns the ids of the runs.

    The first repeat of row 0 stands in each column's thread from then on: the session is to be
    kept after this. Columns that cannot be called are left out. batch: of `store.make_id`, where
    several rows belong to one press of Run.
    """
    batch = store.make_id() if batch is None else batch
    begun = []
    for one in prepared:
        if one.call is None:
            continue
        for repeat in range(repeats):
            run = _launch(host, session, one, actor, turn=0, row=row, repeat=repeat)
            begun.append((run, _new(store, run, session, one, batch, row, repeat, 0)))
            if row == 0 and repeat == 0:
                one.column.thread = [{"run": run.id}]
    _keep(store, begun)
    return [run.id for run, _ in begun]


def go_on(
    store: Store,
    host: Host,
    session: Session,
    prepared: Prepared,
    messages: Sequence[Message],
    actor: str,
    *,
    batch: int | None = None,
) -> str:
    """Send messages after what was said in a column (a question, results of tools).

    batch: of `store.make_id`, where the same goes to several columns. Raises Refused where the
    column cannot be called, where nothing was said in it yet, or where its last answer waits for
    results of tools that are not among `messages`.
    """
    if prepared.call is None:
        raise Refused(prepared.failure or "This column cannot be run.")
    column = prepared.column
    said = conversation(store.connection, host, column)
    if not said:
        raise Refused("There is no answer in this column to go on from: run it first.")
    missing = _unanswered(said[-1], messages)
    if missing:
        raise Refused(
            f"{session.title(column)} waits for the result of {missing}: send that first."
        )
    turn = sum(1 for entry in column.thread if "messages" not in entry)
    whole = continued(prepared, [*said, *messages])
    run = _launch(host, session, whole, actor, turn=turn, row=0, repeat=0)
    column.thread += [{"messages": list(messages)}, {"run": run.id}]
    batch = store.make_id() if batch is None else batch
    _keep(store, [(run, _new(store, run, session, whole, batch, 0, 0, turn))])
    return run.id


def _unanswered(last: Message, messages: Sequence[Message]) -> str | None:
    """The tool whose result an answer waits for, where no message brings it: vendors refuse to go
    on without."""
    given = {one.get("tool_call_id") for one in messages if one["role"] == "tool"}
    calls = last.get("tool_calls") or ()
    return next((one["function"]["name"] for one in calls if one["id"] not in given), None)


def _launch(
    host: Host, session: Session, one: Prepared, actor: str, *, turn: int, row: int, repeat: int
) -> Run:
    assert one.call is not None
    metadata = {
        "session": str(session.id),
        "column": session.title(one.column),
        "column_id": one.column.id,
    }
    for name, number in (("turn", turn), ("row", row), ("repeat", repeat)):
        if number:
            metadata[name] = str(number)
    return host.start(one.call, Origin(place=PLACE, actor=actor, metadata=metadata, **one.links))


def _new(
    store: Store,
    run: Run,
    session: Session,
    one: Prepared,
    batch: int,
    row: int,
    repeat: int,
    turn: int,
) -> NewRun:
    return NewRun(
        id=run.id,
        session_id=session.id,
        column_id=one.column.id,
        batch=batch,
        row=row,
        repeat=repeat,
        turn=turn,
        model=f"{run.call.provider}/{run.call.model}",
        process=store.settings.process_id,
        actor=run.origin.actor,
    )


def _keep(store: Store, begun: Sequence[tuple[Run, NewRun]]) -> None:
    """Write that they began, and see to it that their ends are written, whoever looks."""
    if not begun:
        return
    rows = [row for _, row in begun]
    written = store.change(lambda cursor: playground_runs.begin(cursor, rows))
    for run, _ in begun:
        # The writer takes changes in turn, so an end is never written before its beginning.
        run.future.add_done_callback(lambda _, run=run: _keep_end(store, run))  # type: ignore[misc]
    written.result()


def _keep_end(store: Store, run: Run) -> Future[None]:
    id_, ended = run.id, ended_of(run.state())
    return store.change(lambda cursor: playground_runs.end(cursor, id_, ended))


def ended_of(state: State) -> Ended:
    """What is kept of a run that has ended."""
    answer = state.answer
    assert answer is not None
    usage = answer.usage
    return Ended(
        status=answer.status,
        answer=list(answer.messages),
        finish=answer.finish,
        error=_error(answer),
        ignored=tuple(state.ignored),
        request_id=answer.request_id,
        latency_ms=state.elapsed_ms,
        first_token_ms=state.first_token_ms,
        tokens_per_second=state.tokens_per_second,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=answer.cost.total if answer.cost is not None else None,
    )


def _error(answer: Answer) -> str | None:
    said = [str(answer.error)] if answer.error is not None else []
    if answer.log_problem:
        said.append(f"It could not be logged: {answer.log_problem}")
    return " ".join(said) or None


def live(host: Host, session: Session) -> list[Run]:
    """What goes on in a session: of its columns, its repeats and rows, and of the session that a
    fork shows runs of."""
    shown = {id_ for column in session.columns for id_ in column.run_ids}
    return [run for run in host.runs() if run.id in shown or _is_of(run, session)]


def is_running(host: Host, session: Session) -> bool:
    return bool(live(host, session))


def stop_all(host: Host, session: Session) -> None:
    """End everything that goes on in a session; what came is kept."""
    for run in live(host, session):
        run.stop()


def stop(host: Host, session: Session, columns: Sequence[Column]) -> None:
    """End what runs in these columns, repeats and rows too; what came is kept."""
    shown = {id_ for column in columns for id_ in column.run_ids}
    ids = {column.id for column in columns}
    for run in host.runs():
        is_theirs = _is_of(run, session) and run.origin.metadata.get("column_id") in ids
        if run.id in shown or is_theirs:
            run.stop()


def _is_of(run: Run, session: Session) -> bool:
    return run.origin.place == PLACE and run.origin.metadata.get("session") == str(session.id)


def conversation(connection: Connection, host: Host, column: Column) -> list[Message]:
    """Everything that was said in a column so far, as its model would get it; [] where nothing
    was, or where the logs do not have it any more."""
    place = next(
        (at for at in range(len(column.thread) - 1, -1, -1) if "messages" not in column.thread[at]),
        None,
    )
    if place is None:
        return []
    entry = column.thread[place]
    if "request" in entry:
        return _logged(connection, int(entry["request"]))
    run = host.run(str(entry["run"]))
    if run is not None:
        if not run.future.done():
            return []
        return [*run.call.messages, *run.result().messages]
    kept = playground_runs.get(connection, [str(entry["run"])]).get(str(entry["run"]))
    ended = kept.ended if kept is not None else None
    if ended is None or ended.request_id is None:
        return []
    return _logged(connection, ended.request_id)


def _logged(connection: Connection, request_id: int) -> list[Message]:
    detail = requests.get(connection, request_id)
    if detail is None or not isinstance(detail.prompt, Mapping):
        return []
    prompt = detail.prompt
    messages = list(prompt.get("messages") or ())
    if prompt.get("type") == "completion":
        messages = [{"role": "user", "content": prompt.get("content") or []}]
    return [*messages, *(detail.output or ())]
