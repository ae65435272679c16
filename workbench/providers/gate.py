"""How many calls to a provider run at once and begin in a minute. Lives on the host's loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


def limit_of(text: str, provider: str) -> int:
    """The number for a provider in a setting such as "8,openai=32".

    >>> limit_of("8,openai=32", "openai"), limit_of("8,openai=32", "cohere")
    (32, 8)
    """
    general, *exceptions = text.split(",")
    named = dict(one.split("=", 1) for one in exceptions)
    return int(named.get(provider, general))


class Gate:
    """Lets `at_once` calls in at a time; `per_minute` begin a minute, any number where it is 0.

    now, sleep: a clock in seconds and how to wait by it.
    """

    def __init__(
        self,
        at_once: int,
        per_minute: int = 0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._between = 60.0 / per_minute if per_minute else 0.0
        self._now = now
        self._sleep = sleep
        self._next = 0.0
        self._closed_until = 0.0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place among those that run at once, and a turn to begin."""
        async with self._places:
            await self.turn()
            yield

    async def turn(self) -> None:
        """Wait until the next call may begin."""
        begin = max(self._now(), self._next)
        self._next = begin + self._between
        while (wait := max(begin, self._closed_until) - self._now()) > 0:
            await self._sleep(wait)

    def close_for(self, seconds: float) -> None:
        """The provider said to wait: nobody else begins before that."""
        self._closed_until = max(self._closed_until, self._now() + seconds)
