"""Numbers, money and times as a person reads them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from workbench.store.search import Totals

UNKNOWN = "unknown"


def money(dollars: Decimal | float | None) -> str:
    """Dollars with as many places as the amount needs to say something."""
    if dollars is None:
        return UNKNOWN
    amount = Decimal(dollars)
    if amount == 0:
        return "$0"
    if abs(amount) >= 100:
        return f"${amount:,.0f}"
    if abs(amount) >= 1:
        return f"${amount:,.2f}"
    if abs(amount) >= Decimal("0.1"):
        return f"${amount:.3f}"
    return f"${amount:.5f}" if abs(amount) >= Decimal("0.0001") else f"${amount:.7f}"


def latency(milliseconds: float | None) -> str:
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def share(part: int, whole: int) -> str:
    return "0 %" if whole == 0 else f"{100 * part / whole:.1f} %"


def plural(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    amount = float(number)
    for unit in ("bytes", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    passed = now - moment
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        if passed >= length:
            return f"{plural(passed // length, unit)} ago"
    return "just now"


def totals_line(totals: Totals) -> str:
    """What a filter finds, as Markdown: the count is exact."""
    found = f"**{totals.requests:,}** {'request' if totals.requests == 1 else 'requests'}"
    if totals.requests == 0:
        return found
    cost = money(totals.cost).replace("$", "\\$")
    if totals.cost is None:
        cost = "cost unknown"
    elif totals.unpriced:
        cost += f" (without {totals.unpriced:,} of unknown cost)"
    errors = plural(totals.errors, "error")
    return f"{found} · {cost} · p95 {latency(totals.p95_ms)} · {errors}"
