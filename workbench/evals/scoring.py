"""The score of a run from sums that the store made, by the settings of the run.

The settings: {"columns": [names], "weights": {name: number}, "code": text}; each may be missing.
Without columns the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evals.scores import ColumnScore, Score, column_score_of, combined
from workbench.jsontext import FieldError
from workbench.store.evaluation_sums import Sums
from workbench.store.evaluation_values import ColumnRow, RunInfo

MAX_CODE = 100_000
_KEYS = ("columns", "weights", "code")


def check(settings: Mapping[str, Any] | None, names: Sequence[str] | None) -> None:
    """Raises FieldError for settings that cannot be. names: of the columns; None: not known."""
    if not settings:
        return
    unknown = [key for key in settings if key not in _KEYS]
    if unknown:
        raise FieldError(f"score.{unknown[0]}", f"a score has {', '.join(_KEYS)}")
    columns, weights = settings.get("columns"), settings.get("weights")
    if columns is not None and not (
        isinstance(columns, list) and columns and all(isinstance(one, str) for one in columns)
    ):
        raise FieldError("score.columns", "a list of column names is needed")
    if weights is not None:
        if not isinstance(weights, dict):
            raise FieldError("score.weights", "numbers by column name are needed")
        for name, weight in weights.items():
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not 0 <= weight <= 1e9:
                raise FieldError(f"score.weights.{name}", "a number from 0 is needed")
    code = settings.get("code")
    if code is not None and not (isinstance(code, str) and len(code) <= MAX_CODE):
        raise FieldError("score.code", f"a text of at most {MAX_CODE:,} characters is needed")
    if names is not None:
        for name in (*(columns or ()), *(weights or ())):
            if name not in names:
                raise FieldError("score.columns", f'there is no computed column "{name}"')


def renamed(settings: Mapping[str, Any], old: str, new: str | None) -> dict[str, Any]:
    """The settings with a column called anew; None: it is gone."""
    found = dict(settings)
    if "columns" in found:
        names = [new if name == old else name for name in found["columns"]]
        found["columns"] = [name for name in names if name is not None]
        if not found["columns"]:
            del found["columns"]
    if "weights" in found:
        found["weights"] = {
            (new if name == old else name): weight
            for name, weight in found["weights"].items()
            if name != old or new is not None
        }
    return found


def chosen(run: RunInfo, columns: Sequence[ColumnRow]) -> list[str]:
    """The names of the columns that count; those that are not there any more are left out."""
    names = [one.name for one in columns]
    wanted = (run.score or {}).get("columns")
    if wanted is None:
        return names[-1:]
    return [name for name in dict.fromkeys(wanted) if name in names]


def score_of(
    run: RunInfo,
    columns: Sequence[ColumnRow],
    sums: Mapping[tuple[int, int], Sums],
    rows: int,
) -> Score | None:
    """The score by default or by the columns and weights of the settings. rows: of the dataset."""
    ids = {one.name: one.id for one in columns}
    found = {
        name: column_score(name, sums.get((run.id, ids[name])), rows)
        for name in chosen(run, columns)
    }
    weights = (run.score or {}).get("weights") or {}
    return combined(found, {name: float(weights.get(name, 1.0)) for name in found})


def column_score(name: str, found: Sums | None, rows: int) -> ColumnScore | None:
    """A column's score, None where no cell counts. rows: of the dataset."""
    if found is None or found.size == 0 or found.mean is None:
        return None
    return column_score_of(
        name,
        size=found.size,
        left_out=max(0, rows - found.size),
        mean=found.mean,
        deviation=found.deviation,
        is_share=found.is_share,
        is_whole=found.is_whole,
    )
