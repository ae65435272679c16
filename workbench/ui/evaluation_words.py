"""Cells, states and scores as a person reads them: a small mark with a word."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from workbench.evals.cells import TITLES
from workbench.evals.reading_values import CellView
from workbench.evals.run_progress import Progress
from workbench.evals.scores import ColumnScore, Score
from workbench.store import evaluation_values as values
from workbench.store.evaluation_values import Counts
from workbench.ui import words

_BRIEF = 300
RUN_WORDS = {
    values.NEW: "○ not run",
    values.RUNNING: "◌ running",
    values.PAUSED: "◐ paused",
    values.DONE: "● done",
    values.CANCELLED: "○ cancelled",
}


def run_state(state: str, counts: Counts) -> str:
    """A run that came to its end without a single result is not green."""
    if state == values.DONE and counts.failed and not counts.done:
        return "▲ all failed"
    return RUN_WORDS[state]


def one_line(text: str) -> str:
    if text.startswith("data:"):
        return text[:40].partition(",")[0]
    return " ".join(text[:_BRIEF].split())


def shown(cell: CellView) -> str:
    """A cell on one line of the table."""
    text = one_line(cell.text)
    if cell.state == values.DONE:
        good = cell.passed if cell.passed is not None else cell.value
        if good is True:
            return f"● {text}"
        if good is False:
            return f"■ {text}"
        return text
    if cell.state == values.FAILED:
        return f"▲ failed: {one_line(cell.message or failure(cell.kind))}"
    if cell.state == values.STALE:
        return f"◐ stale {text}".rstrip()
    if cell.state == values.RUNNING:
        return "◌ running"
    if cell.state == values.CANCELLED:
        return "○ cancelled"
    return f"○ {one_line(cell.waits or 'waiting').rstrip('.').lower()}"


def number_of(cell: CellView) -> float | None:
    """The number that a cell holds; None of another value."""
    value: Any = cell.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if cell.state == values.DONE and is_number else None


def failure(kind: str | None) -> str:
    """A kind of failure in words."""
    return TITLES.get(kind or "", (kind or "failed").replace("_", " ").capitalize())


def figure(value: float, *, is_share: bool) -> str:
    if is_share:
        return f"{100 * value:.1f} %"
    return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:.4g}"


def interval(found: tuple[float, float] | None, *, is_share: bool) -> str:
    if found is None:
        return ""
    low, high = (figure(one, is_share=is_share) for one in found)
    return f"{low.removesuffix(' %')} to {high}"


def column_score(found: ColumnScore | None) -> str:
    """ "82.5 % true, 75.1 to 88 %" """
    if found is None:
        return ""
    is_share = found.kind == "share"
    what = "true" if is_share else "mean"
    within = interval(found.interval, is_share=is_share)
    text = f"{figure(found.value, is_share=is_share)} {what}"
    return f"{text}, {within}" if within else text


def is_share(found: Score) -> bool:
    return all(one.kind == "share" for one in found.columns)


def score(found: Score | None) -> str:
    """ "82.5 % (75.1 to 88 %)" """
    if found is None:
        return ""
    share = is_share(found)
    within = interval(found.interval, is_share=share)
    text = figure(found.value, is_share=share)
    return f"{text} ({within})" if within else text


def left_out(found: Score) -> int:
    return sum(one.left_out for one in found.columns)


def duration(seconds: float | None) -> str:
    if seconds is None:
        return words.UNKNOWN
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def progress_line(found: Progress) -> str:
    """What became of the cells, how fast it goes and what it cost."""
    counts = found.counts
    ended = counts.done + counts.failed
    parts = [f"{ended:,} of {words.plural(found.total, 'cell')}"]
    waiting = max(0, counts.left - found.for_people)
    # What is stale is to be run as well.
    to_run = f"to run, {counts.stale:,} of them stale" if counts.stale else "to run"
    for number, what in (
        (counts.failed, "failed"),
        (found.running, "running"),
        (waiting, to_run),
    ):
        if number:
            parts.append(f"{number:,} {what}")
    if found.for_people:
        parts.append(f"{found.for_people:,} for people")
    if found.rate:
        parts.append(f"{found.rate:,.1f} cells a second")
        parts.append(f"{duration(found.seconds)} left")
    if found.cost or found.budget is not None:
        parts.append(spent(found.cost, found.budget))
    if counts.unpriced:
        parts.append(f"without {words.plural(counts.unpriced, 'cell')} of unknown cost")
    return " · ".join(parts)


def spent(cost: Decimal, budget: Decimal | None) -> str:
    return words.money(cost) + (f" of {words.money(budget)}" if budget is not None else "")
