"""Logged requests as examples: what was asked, and what was answered or what people wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from workbench.export.spec import Spec
from workbench.export.tuning import reasons, tokens
from workbench.export.tuning.candidates import Candidate, Row
from workbench.export.tuning.example import example_of
from workbench.export.tuning.judging import is_cut, is_declined
from workbench.export.tuning.reasons import Unfit
from workbench.export.tuning_options import NEAR, TAG
from workbench.store.export_columns import COLUMNS, SCORE, Column, column_of
from workbench.store.export_ratings import rating_column
from workbench.store.rows import ERROR

_READ = (
    "status",
    "provider",
    "model",
    "error_type",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "input",
    "output",
    "parameters",
)


class RequestRows:
    """`Candidates` of requests."""

    def __init__(self, spec: Spec, *, with_metadata: bool) -> None:
        """with_metadata: names to be masked come out of it."""
        self._tuning = tuning = spec.tuning
        self._format = spec.format
        self._score: str | None = None
        if spec.is_preference and tuning.pairs == "scores":
            self._score = SCORE + tuning.score
        self._together = [name for name in tuning.together if name != NEAR]
        names = [*_READ, *self._together]
        if tuning.balance_by:
            names.append("tags" if tuning.balances_tag else tuning.balance_by)
        if tuning.answer != "output" and tuning.human is None:
            names.append(tuning.answer)
        if self._score is not None:
            names.append(self._score)
        if with_metadata:
            names.append("metadata")
        columns = [column_of(name) for name in dict.fromkeys(names)]
        if tuning.human is not None:
            columns.append(rating_column(tuning.human, tuning.evaluation))
        self.columns: Sequence[Column] = columns
        # Other metadata stays as it is: users are told apart by it, and none of it leaves.
        self.texts: Sequence[Column] = [COLUMNS["input"], COLUMNS["output"]]
        self.encoded = frozenset({"input", "output"})
        self.told: Mapping[str, Any] = {}

    def candidate(self, row: Row, masked: Callable[[str], str]) -> Candidate:
        tuning = self._tuning
        if tuning.errors and row["status"] == ERROR:
            raise Unfit(reasons.ERROR, row["error_type"] or "")
        corrected = row[tuning.answer] if tuning.answer != "output" else None
        if tuning.human is not None and not (corrected or "").strip():
            raise Unfit(reasons.NO_RATING)
        if corrected:
            corrected = masked(corrected)
        finish = row["finish_reason"]
        if tuning.truncated and not corrected and is_cut(finish):
            raise Unfit(reasons.TRUNCATED, finish)
        example = example_of(_json(row["input"]), _json(row["output"]), _parameters(row), corrected)
        if tuning.refusals and not corrected and is_declined(finish, example.answer):
            raise Unfit(reasons.REFUSAL)
        return Candidate(
            example=example,
            tokens=None if corrected else _tokens(row, self._format),
            class_=_class(row, tuning.balance_by),
            score=None if self._score is None else row[self._score],
            keys=[f"{name}={row[name]}" for name in self._together if row[name] not in (None, "")],
        )


def _json(text: bytes | None) -> Any:
    return orjson.loads(text) if text else None


def _parameters(row: Row) -> Any:
    """The settings of the call, where they say what an example holds; they rarely do."""
    text = row["parameters"]
    return orjson.loads(text) if text and "parallel_tool_calls" in text else None


def _tokens(row: Row, format_: str) -> tuple[int, int] | None:
    sent, received = row["input_tokens"], row["output_tokens"]
    if not sent or not received:
        return None
    number = sent + received - (row["reasoning_tokens"] or 0)
    return number, 2 if tokens.is_own(format_, row["provider"], row["model"]) else 1


def _class(row: Row, balance_by: str | None) -> str | None:
    if balance_by is None:
        return None
    if balance_by.startswith(TAG):
        name = balance_by.removeprefix(TAG)
        return name if name in orjson.loads(row["tags"] or "[]") else f"without {name}"
    value = row[balance_by]
    if balance_by == "tags":
        return ", ".join(sorted(orjson.loads(value))) if value else ""
    return value or ""
