"""Grids for tests: a dataset, an evaluation over it, a runner with a model of the test's own."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import orjson

from tests.evals.support import JUDGE, Registry, chat
from workbench.evals import grid_reading, running
from workbench.evals.context import Context
from workbench.evals.grids import NewColumn
from workbench.evals.run_plan import Contexts
from workbench.evals.runner import Runner, runner_of
from workbench.messages import message_text, text_part
from workbench.providers.call import Call, Origin
from workbench.providers.errors import ProviderError
from workbench.providers.run import Answer
from workbench.store import clock
from workbench.store.connection import Cursor
from workbench.store.rows import SUCCESS, NewRequest
from workbench.store.store import Store
from workbench.usage import Cost, Usage

ACTOR = "user:tester"
PRICE = Decimal("0.010000000")


def add_dataset(
    store: Store, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], name: str = "cases"
) -> int:
    """A dataset whose version 1, published, has these rows, numbered from 1."""
    id_, now = store.make_id(), clock.now()
    described = orjson.dumps([{"name": n, "type": "text", "role": "input"} for n in columns])

    def change(cursor: Cursor) -> None:
        cursor.execute(
            "INSERT INTO datasets VALUES (?, ?, '', ?, ?, ?, ?, ?, NULL, NULL)",
            [id_, name, len(rows) + 1, ACTOR, now, ACTOR, now],
        )
        add_version(cursor, id_, 1, described.decode(), len(rows))
        for start in range(0, len(rows), 1000):
            chunk = rows[start : start + 1000]
            cursor.execute(
                "INSERT INTO dataset_rows (dataset_id, id, since, until, value, split, tags, "
                "source_request, digest) SELECT ?, unnest(?::BIGINT[]), 1, NULL, "
                "unnest(?::VARCHAR[]), NULL, [], NULL, unnest(?::UUID[])",
                [
                    id_,
                    list(range(start + 1, start + 1 + len(chunk))),
                    [orjson.dumps(dict(row)).decode() for row in chunk],
                    [str(uuid.UUID(int=start + at)) for at in range(len(chunk))],
                ],
            )

    store.change(change).result()
    return id_


def add_version(cursor: Cursor, dataset_id: int, number: int, columns: str, rows: int) -> None:
    now = clock.now()
    cursor.execute(
        "INSERT INTO dataset_versions VALUES (?, ?, ?, ?, '', NULL, ?, ?, ?, ?)",
        [dataset_id * 100 + number, dataset_id, number, columns, rows, ACTOR, now, now],
    )


@dataclass
class Vendor:
    """A model that answers "<model>: <last message>", keeps a log record as the host does, and
    counts. says: another answer for a text: a text or an error, taken one after the other, the
    last again and again. otherwise: what it answers to every other text. delay: seconds. logs:
    False keeps no record."""

    store: Store
    says: dict[str, list[str | ProviderError]] = field(default_factory=dict)
    delay: float = 0.0
    logs: bool = True
    price: Decimal | None = PRICE
    otherwise: str | None = None
    asked: list[tuple[str, Origin]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, call: Call, origin: Origin) -> Answer:
        text = message_text(call.messages[-1])
        self.asked.append((text, origin))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.at_once -= 1
        script = self.says.get(text)
        said: str | ProviderError = self.otherwise or f"{call.model}: {text}"
        if script:
            said = script.pop(0) if len(script) > 1 else script[0]
        failed = said if isinstance(said, ProviderError) else None
        messages: list[Any] = [] if failed else [_message(str(said))]
        request_id = await self._logged(call, origin, messages, failed) if self.logs else None
        return Answer(
            status="failed" if failed else "done",
            messages=messages,
            usage=Usage(10, 5),
            cost=None if self.price is None or failed else Cost(self.price, "genai-prices"),
            model=call.model,
            finish_reason="stop",
            finish="stop",
            error=failed,
            raw="{}",
            request_id=request_id,
            log_problem=None,
        )

    async def _logged(
        self, call: Call, origin: Origin, messages: list[Any], failed: ProviderError | None
    ) -> int:
        from datetime import UTC, datetime

        now = datetime.now(UTC)
        row = NewRequest(
            started_at=now,
            ended_at=now,
            actor=origin.actor,
            source="track-request",
            raw="{}",
            origin=origin.place,
            provider=call.provider,
            model=call.model,
            status=SUCCESS if failed is None else "ERROR",
            finish_reason="stop",
            input_tokens=10,
            output_tokens=5,
            cost=None if failed else self.price,
            cost_source=None if failed or self.price is None else "genai-prices",
            metadata=dict(origin.metadata),
            prompt={"type": "chat", "messages": list(call.messages)},
            output=messages,
        )
        return (await asyncio.wrap_future(self.store.add(row))).id

    def texts(self) -> list[str]:
        return [text for text, _ in self.asked]


def _message(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [text_part(text)]}


def contexts_of(vendor: Any, registry: Registry | None = None, **more: Any) -> Contexts:
    made = registry or Registry({"greet": ["Hello {name}"]})
    ticks = itertools.count()

    def contexts(origin: Origin, judge: Mapping[str, Any] | None) -> Context:
        context = Context(
            ask=vendor,
            fetch_template=made,
            origin=origin,
            judge=dict(judge) if judge else JUDGE,
            clock=lambda: float(next(ticks)),
        )
        return replace(context, **more)

    return contexts


def prompt(name: str, source: str, **more: Any) -> NewColumn:
    """A prompt column of its own that sends what stands in a column to a model of its name."""
    return chat_column(name, source, "echo", name, **more)


def chat_column(name: str, source: str, provider: str, model: str, **more: Any) -> NewColumn:
    inline = {
        "inline": True,
        "prompt_template": chat("{x}"),
        "metadata": {"model": {"provider": provider, "name": model, "parameters": {}}},
    }
    spec = {"inline_template": inline, "prompt_template_variable_mappings": {"x": source}, **more}
    return NewColumn(name, "PROMPT_TEMPLATE", spec)


def regex(name: str, source: str, pattern: str = "a") -> NewColumn:
    return NewColumn(name, "REGEX", {"source": source, "regex_pattern": pattern})


def wait(store: Store, run_id: int, seconds: float = 30.0) -> running.Progress:
    """Until nothing of a run runs any more."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = running.progress(store, run_id)
        if found.state != "running" and not found.is_finishing and not found.is_here:
            return found
        time.sleep(0.01)
    raise AssertionError(f"it did not end: {running.progress(store, run_id)}")


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def values(store: Store, run_id: int) -> dict[int, dict[str, Any]]:
    """What every cell of a run holds: (state, value)."""
    page = grid_reading.page(store, run_id, limit=100_000, cut=None)
    return {
        row.id: {name: (cell.state, cell.value) for name, cell in row.cells.items()}
        for row in page.rows
    }


@contextmanager
def runner(
    store: Store, contexts: Contexts, waits: tuple[float, ...] = (0.01, 0.02)
) -> Iterator[Runner]:
    """The runner of a store, until the block ends."""
    made = runner_of(store, contexts, waits)
    try:
        yield made
    finally:
        made.close()


def crash(store: Store) -> None:
    """End a store's runner as a kill would: nothing is finished, said or let go of."""
    made = runner_of(store)
    made._closed = True
    made._loop.call_soon_threadsafe(made._loop.stop)
    made._thread.join()
