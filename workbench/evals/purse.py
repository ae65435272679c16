"""A run's budget: a cell that could pass it is not begun. Lives on the runner's loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal

NOTHING = Decimal(0)
# How what a run says begins when its budget paused it, before and after the budget was changed.
_PASSES = "The next cell could pass the budget of"
_PAUSED = "It was paused by its budget"


class Purse:
    """limit: dollars, None for none. spent: so far.

    What a cell will cost is taken to be what the dearest of its column did so far; of a column
    that nothing is known of, one cell runs at a time until it is. A cost that stays unknown counts
    as nothing.
    """

    def __init__(self, limit: Decimal | None, spent: Decimal) -> None:
        self._limit = limit
        self.spent = spent
        self._dearest: dict[int, Decimal] = {}
        self._flying: Counter[int] = Counter()
        self._changed = asyncio.Event()

    @property
    def limit(self) -> Decimal | None:
        return self._limit

    @limit.setter
    def limit(self, dollars: Decimal | None) -> None:
        self._limit = dollars
        self.wake()

    def wake(self) -> None:
        """Let those that wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def admits(self, column: int) -> bool:
        """Whether a cell may begin; waits while cells that run decide it. A True is to be followed
        by `begin` at once."""
        while self._limit is not None:
            known = self._dearest.get(column)
            if known is not None or not self._flying[column]:
                cost = known or NOTHING
                begun = sum(
                    (self._dearest.get(one, NOTHING) * n for one, n in self._flying.items()),
                    NOTHING,
                )
                if self.spent + begun + cost <= self._limit:
                    return True
                if self.spent + cost > self._limit or not self._flying.total():
                    return False
            await self._changed.wait()
        return True

    def begin(self, column: int) -> None:
        self._flying[column] += 1

    def end(self, column: int, cost: Decimal | None) -> None:
        """cost: of the cell, None where it is unknown or nothing was called."""
        self._flying[column] -= 1
        found = cost or NOTHING
        self.spent += found
        self._dearest[column] = max(found, self._dearest.get(column, NOTHING))
        self.wake()

    @property
    def sentence(self) -> str:
        limit = _dollars(self._limit or NOTHING)
        return f"{_PASSES} {limit}: {_dollars(self.spent)} is spent. Set a higher one and go on."


def after_change(reason: str | None, limit: Decimal | None) -> str | None:
    """Why a run is paused, once its budget is another one: the old figures no longer hold."""
    if reason is None or not reason.startswith((_PASSES, _PAUSED)):
        return reason
    now = f"it is {_dollars(limit)} now" if limit is not None else "it has none now"
    return f"{_PAUSED}; {now}."


def _dollars(amount: Decimal) -> str:
    """With the cents, and with what is below them.

    >>> _dollars(Decimal("0.025000000")), _dollars(Decimal(1200))
    ('$0.025', '$1,200.00')
    """
    whole, _, rest = f"{amount:,.6f}".partition(".")
    return f"${whole}.{rest.rstrip('0').ljust(2, '0')}"
