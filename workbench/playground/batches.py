"""One press of Run over many rows and repeats: what it would cost, started, looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean

from workbench.playground import calls, running, sessions
from workbench.playground.calls import Prepared
from workbench.playground.session import Column, Session
from workbench.providers.call import Call
from workbench.providers.estimate import tokens_of_call
from workbench.providers.host import Host
from workbench.providers.models import described
from workbench.providers.reach import is_own_machine
from workbench.providers.table import find
from workbench.store.connections import Connected
from workbench.store.errors import Refused
from workbench.store.store import Store

MAX_RUNS = 1_000
MAX_REPEATS = 100
#: What an answer is taken to have where neither an earlier one nor a limit says more.
_ANSWER_TOKENS = 500
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be run. prepared: of each row, the columns made ready. count: calls to models.
    cost: about, in US dollars, of the columns whose price is known; unpriced: titles of the others.
    """

    prepared: list[list[Prepared]]
    repeats: int
    count: int
    cost: Decimal
    unpriced: tuple[str, ...]

    @property
    def doubts(self) -> list[str]:
        """Reasons not to send it, each once, with the first row that it is about."""
        found: dict[str, int] = {}
        for number, row in enumerate(self.prepared, 1):
            for one in row:
                for doubt in one.doubts:
                    found.setdefault(doubt, number)
        many = len(self.prepared) > 1
        return [f"Row {row}: {doubt}" if many else doubt for doubt, row in found.items()]

    @property
    def failures(self) -> dict[str, str]:
        """Why a column cannot be called, by its id."""
        return {
            one.column.id: one.failure
            for row in reversed(self.prepared)
            for one in row
            if one.failure is not None
        }


def plan(
    store: Store,
    connections: Sequence[Connected],
    session: Session,
    columns: Sequence[Column],
    repeats: int,
) -> Plan:
    """Raises Refused for more than MAX_RUNS calls."""
    rows = session.rows or [{}]
    if len(rows) * repeats * len(columns) > MAX_RUNS:
        raise Refused(
            f"{len(columns)} columns, {len(rows)} rows and {repeats} repeats are "
            f"{len(rows) * repeats * len(columns):,} calls; {MAX_RUNS:,} are the most at once."
        )
    prepared = [
        [calls.prepare(store, connections, session, column, row) for column in columns]
        for row in rows
    ]
    before = _paid(store, session)
    cost, unpriced, count = Decimal(0), [], 0
    for column in columns:
        own = [one.call for row in prepared for one in row if one.column is column and one.call]
        count += len(own) * repeats
        if not own:
            continue
        each = before.get((column.id, f"{own[0].provider}/{own[0].model}"))
        if each is not None:
            cost += each * len(own) * repeats
            continue
        guesses = [_guess(call, connections) for call in own]
        known = [guess for guess in guesses if guess is not None]
        cost += sum(known, Decimal(0)) * repeats
        if len(known) < len(own):
            unpriced.append(session.title(column))
    return Plan(
        prepared=prepared, repeats=repeats, count=count, cost=cost, unpriced=tuple(unpriced)
    )


def begin(store: Store, host: Host, session: Session, plan: Plan, actor: str) -> list[str]:
    """Start everything that is planned; the session is to be kept after this. What runs in these
    columns is stopped first. Returns the ids of the runs."""
    running.stop(host, session, [one.column for one in plan.prepared[0]])
    batch = store.make_id()
    ids = []
    for number, row in enumerate(plan.prepared):
        ids += running.start(
            store, host, session, row, actor, repeats=plan.repeats, row=number, batch=batch
        )
    return ids


def _paid(store: Store, session: Session) -> dict[tuple[str, str], Decimal]:
    """What a first answer of a column and model cost so far, in the mean."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in sessions.finished(store.connection, session):
        if one.cost is not None and one.turn == 0 and one.batch:
            found.setdefault((one.column_id, one.model), []).append(float(one.cost))
    return {key: Decimal(str(fmean(values))) for key, values in found.items()}


def _guess(call: Call, connections: Sequence[Connected]) -> Decimal | None:
    """About what a call costs by the price table; None where that is not known."""
    connected = next((one for one in connections if one.name == call.provider), None)
    known = find(call.provider)
    if connected is not None:
        if is_own_machine(connected.base_url):
            return Decimal(0)
    elif known is not None and known.is_local:
        return Decimal(0)
    logged = known.logged if known is not None and connected is None else call.provider
    (model,) = described([call.model], logged, "prices")
    if model.input_price is None or model.output_price is None:
        return None
    answer = call.tuning.max_tokens or _ANSWER_TOKENS
    sent = tokens_of_call(call.messages, call.tools)
    return (model.input_price * sent + model.output_price * answer) / _MILLION
