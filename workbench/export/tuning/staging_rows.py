"""From rows of the store to examples: what becomes of each is noted in the staging tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from workbench.export.masking.masker import Masker
from workbench.export.masking.tables import masked
from workbench.export.spec import NEAR, TAG, Spec
from workbench.export.tuning import reasons, tokens
from workbench.export.tuning.example import Example, example_of
from workbench.export.tuning.judging import is_cut, is_declined
from workbench.export.tuning.near import Signatures
from workbench.export.tuning.reasons import Unfit
from workbench.store.export_columns import COLUMNS, SCORE, Column, column_of
from workbench.store.export_ratings import rating_column
from workbench.store.export_staging import FACTS, Staging
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
_MASKED = [COLUMNS["input"], COLUMNS["output"]]
Row = Mapping[str, Any]
# What is not known of a request that is left out: all facts after its number, id, reason, detail.
_UNKNOWN = (None,) * (len(FACTS) - 4)
assert FACTS.names[:4] == ["n", "id", "reason", "detail"]


@dataclass(slots=True)
class Reader:
    """Reads tables of the snapshot. Lines of what is fit go to `spool`, their place to the facts.

    file: for each kept example its line, or for preferences its half.
    """

    spec: Spec
    staging: Staging
    spool: Path
    masker: Masker | None
    signatures: Signatures | None
    _format: Any = None
    _file: Any = None
    _most_tokens: int | None = None
    # A row of them is a tuple in the order of FACTS, or a part that is filled up with None.
    _facts: list[tuple[Any, ...]] = field(default_factory=list)
    _n: int = 0
    _at: int = 0
    _score: str | None = None

    def __post_init__(self) -> None:
        self._format = self.spec.entry.load()()
        self._most_tokens = self.spec.tuning.max_tokens or self._format.MAX_TOKENS
        self._file = self.spool.open("xb", buffering=2**20)
        if self.spec.is_preference and self.spec.tuning.pairs == "scores":
            self._score = SCORE + self.spec.tuning.score

    def close(self) -> None:
        """Write what is still held."""
        self._file.close()
        if self.signatures is not None:
            self.signatures.flush()

    @property
    def columns(self) -> list[Column]:
        """What is read of a request."""
        tuning = self.spec.tuning
        names = [*_READ, *(key for key in tuning.together if key != NEAR)]
        if tuning.balance_by:
            names.append("tags" if tuning.balances_tag else tuning.balance_by)
        if tuning.answer != "output" and tuning.human is None:
            names.append(tuning.answer)
        if self._score is not None:
            names.append(self._score)
        if self.masker is not None and self.masker.name_fields:
            names.append("metadata")
        found = [column_of(name) for name in dict.fromkeys(names)]
        if tuning.human is not None:
            found.append(rating_column(tuning.human, tuning.evaluation))
        return found

    def take(self, table: pa.Table) -> None:
        self._facts = []
        if self.masker is not None:
            # Metadata stays as it is: users are told apart by it, and none of it leaves.
            table = masked(table, self.masker, _MASKED)
        names = table.column_names
        for values in zip(*(column.to_pylist() for column in table.columns), strict=True):
            self._row(dict(zip(names, values, strict=True)))
        found = zip(*self._facts, strict=True)
        columns = [pa.array(one, each.type) for one, each in zip(found, FACTS, strict=True)]
        self.staging.insert("facts", pa.table(columns, schema=FACTS))

    def _row(self, row: Row) -> None:
        try:
            facts = self._example(row)
        except Unfit as unfit:
            detail = self._masked(unfit.detail, row) or None
            facts = (self._n, row["row id"], unfit.reason, detail, *_UNKNOWN)
        self._facts.append(facts)
        self._n += 1

    def _example(self, row: Row) -> tuple[Any, ...]:
        """The facts of a request that is fit; raises Unfit."""
        tuning = self.spec.tuning
        if tuning.errors and row["status"] == ERROR:
            raise Unfit(reasons.ERROR, row["error_type"] or "")
        corrected = row[tuning.answer] if tuning.answer != "output" else None
        if tuning.human is not None and not (corrected or "").strip():
            raise Unfit(reasons.NO_RATING)
        if corrected:
            corrected = self._masked(corrected, row)
        finish = row["finish_reason"]
        if tuning.truncated and not corrected and is_cut(finish):
            raise Unfit(reasons.TRUNCATED, finish)
        example = example_of(_json(row["input"]), _json(row["output"]), _parameters(row), corrected)
        if tuning.refusals and not corrected and is_declined(finish, example.answer):
            raise Unfit(reasons.REFUSAL)
        line, asked = self._line(example)
        number, counted = _tokens(row, example, bool(corrected), self.spec.format)
        if self._most_tokens is not None and number > self._most_tokens:
            told = f"{number:,} tokens, {self._most_tokens:,} are the most"
            raise Unfit(reasons.TOO_LONG, told)
        class_ = _class(row, tuning.balance_by)
        facts = (
            self._n,
            row["row id"],
            None,
            None,
            hashlib.sha256(line).digest()[:16],
            asked,
            self._at,
            len(line),
            number,
            counted,
            any(turn.role == "assistant" for turn in example.turns),
            class_,
            None if class_ is None else self._masked(class_, row),
            None if self._score is None else row[self._score],
            _keys(row, tuning.together, asked),
        )
        self._file.write(line)
        self._at += len(line)
        if self.signatures is not None:
            self.signatures.add(self._n, _spoken(example))
        return facts

    def _masked(self, text: str, row: Row) -> str:
        """A text of this request as it may leave."""
        if self.masker is None or not text:
            return text
        if not self.masker.name_fields:
            return self.masker.text(text)
        return self.masker.text(text, self.masker.names_of(_json(row["metadata"])))

    def _line(self, example: Example) -> tuple[bytes, bytes]:
        """The line (or half) and a digest of what was asked."""
        asked = _asked(example)
        if self.spec.is_preference:
            return orjson.dumps(self._format.half(example)) + b"\n", asked
        train_all = self.spec.tuning.train_on == "all"
        line = self._format.line(example, train_all=train_all)
        problem = self._format.problem(line)
        if problem is not None:
            raise Unfit(reasons.INVALID, problem)
        return orjson.dumps(line) + b"\n", asked


def _json(text: str | None) -> Any:
    return orjson.loads(text) if text else None


def _parameters(row: Row) -> Any:
    """The settings of the call, where they say what an example holds; they rarely do."""
    text = row["parameters"]
    return orjson.loads(text) if text and "parallel_tool_calls" in text else None


def _tokens(row: Row, example: Example, corrected: bool, format_: str) -> tuple[int, int]:
    """The count that was logged, where there is one, and whose it is (see FACTS)."""
    sent, received = row["input_tokens"], row["output_tokens"]
    if sent and received and not corrected:
        number = sent + received - (row["reasoning_tokens"] or 0)
        return number, 2 if tokens.is_own(format_, row["provider"], row["model"]) else 1
    return tokens.estimate_of(example), 0


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


def _keys(row: Row, together: Sequence[str], asked: bytes) -> list[str]:
    """What this request has in common with those that must lie on its side.

    The same input with another answer is always one of them: else what is validated was learnt.
    """
    keys = [f"asked={asked.hex()}"]
    named = [name for name in together if name != NEAR]
    keys += [f"{name}={row[name]}" for name in named if row[name] not in (None, "")]
    return keys


def _asked(example: Example) -> bytes:
    told: list[Any] = []
    for turn in example.turns:
        told += (turn.role, turn.text)
        if turn.images or turn.calls:
            told.append([[image.url for image in turn.images], [c.arguments for c in turn.calls]])
    return hashlib.sha256(orjson.dumps(told)).digest()[:16]


def _spoken(example: Example) -> str:
    """What tells examples apart: a system prompt that all share would make them all alike."""
    texts = [turn.text for turn in example.turns if turn.role != "system"]
    texts.append(example.answer.text or example.answer.refusal)
    texts += [f"{call.name} {call.arguments}" for call in example.answer.calls]
    return "\n".join(texts)
