"""What a column shows of each run: the same whether it goes on, ended here, or before a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from workbench.messages import ToolCall
from workbench.playground.running import ended_of
from workbench.playground.session import Column
from workbench.playground.sessions import text_of
from workbench.providers.host import Host
from workbench.providers.run import State
from workbench.store import playground_runs
from workbench.store.connection import Connection
from workbench.store.playground_runs import Ended, KeptRun
from workbench.store.rows import ERROR, Detail

INTERRUPTED, ELSEWHERE, GONE = "interrupted", "running elsewhere", "gone"
#: Runs of another process that began longer ago than this times the longest run are given up.
_PATIENCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run as it is drawn. status: "waiting", "running", "retrying", "done", "failed", "stopped";
    "interrupted" where the server ended meanwhile, "running elsewhere" in another process, "gone"
    where its request was deleted from the logs. messages: None until it ended. Milliseconds; US
    dollars. is_logged: an answer that was logged before, not run here."""

    id: str
    status: str
    text: str = ""
    thinking: str = ""
    messages: Sequence[Any] | None = None
    tool_calls: Sequence[ToolCall] = ()
    finish: str | None = None
    error: str | None = None
    ignored: Sequence[str] = ()
    request_id: int | None = None
    elapsed_ms: float | None = None
    first_token_ms: float | None = None
    tokens_per_second: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: Decimal | None = None
    attempt: int = 1
    is_logged: bool = False

    @property
    def tokens(self) -> int | None:
        """Sent and received; None where either is not known."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    @property
    def is_running(self) -> bool:
        return self.status in ("waiting", "running", "retrying")


def kept_runs(connection: Connection, columns: Sequence[Column]) -> dict[str, KeptRun]:
    """What the store knows of the runs in these columns, in one look."""
    return runs(connection, [id_ for one in columns for id_ in one.run_ids])


def runs(connection: Connection, ids: Sequence[str]) -> dict[str, KeptRun]:
    """What the store knows of these runs."""
    return playground_runs.get(connection, ids)


def of_run(host: Host, kept: Mapping[str, KeptRun], id_: str) -> Shown:
    run, found = host.run(id_), kept.get(id_)
    if run is not None and not run.future.done():
        return _live(run.state())
    if found is not None and found.ended is not None:
        return _ended(id_, found.ended)
    if run is not None:
        return _ended(id_, ended_of(run.state()))
    if found is None:
        return Shown(id=id_, status=GONE)
    return Shown(id=id_, status=status_of(host, id_, found.begun.process, found.started_at))


def status_of(host: Host, id_: str, process: int, started_at: datetime) -> str:
    """What became of a run that was kept as "running"."""
    run = host.run(id_)
    if run is not None:
        return run.state().status
    if process != host.settings.process_id:
        longest = timedelta(seconds=host.settings.model_total_seconds * _PATIENCE)
        if datetime.now(UTC) - started_at < longest:
            return ELSEWHERE
    return INTERRUPTED


def of_request(detail: Detail | None, request_id: int) -> Shown:
    """A logged answer."""
    id_ = f"request-{request_id}"
    if detail is None:
        return Shown(id=id_, status=GONE, is_logged=True)
    summary = detail.summary
    messages = detail.output or []
    return Shown(
        id=id_,
        status="failed" if summary.status == ERROR else "done",
        text=text_of(messages),
        messages=messages,
        tool_calls=_calls(messages),
        finish=detail.finish_reason,
        error=detail.error_message,
        request_id=request_id,
        elapsed_ms=summary.latency_ms,
        input_tokens=summary.input_tokens,
        output_tokens=summary.output_tokens,
        cost=summary.cost,
        is_logged=True,
    )


def _live(state: State) -> Shown:
    return Shown(
        id=state.id,
        status=state.status,
        text=state.text,
        thinking=state.thinking,
        tool_calls=state.tool_calls,
        error=str(state.error) if state.error is not None else None,
        ignored=state.ignored,
        elapsed_ms=state.elapsed_ms,
        first_token_ms=state.first_token_ms,
        tokens_per_second=state.tokens_per_second,
        output_tokens=state.usage.output_tokens if state.usage else None,
        attempt=state.attempt,
    )


def _ended(id_: str, ended: Ended) -> Shown:
    return Shown(
        id=id_,
        status=ended.status,
        text=text_of(ended.answer),
        messages=ended.answer,
        tool_calls=_calls(ended.answer),
        finish=ended.finish,
        error=ended.error,
        ignored=ended.ignored,
        request_id=ended.request_id,
        elapsed_ms=ended.latency_ms,
        first_token_ms=ended.first_token_ms,
        tokens_per_second=ended.tokens_per_second,
        input_tokens=ended.input_tokens,
        output_tokens=ended.output_tokens,
        cost=ended.cost,
    )


def _calls(messages: Sequence[Any]) -> list[ToolCall]:
    return [call for one in messages for call in one.get("tool_calls") or ()]


MEASURES = ("first_token_ms", "tokens_per_second", "elapsed_ms", "tokens", "cost")


def best(columns: Mapping[str, Shown]) -> dict[str, set[str]]:
    """Which column is the best in which of MEASURES: the fastest, the cheapest, the one with the
    fewest tokens.

    Only of answers that came whole; no column where two are not there to compare, or where all
    are equal.
    """
    done = {id_: one for id_, one in columns.items() if one.status == "done"}
    found: dict[str, set[str]] = {}
    for name in MEASURES:
        known = {
            id_: value for id_, one in done.items() if (value := getattr(one, name)) is not None
        }
        if len(known) < 2 or len(set(known.values())) == 1:
            continue
        top = max(known.values()) if name == "tokens_per_second" else min(known.values())
        for id_, value in known.items():
            if value == top:
                found.setdefault(id_, set()).add(name)
    return found
