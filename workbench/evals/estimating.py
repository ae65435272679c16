"""What a start would cost, worked out without calling anything.

Each column is run over some rows with a stand-in for the models that takes down what would be sent.
What a column would read from one that has not run yet is a stand-in too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from workbench.evals import run_plan
from workbench.evals.cells import CellError, CellResult
from workbench.evals.context import Context
from workbench.evals.live import http_limits, template_fetcher
from workbench.evals.run_plan import Contexts, Plan, PlanColumn
from workbench.evals.run_rows import BROKEN, Row, read_rows
from workbench.logs.pricing import cost_of
from workbench.messages import text_part
from workbench.providers.call import Call, Origin
from workbench.providers.estimate import tokens_of_call
from workbench.providers.reach import hindrance, is_own_machine
from workbench.providers.run import DONE, Answer
from workbench.providers.sample_json import sample_of
from workbench.store import (
    connections,
    evaluation_anew,
    evaluation_calls,
    evaluation_cells,
    evaluation_sums,
)
from workbench.store.evaluation_anew import NOTHING, Anew
from workbench.store.evaluation_calls import Lengths
from workbench.store.store import Store
from workbench.usage import Usage

#: Words of an answer where nothing is known of how long answers are.
_WORDS = 60
_SPAN = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEstimate:
    """What is left of a column. cells: that a start would run; calls: of models. Tokens are of all
    its calls; None where they are not known. dollars: None where the price or the length of the
    answers is not known. note: a sentence that says what it rests on. problems: sentences, why
    calls or cells would fail."""

    column: str
    cells: int
    calls: int
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    dollars: Decimal | None
    note: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Before a start. dollars: of all columns, None where one is not known; `known`: of those that
    are. sampled: rows that were looked at."""

    columns: tuple[ColumnEstimate, ...]
    rows: int
    sampled: int
    calls: int
    dollars: Decimal | None
    known: Decimal


@dataclass(slots=True)
class _Seen:
    """What a column would send, over the sampled rows. without: those that miss a value that it
    needs; reason: of the first of them. silent: those that came to a value without a call."""

    cells: int = 0
    calls: int = 0
    tokens: int = 0
    provider: str = ""
    model: str = ""
    prompt: str | None = None
    without: int = 0
    reason: str = ""
    silent: int = 0


def estimate(store: Store, run_id: int, sample: int, anew: Anew = NOTHING) -> Estimate:
    """See `running.estimate`."""
    plan = run_plan.load(store.connection, run_id, "", _contexts(store))
    for column in plan.columns:
        if anew.is_whole and column.id in anew.columns:
            column.used = None
    asyncio.run(run_plan.resolve(plan))
    rows = _sampled(store, plan, sample, anew)
    seen = {column.id: _Seen() for column in plan.columns}
    lengths: dict[int, Lengths | None] = {}
    asyncio.run(_all(store, plan, rows, seen, lengths))
    counts = evaluation_sums.counts(
        store.connection, plan.run, [column.id for column in plan.columns], ()
    )
    more = evaluation_anew.ended(store.connection, run_id, anew)
    left = {column.id: counts[column.id].left + more.get(column.id, 0) for column in plan.columns}
    found = tuple(
        _estimated(store, column, left[column.id], seen[column.id], lengths)
        for column in plan.columns
        if column.kind.calls_models
    )
    known = [one.dollars for one in found if one.dollars is not None]
    return Estimate(
        columns=found,
        rows=evaluation_sums.rows_of(store.connection, plan.run),
        sampled=len(rows),
        calls=sum(one.calls for one in found),
        dollars=sum(known, Decimal(0)) if len(known) == len(found) else None,
        known=sum(known, Decimal(0)),
    )


