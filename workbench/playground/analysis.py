"""What one press of Run says about its columns, one by one: distributions with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median, stdev

from workbench.playground.sessions import text_of
from workbench.playground.validity import is_valid
from workbench.providers.call import ResponseFormat
from workbench.statistics import quantile, t_interval, wilson
from workbench.store.playground_runs import DONE, FAILED, KeptRun
from workbench.store.playground_votes import Vote


@dataclass(frozen=True, slots=True)
class Measure:
    """kind: "number", or "share" of true. better: "low", "high", or "" where neither is."""

    name: str
    title: str
    kind: str = "number"
    better: str = "low"


MEASURES = (
    Measure("latency_ms", "Total time"),
    Measure("first_token_ms", "First token"),
    Measure("tokens_per_second", "Tokens per second", better="high"),
    Measure("cost", "Cost"),
    Measure("input_tokens", "Input tokens"),
    Measure("output_tokens", "Output tokens", better=""),
    Measure("length", "Length in characters", better=""),
    Measure("valid", "Valid by the schema", "share", "high"),
    Measure("failed", "Failed", "share"),
)


@dataclass(frozen=True, slots=True)
class Observed:
    """One run that ended by itself. values: of MEASURES that are known; truth values are 0 and 1.
    Milliseconds, US dollars."""

    row: int
    repeat: int
    text: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A measure of a column. interval: of 95 %, of the mean (over rows, where there are several) or
    the share."""

    size: int
    mean: float
    median: float
    p95: float
    deviation: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReport:
    """unfinished: runs that go on, were stopped or interrupted: they count nowhere. agreement: of
    all pairs of repeats of a row, the share that answered the same, blanks aside; the mean over
    rows; None without repeats. distinct: different answers. won, lost, tied: pairs of votes."""

    column_id: str
    title: str
    model: str
    observed: list[Observed]
    unfinished: int
    summaries: Mapping[str, Summary]
    agreement: float | None
    distinct: int
    won: int = 0
    lost: int = 0
    tied: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """duels: column ids of each vote that was no tie, the preferred one first."""

    columns: list[ColumnReport]
    rows: int
    repeats: int
    duels: Sequence[tuple[str, str]] = ()

    def column(self, id_: str) -> ColumnReport | None:
        return next((one for one in self.columns if one.column_id == id_), None)


def report(
    columns: Sequence[tuple[str, str]],
    runs: Sequence[KeptRun],
    wanted: Mapping[str, ResponseFormat | None],
    votes: Sequence[Vote] = (),
) -> Report:
    """columns: id and title, in their order. runs: of one batch, turn 0. wanted: by column id, the
    JSON that was asked for. votes: of the session; only those on these runs count."""
    rows = {one.begun.row for one in runs}
    repeats = {one.begun.repeat for one in runs}
    owner = {one.begun.id: one.begun.column_id for one in runs}
    ours = [vote for vote in votes if vote.preferred.run in owner and vote.other.run in owner]
    found = []
    for id_, title in columns:
        own = [one for one in runs if one.begun.column_id == id_]
        if own:
            found.append(_column(id_, title, own, wanted.get(id_), ours, owner, len(rows) > 1))
    duels = [_sides(vote, owner) for vote in ours if not vote.tie]
    return Report(found, len(rows), len(repeats), duels)


def _column(
    id_: str,
    title: str,
    runs: Sequence[KeptRun],
    wanted: ResponseFormat | None,
    votes: Sequence[Vote],
    owner: Mapping[str, str],
    by_row: bool,
) -> ColumnReport:
    observed = [_observed(one, wanted) for one in runs if one.status in (DONE, FAILED)]
    mine = [vote for vote in votes if id_ in _sides(vote, owner)]
    summaries = {}
    for measure in MEASURES:
        summary = _summary(measure, observed, by_row)
        if summary is not None:
            summaries[measure.name] = summary
    answered = [one for one in observed if not one.values["failed"]]
    agreed = list(agreements(observed).values())
    return ColumnReport(
        column_id=id_,
        title=title,
        model=runs[0].begun.model,
        observed=observed,
        unfinished=len(runs) - len(observed),
        summaries=summaries,
        agreement=fmean(agreed) if agreed else None,
        distinct=len({" ".join(one.text.split()) for one in answered}),
        won=sum(not vote.tie and _sides(vote, owner)[0] == id_ for vote in mine),
        lost=sum(not vote.tie and _sides(vote, owner)[1] == id_ for vote in mine),
        tied=sum(vote.tie for vote in mine),
    )


def _sides(vote: Vote, owner: Mapping[str, str]) -> tuple[str, str]:
    return owner[vote.preferred.run or ""], owner[vote.other.run or ""]


def _observed(run: KeptRun, wanted: ResponseFormat | None) -> Observed:
    ended = run.ended
    assert ended is not None
    failed = run.status == FAILED
    values: dict[str, float] = {"failed": float(failed)}
    text = ""
    if not failed:
        text = text_of(ended.answer)
        given = {
            "latency_ms": ended.latency_ms,
            "first_token_ms": ended.first_token_ms,
            "tokens_per_second": ended.tokens_per_second,
            "input_tokens": ended.input_tokens,
            "output_tokens": ended.output_tokens,
            "cost": ended.cost,
            "length": len(text),
            "valid": is_valid(ended.answer, text, wanted),
        }
        values |= {name: float(value) for name, value in given.items() if value is not None}
    return Observed(run.begun.row, run.begun.repeat, text, values)


def _summary(measure: Measure, observed: Sequence[Observed], by_row: bool) -> Summary | None:
    values = [one.values[measure.name] for one in observed if measure.name in one.values]
    if not values:
        return None
    means = list(row_means(observed, measure.name).values()) if by_row else values
    mean = fmean(means)
    deviation = stdev(means) if len(means) > 1 else 0.0
    if measure.kind == "share" and (len(means) == len(values) or deviation == 0):
        # Rows that are all alike count once each: their repeats are no further evidence.
        interval = wilson(mean * len(means), len(means))
    else:
        interval = t_interval(mean, deviation, len(means))
    return Summary(
        size=len(values),
        mean=mean,
        median=median(values),
        p95=quantile(values, 0.95),
        deviation=stdev(values) if len(values) > 1 else None,
        interval=interval,
    )


def row_means(observed: Sequence[Observed], name: str) -> dict[int, float]:
    """A measure of each row, the mean of its repeats."""
    by_row: dict[int, list[float]] = {}
    for one in observed:
        if name in one.values:
            by_row.setdefault(one.row, []).append(one.values[name])
    return {row: fmean(values) for row, values in by_row.items()}


def agreements(observed: Sequence[Observed]) -> dict[int, float]:
    """Of each row with repeats, the share of pairs of repeats that answered the same."""
    by_row: dict[int, list[str]] = {}
    for one in observed:
        if not one.values["failed"]:
            by_row.setdefault(one.row, []).append(" ".join(one.text.split()))
    return {
        row: fmean(left == right for left, right in combinations(texts, 2))
        for row, texts in by_row.items()
        if len(texts) > 1
    }
