"""What a column is given to run with: everything that reaches out of it, as values. No globals."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from workbench.evals.cells import CellFailed, Detail
from workbench.evals.prompts import Resolved, TemplateVersion
from workbench.evals.sandbox import Sandbox
from workbench.guarded_http import Limits
from workbench.providers.call import Call, Origin
from workbench.providers.run import DONE, STOPPED, Answer
from workbench.store.connections import Connected

#: Kinds of a failed call that another try may mend.
RETRYABLE = frozenset({"rate_limit", "unavailable", "timeout", "bad_answer"})
#: An endpoint may think: longer than an image, shorter than a code column.
ENDPOINT_LIMITS = Limits(seconds=60.0, max_bytes=2 * 2**20)

#: Calls a model; a failure is an answer (`ProviderHost.ask`). `origin.metadata["call"]` names the
#: call within its cell ("repeat 2", "turn 3 user"), the same at each run of the cell: a runner
#: that kept the answer of an earlier try hands it back without paying twice.
Ask = Callable[[Call, Origin], Awaitable[Answer]]
#: A version by the name of its template and a number, a label or neither (the newest). Raises
#: CellFailed ("template") where there is none.
FetchTemplate = Callable[[str, int | None, str | None], Awaitable[TemplateVersion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """vectors: one a text, in order. model: "provider/model". cost: None when it is not known."""

    vectors: Sequence[Sequence[float]]
    model: str
    cost: Decimal | None = None
    request_id: int | None = None


class Embed(Protocol):
    """Vectors of texts; raises CellFailed."""

    def __call__(self, texts: Sequence[str], /) -> Awaitable[Embeddings]: ...


@dataclass(slots=True)
class Bill:
    """What the model calls of one cell came to."""

    request_ids: list[int] = field(default_factory=list)
    costs: list[Decimal | None] = field(default_factory=list)

    def add(self, request_id: int | None, cost: Decimal | None) -> None:
        self.costs.append(cost)
        if request_id is not None:
            self.request_ids.append(request_id)

    @property
    def total(self) -> Decimal | None:
        """Dollars; None where nothing was called or one cost is not known."""
        known = [cost for cost in self.costs if cost is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(self.costs) else None

    def on(self, detail: Detail) -> Detail:
        if not self.costs:
            return detail
        ids = (*detail.request_ids, *self.request_ids)
        return replace(detail, request_ids=ids, cost=self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """ask, fetch_template, embed: see their types; embed is None where no provider of embeddings
    is set up. connections: the endpoints that users connected. origin: of every call (evaluation,
    row, column in its metadata). judge: {"provider", "model", "parameters"} for columns that name
    no model of their own. http: what endpoint columns may reach. sandbox: where code runs; None is
    off. clock: seconds, rising. resolved: what `ColumnType.resolve` brought.
    """

    ask: Ask
    fetch_template: FetchTemplate
    origin: Origin
    connections: Callable[[], Sequence[Connected]] = tuple
    judge: dict[str, Any] | None = None
    embed: Embed | None = None
    http: Limits = ENDPOINT_LIMITS
    sandbox: Sandbox | None = None
    clock: Callable[[], float] = time.monotonic
    resolved: Resolved | None = None
    bill: Bill = field(default_factory=Bill)

    def for_cell(self) -> Context:
        """With a bill of its own."""
        return replace(self, bill=Bill())

    async def asked(self, call: Call, key: str, origin: Origin | None = None) -> Answer:
        """The answer of a model call, put on the bill; raises CellFailed where it failed.

        key: names the call within its cell.
        """
        origin = origin or self.origin
        answer = await self.ask(call, replace(origin, metadata={**origin.metadata, "call": key}))
        self.bill.add(answer.request_id, answer.cost.total if answer.cost else None)
        if answer.status == DONE:
            return answer
        if answer.status == STOPPED:
            raise CellFailed("stopped", "The model call was stopped.", retryable=True)
        error = answer.error
        kind = error.kind if error else "internal"
        message = str(error) if error else "The model call failed and did not say why."
        raise CellFailed(kind, message, retryable=kind in RETRYABLE)