def _sampled(store: Store, plan: Plan, size: int, anew: Anew) -> list[Row]:
    """Rows in which something would be run, spread over the first slice that has any."""
    after = 0
    while True:
        ids, last = evaluation_cells.pending(
            store.connection, plan.run, plan.runnable, after, _SPAN, anew
        )
        if ids:
            step = max(1, len(ids) // size)
            rows = read_rows(store.connection, plan, ids[::step][:size])
            for row in rows:
                _unsettle(row, plan, anew)
            return rows
        if last is None:
            return []
        after = last


def _unsettle(row: Row, plan: Plan, anew: Anew) -> None:
    """Take out of a row what would be run anew."""
    for column in plan.columns:
        settled = row.settled.get(column.name)
        if settled is not None and anew.has(row.id, column.id, has_failed=settled == BROKEN):
            del row.settled[column.name]
            row.values.pop(column.name, None)


async def _all(
    store: Store,
    plan: Plan,
    rows: Sequence[Row],
    seen: Mapping[int, _Seen],
    lengths: dict[int, Lengths | None],
) -> None:
    for row in rows:
        for column in plan.columns:
            if column.name in row.settled or column.is_person or column.error is not None:
                continue
            if any(row.settled.get(name) == BROKEN for name in column.computed):
                continue
            if column.kind.calls_models:
                value = await _sent(store, plan, column, row, seen[column.id], lengths)
            elif column.is_quick:
                cell = await column.kind.run(column.config, row.values, column.context)
                value = cell.value if isinstance(cell, CellResult) else ""
            else:
                # It reaches out of the workbench: not for an estimate.
                value = "word " * _WORDS
            row.values[column.name] = value


async def _sent(
    store: Store,
    plan: Plan,
    column: PlanColumn,
    row: Row,
    seen: _Seen,
    lengths: dict[int, Lengths | None],
) -> Any:
    """Take down what a cell would send; returns a value to stand in for its own."""

    async def ask(call: Call, origin: Origin) -> Answer:
        seen.calls += 1
        seen.tokens += tokens_of_call(call.messages, call.tools)
        seen.provider, seen.model, seen.prompt = call.provider, call.model, origin.prompt_name
        if column.id not in lengths:
            lengths[column.id] = evaluation_calls.lengths(
                store.connection,
                plan.run.evaluation_id,
                column.name,
                call.model,
                origin.prompt_name,
            )
        return _stand_in(call, lengths[column.id])

    seen.cells += 1
    before = seen.calls
    context = replace(column.context, ask=ask)
    cell = await column.kind.run(column.config, row.values, context)
    if isinstance(cell, CellResult) and seen.calls == before:
        seen.silent += 1
    if isinstance(cell, CellError) and cell.kind == "missing_input":
        seen.without += 1
        seen.reason = seen.reason or cell.message
    return cell.value if isinstance(cell, CellResult) else "word " * _WORDS


def _stand_in(call: Call, known: Lengths | None) -> Answer:
    words = _WORDS if known is None else max(1, round(known.tokens * 0.75))
    text = "word " * min(words, 20_000)
    if call.response_format is not None and call.response_format.schema is not None:
        text = orjson.dumps(sample_of(call.response_format.schema)).decode()
    return Answer(
        status=DONE,
        messages=[{"role": "assistant", "content": [text_part(text)]}],
        usage=Usage(),
        cost=None,
        model=call.model,
        finish_reason="stop",
        finish="stop",
        error=None,
        raw="{}",
        request_id=None,
        log_problem=None,
    )


def _estimated(
    store: Store,
    column: PlanColumn,
    cells: int,
    seen: _Seen,
    lengths: Mapping[int, Lengths | None],
) -> ColumnEstimate:
    known = lengths.get(column.id)
    if column.error is not None or not seen.cells or not seen.calls:
        why = column.error.message if column.error else "Nothing that it would send was found."
        is_free = cells == 0
        if cells == 0:
            why = "Nothing is left to run."
        elif seen.cells and seen.silent == seen.cells:
            is_free, why = True, "It comes to its values without a model here."
        return ColumnEstimate(
            column=column.name,
            cells=cells,
            calls=0 if is_free else cells,
            model=None,
            input_tokens=0 if is_free else None,
            output_tokens=0 if is_free else None,
            dollars=Decimal(0) if is_free else None,
            note=why,
            problems=_problems(store, seen),
        )
    calls = round(cells * seen.calls / seen.cells)
    sent = seen.tokens / seen.calls
    dollars = None
    if known is not None and not _is_own(store, seen.provider):
        usage = Usage(round(sent), round(known.tokens))
        cost = cost_of(seen.provider, seen.model, usage, datetime.now(UTC))
        dollars = None if cost is None else cost.total * calls
    return ColumnEstimate(
        column=column.name,
        cells=cells,
        calls=calls,
        model=f"{seen.provider}/{seen.model}",
        input_tokens=round(sent * calls),
        output_tokens=None if known is None else round(known.tokens * calls),
        dollars=dollars,
        note=_note(known, dollars),
        problems=_problems(store, seen),
    )


def _problems(store: Store, seen: _Seen) -> tuple[str, ...]:
    found = []
    if seen.provider:
        found.append(hindrance(seen.provider, lambda: connections.listed(store.connection)))
    if seen.without:
        found.append(
            f"{seen.without} of {seen.cells} cells that were looked at would fail: {seen.reason}"
        )
    return tuple(one for one in found if one)


def _note(known: Lengths | None, dollars: Decimal | None) -> str:
    if known is None:
        return "How long the answers will be is not known: no call of this model was logged yet."
    said = f"Answers of about {known.tokens:.0f} tokens, as in {known.calls} logged {known.of}."
    return said if dollars is not None else f"{said} The price of the model is not known."


def _is_own(store: Store, provider: str) -> bool:
    """Whether a connected endpoint is on the user's own machines, where nothing has a price."""
    found = connections.listed(store.connection)
    return any(one.name == provider and is_own_machine(one.base_url) for one in found)


def _contexts(store: Store) -> Contexts:
    """What columns run with here: nothing that calls anything."""

    async def nobody(_call: Call, _origin: Origin) -> Answer:
        raise AssertionError("an estimate calls nothing")

    def made(origin: Origin, judge: Mapping[str, Any] | None) -> Context:
        return Context(
            ask=nobody,
            fetch_template=template_fetcher(store),
            origin=origin,
            connections=lambda: connections.listed(store.connection),
            judge=dict(judge) if judge else None,
            http=http_limits(store.settings),
        )

    return made
