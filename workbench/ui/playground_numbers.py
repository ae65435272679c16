"""Statistics of the playground as tables. Always escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.playground.analysis import MEASURES, ColumnReport, Measure, Report, Summary
from workbench.playground.differences import AGREEMENT, VOTES, Difference
from workbench.ui import words
from workbench.ui.hostile import escaped

_MINUS = "−"


def columns_html(found: Report) -> str:
    """A line a measure, a column a column: the mean or share with its interval, and below it
    median, 95th percentile and how many."""
    head = "".join(
        f"<th>{escaped(one.title)}<br><small>{escaped(one.model)}</small></th>"
        for one in found.columns
    )
    lines = []
    for measure in MEASURES:
        if any(measure.name in one.summaries for one in found.columns):
            cells = "".join(f"<td>{_cell(measure, one)}</td>" for one in found.columns)
            lines.append(f"<tr><td>{escaped(measure.title)}</td>{cells}</tr>")
    if any(one.agreement is not None for one in found.columns):
        cells = "".join(
            f"<td>{_share(one.agreement)}<br><small>{one.distinct:,} different</small></td>"
            if one.agreement is not None
            else f"<td>{words.UNKNOWN}</td>"
            for one in found.columns
        )
        lines.append(f"<tr><td>{AGREEMENT.title}</td>{cells}</tr>")
    if any(one.won + one.lost + one.tied for one in found.columns):
        cells = "".join(
            f"<td>{one.won} won<br><small>{one.lost} lost, {one.tied} equal</small></td>"
            for one in found.columns
        )
        lines.append(f"<tr><td>Votes, pair by pair</td>{cells}</tr>")
    table = f'<table class="wb-sum wb-stats"><tr><th></th>{head}</tr>{"".join(lines)}</table>'
    return f'<div class="wb-scroll">{table}</div>'


def _cell(measure: Measure, column: ColumnReport) -> str:
    summary = column.summaries.get(measure.name)
    if summary is None:
        return words.UNKNOWN
    shown = said(measure, summary.mean)
    low, high = summary.interval or (0.0, 0.0)
    if summary.size > 1 and low < high:
        # Nothing that is measured here is below zero, whatever the formula says of few answers.
        shown += f" <small>{said(measure, max(low, 0.0))} to {said(measure, high)}</small>"
    return f"{shown}<br><small>{_below(measure, summary)}</small>"


def _below(measure: Measure, summary: Summary) -> str:
    if measure.kind == "share":
        return f"of {summary.size:,}"
    if summary.size == 1:
        return "one answer"
    return (
        f"median {said(measure, summary.median)}, p95 {said(measure, summary.p95)}, "
        f"of {summary.size:,}"
    )


def said(measure: Measure, value: float) -> str:
    """A value with its unit; a minus is a minus."""
    size = abs(value)
    if measure.kind == "share":
        shown = f"{100 * size:.0f} %"
    elif 0 < size < 10 and measure.name != "cost":
        # Differences may be small where the values are not.
        shown = f"{size:.2g}" + (" ms" if measure.name.endswith("_ms") else "")
    elif measure.name.endswith("_ms"):
        shown = words.latency(size)
    elif measure.name == "cost":
        shown = words.money(size)
    else:
        shown = f"{size:,.0f}" if size >= 100 or size == int(size) else f"{size:,.1f}"
    return escaped(f"{_MINUS}{shown}" if value < 0 else shown)


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def differences_html(found: Sequence[Difference], titles: Mapping[str, str]) -> str:
    """A line a column and measure: the difference, its interval, its test, and what it says."""
    lines = []
    for one in found:
        paired = one.paired
        low_high = ""
        if paired.interval is not None:
            low, high = paired.interval
            low_high = f"{_signed(one, low)} to {_signed(one, high)}"
        p = "" if paired.p is None else ("&lt; 0.001" if paired.p < 0.001 else f"{paired.p:.3f}")
        lines.append(
            f"<tr><td>{escaped(titles[one.right])}, {escaped(one.measure.title.lower())}</td>"
            f"<td>{_signed(one, paired.difference)}</td><td>{low_high}</td>"
            f"<td>{escaped(paired.test)}, {words.plural(paired.size, *_UNITS[one.unit])}</td>"
            f"<td>{p}</td><td>{verdict(one, titles)}</td></tr>"
        )
    head = "".join(
        f"<th>{each}</th>"
        for each in ("", "Difference", "95 % interval", "Test", "p", "What it says")
    )
    table = f'<table class="wb-files"><tr>{head}</tr>{"".join(lines)}</table>'
    return f'<div class="wb-scroll">{table}</div>'


_UNITS = {
    "rows": ("row", "rows"),
    "repeats": ("pair of repeats", "pairs of repeats"),
    "votes": ("vote", "votes"),
}
_MORE = {
    "rows": ("row", "rows"),
    "repeats": ("run of each", "runs of each"),
    "votes": ("vote", "votes"),
}


def _signed(one: Difference, value: float) -> str:
    if one.measure is VOTES:
        return f"{100 * value:.0f} % won"
    if one.measure.kind == "share":
        points = f"{abs(100 * value):.0f} points"
        return points if round(100 * value) == 0 else (_MINUS if value < 0 else "+") + points
    return ("+" if value > 0 else "") + said(one.measure, value)


def verdict(one: Difference, titles: Mapping[str, str]) -> str:
    """What a line says, in words."""
    paired, measure = one.paired, one.measure
    middle = 0.5 if measure is VOTES else 0.0
    if paired.more == 0:
        higher = paired.difference > middle
        winner = titles[one.right if higher == (measure.better == "high") else one.left]
        if measure is VOTES:
            return f"<strong>{escaped(winner)}</strong> is preferred"
        if not measure.better:
            return "<strong>more</strong>" if higher else "<strong>less</strong>"
        return f"<strong>{escaped(winner)}</strong> is better"
    if paired.difference == middle:
        return "no difference"
    if paired.p is None:
        return "too few to tell" if paired.size < 2 else "every pair differs by the same"
    if paired.more is None:
        return "not told apart"
    unit = words.plural(paired.more, *_MORE[one.unit])
    return f"not told apart; about {unit} more would do"
