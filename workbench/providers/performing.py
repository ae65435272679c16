"""A run's attempts: one call sent, its pieces taken in, tried again where that may help."""

from __future__ import annotations

import asyncio
import itertools
import random
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workbench.providers.adapter import Wire
from workbench.providers.call import Timeouts
from workbench.providers.errors import ProviderError
from workbench.providers.gate import Gate
from workbench.providers.reach import Target
from workbench.providers.retry import wait_before
from workbench.providers.run import RETRYING, Run


@dataclass
class Held:
    """What of a run its record needs, filled while it goes on.

    pieces: of a stream, in order; of a plain answer, the one.
    """

    target: Target | None = None
    wire: Wire = field(default_factory=lambda: Wire({}))
    pieces: list[Any] = field(default_factory=list)

    def response(self, stream: bool) -> Any:
        if not self.pieces:
            return None
        return self.pieces if stream else self.pieces[0]


async def attempts(
    run: Run,
    held: Held,
    target: Target,
    client: Any,
    gate: Gate,
    timeouts: Timeouts,
    retries: int,
    rng: random.Random,
) -> None:
    """Send the call until an answer is whole; raises ProviderError where there is none.

    The whole time runs from the moment that the call has its place among those that run at once.
    """
    loop = asyncio.get_running_loop()
    progress = run.progress
    async with gate.place():
        deadline = loop.time() + timeouts.total
        for attempt in itertools.count(1):
            progress.begin(attempt, datetime.now(UTC))
            try:
                await _once(run, held, target, client, timeouts, deadline)
            except ProviderError as error:
                left = deadline - loop.time()
                said = progress.has_said_anything()
                wait = None if said else wait_before(error, attempt, retries, left, rng)
                if wait is None:
                    raise
                if error.retry_after is not None:
                    gate.close_for(wait)
                progress.error, progress.wait_seconds = error, wait
                progress.status = RETRYING
                held.pieces.clear()
                await asyncio.sleep(wait)
            else:
                progress.error = None
                return


async def _once(
    run: Run, held: Held, target: Target, client: Any, timeouts: Timeouts, deadline: float
) -> None:
    loop = asyncio.get_running_loop()
    stream = run.call.stream
    first = loop.time() + timeouts.first_token if stream else deadline
    limit = asyncio.timeout_at(min(first, deadline))
    try:
        async with limit, aclosing(target.adapter.send(client, held.wire, stream)) as pieces:
            async for piece in pieces:
                if not held.pieces:
                    limit.reschedule(deadline)
                held.pieces.append(piece)
                if stream:
                    for event in target.adapter.from_wire(piece):
                        run.progress.add(event)
    except TimeoutError as error:
        if not limit.expired():
            raise ProviderError("timeout", str(error) or "The connection timed out.") from error
        raise _late(bool(held.pieces), first < deadline, timeouts) from error
    except ProviderError:
        raise
    except Exception as error:
        failure = target.adapter.failure(error)
        if failure is None:
            raise
        raise failure from error
    if not held.pieces:
        raise ProviderError("bad_answer", "The answer was empty.")
    if stream and run.progress.reason is None:
        raise ProviderError("bad_answer", "The stream ended before the answer was complete.")


def _late(has_begun: bool, by_first_token: bool, timeouts: Timeouts) -> ProviderError:
    if not has_begun and by_first_token:
        sentence = f"Nothing came within {timeouts.first_token:g} seconds."
    else:
        sentence = f"The answer was not complete within {timeouts.total:g} seconds."
    return ProviderError("timeout", sentence)
