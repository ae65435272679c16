"""Model calls of a cell: those that the logs have are answered from there, the others are made.

Each call carries in its metadata for which cell it is made and a digest of what is sent. The host
logs it before the answer is used; so after a crash the answer is found by them and not paid for
again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial

import orjson

from workbench.evals.context import Ask
from workbench.providers.call import Call, Origin
from workbench.providers.events import finish
from workbench.providers.host import Host
from workbench.providers.run import DONE, Answer
from workbench.store import requests
from workbench.store.connection import Connection
from workbench.store.evaluation_calls import CALL, CELL, SENT, Logged
from workbench.usage import Cost, Usage

#: Reads the answer of a log record; None where it is not there any more.
ReadAnswer = Callable[[int], Awaitable[Answer | None]]
#: How long a stopped call may take until it is logged.
_LOGGED_SECONDS = 20.0


class LoggedCalls:
    """What the logs have for cells that are not at their end, by cell."""

    def __init__(self, calls: Iterable[Logged] = ()) -> None:
        self._by_cell: dict[tuple[int, int, int], dict[tuple[str, str], int]] = {}
        for one in calls:
            cell = (one.row, one.column, one.generation)
            self._by_cell.setdefault(cell, {})[one.call, one.sent] = one.request_id

    def of(self, row: int, column: int, generation: int) -> dict[tuple[str, str], int]:
        return self._by_cell.get((row, column, generation), {})


class CellCalls:
    """Stands in for `Context.ask` in one cell. costs: dollars by log record, None where unknown.
    has_failed: whether a call of this generation went wrong. answered: told when every call that
    was begun has its answer, of which some may not be logged yet."""

    def __init__(
        self,
        ask: Ask,
        read: ReadAnswer,
        logs: LoggedCalls,
        row: int,
        column: int,
        generation: int,
        answered: Callable[[], None] | None = None,
    ) -> None:
        self._answered = answered
        self._out = 0
        self._ask = ask
        self._read = read
        self._logs = logs
        self._row, self._column = row, column
        self._kept: dict[tuple[str, str], Answer] = {}
        self.generation = generation
        self.request_ids: dict[int, Decimal | None] = {}
        self.has_failed = False

    def anew(self) -> None:
        """The answers led to nothing: ask for other ones."""
        self.generation += 1
        self._kept.clear()

    async def __call__(self, call: Call, origin: Origin) -> Answer:
        key = (str(origin.metadata[CALL]), digest(call))
        answer = self._kept.get(key) or await self._logged(key)
        if answer is None:
            cell = f"{self._row}/{self._column}/{self.generation}"
            told = {**origin.metadata, "row": str(self._row), CELL: cell, SENT: key[1]}
            whole = replace(call, stream=False) if call.stream else call
            answer = await self._made(whole, replace(origin, metadata=told))
        if answer.status == DONE:
            self._kept[key] = answer
        else:
            self.has_failed = True
        if answer.request_id is not None:
            cost = None if answer.cost is None else answer.cost.total
            self.request_ids[answer.request_id] = cost
        return answer

    async def _made(self, call: Call, origin: Origin) -> Answer:
        if self._answered is None or not isinstance(self._ask, Patient):
            return await self._ask(call, origin)
        self._out += 1
        return await self._ask(call, origin, self._one_answered)

    def _one_answered(self) -> None:
        self._out -= 1
        if self._out == 0 and self._answered is not None:
            self._answered()

    async def _logged(self, key: tuple[str, str]) -> Answer | None:
        request_id = self._logs.of(self._row, self._column, self.generation).get(key)
        return None if request_id is None else await self._read(request_id)


def digest(call: Call) -> str:
    """Of everything in a call that decides its answer."""
    sent = (
        *(call.provider, call.model, call.messages, call.tools, call.tool_choice),
        *(call.parallel_tool_calls, call.response_format, call.tuning),
    )
    written = orjson.dumps(sent, default=repr, option=orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(written).hexdigest()[:24]


def logged_answer(connection: Connection, request_id: int) -> Answer | None:
    """The answer of a log record as the host gave it."""
    kept = requests.get(connection, request_id)
    if kept is None:
        return None
    one = kept.summary
    cost = None
    if one.cost is not None and kept.cost_source is not None:
        cost = Cost(one.cost, kept.cost_source, kept.cost_formula)
    messages = list(kept.output or ())
    ended = finish(kept.finish_reason)
    if ended == "stop" and any(message.get("tool_calls") for message in messages):
        ended = "tool_calls"
    return Answer(
        status=DONE,
        messages=messages,
        usage=Usage(
            one.input_tokens,
            one.output_tokens,
            kept.cached_tokens,
            kept.cache_write_tokens,
            kept.reasoning_tokens,
        ),
        cost=cost,
        model=one.model,
        finish_reason=kept.finish_reason,
        finish=ended,
        error=None,
        raw=kept.raw,
        request_id=request_id,
        log_problem=None,
    )


class Patient:
    """`Host.ask` that, when it is cancelled, ends after the call has its log record: whoever looks
    afterwards finds all that was answered."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def __call__(
        self, call: Call, origin: Origin, answered: Callable[[], None] | None = None
    ) -> Answer:
        """answered: called in this loop when the answer is whole, while its log record is
        being written."""
        told: Callable[[], object] | None = None
        if answered is not None:
            told = partial(asyncio.get_running_loop().call_soon_threadsafe, answered)
        run = self._host.start(call, origin, told)
        answer = asyncio.wrap_future(run.future)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            run.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(answer), _LOGGED_SECONDS)
            raise
