"""From rows of the store to examples: what becomes of each is noted in the staging tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from workbench.export.masking.masker import Masker
from workbench.export.masking.tables import masked
from workbench.export.spec import Spec
from workbench.export.tuning import reasons, tokens
from workbench.export.tuning.candidates import Candidate, Candidates, Row
from workbench.export.tuning.example import Example
from workbench.export.tuning.near import Signatures
from workbench.export.tuning.reasons import Unfit
from workbench.store.export_parts import ROW
from workbench.store.export_staging import FACTS, Staging

# What is not known of a row that is left out: all facts after its number, id, reason, detail.
_UNKNOWN = (None,) * (len(FACTS) - 4)
_LINE = orjson.OPT_APPEND_NEWLINE
assert FACTS.names[:4] == ["n", "id", "reason", "detail"]


@dataclass(slots=True)
class Reader:
    """Reads tables of the snapshot. Lines of what is fit go to `spool`, their place to the facts.

    file: for each kept example its line, or where two requests make a pair its half.
    """

    spec: Spec
    rows: Candidates
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

    def __post_init__(self) -> None:
        self._format = self.spec.entry.load()()
        self._most_tokens = self.spec.tuning.max_tokens or self._format.MAX_TOKENS
        self._file = self.spool.open("xb", buffering=2**20)

    def close(self) -> None:
        """Write what is still held."""
        self._file.close()
        if self.signatures is not None:
            self.signatures.flush()

    def take(self, table: pa.Table) -> None:
        self._facts = []
        if self.masker is not None:
            table = masked(table, self.masker, self.rows.texts)
        names = table.column_names
        columns = (
            table[name].cast(pa.binary()) if name in self.rows.encoded else table[name]
            for name in names
        )
        for values in zip(*(column.to_pylist() for column in columns), strict=True):
            self._row(dict(zip(names, values, strict=True)))
        found = zip(*self._facts, strict=True)
        facts = [pa.array(one, each.type) for one, each in zip(found, FACTS, strict=True)]
        self.staging.insert("facts", pa.table(facts, schema=FACTS))

    def _row(self, row: Row) -> None:
        try:
            facts = self._example(row)
        except Unfit as unfit:
            detail = self._masked(unfit.detail, row) or None
            facts = (self._n, row[ROW], unfit.reason, detail, *_UNKNOWN)
        self._facts.append(facts)
        self._n += 1

    def _example(self, row: Row) -> tuple[Any, ...]:
        """The facts of a row that is fit; raises Unfit."""
        found = self.rows.candidate(row, lambda text: self._masked(text, row))
        example = found.example
        line, asked = self._line(found)
        number, counted = found.tokens or (tokens.estimate_of(example), 0)
        other = 0 if found.other is None else tokens.estimate_of(found.other)
        if self._most_tokens is not None and max(number, other) > self._most_tokens:
            number = max(number, other)
            told = f"{number:,} tokens, {self._most_tokens:,} are the most"
            raise Unfit(reasons.TOO_LONG, told)
        facts = (
            self._n,
            row[ROW],
            None,
            None,
            hashlib.sha256(line).digest()[:16],
            asked,
            self._at,
            len(line),
            number + other,
            counted,
            any(turn.role == "assistant" for turn in example.turns),
            found.class_,
            None if found.class_ is None else self._masked(found.class_, row),
            found.score,
            found.keys,
            found.held,
        )
        self._file.write(line)
        self._at += len(line)
        if self.signatures is not None:
            self.signatures.add(self._n, _spoken(example))
        return facts

    def _masked(self, text: str, row: Row) -> str:
        """A text of this row as it may leave."""
        if self.masker is None or not text:
            return text
        if not self.masker.name_fields:
            return self.masker.text(text)
        return self.masker.text(text, self.masker.names_of(orjson.loads(row["metadata"] or "null")))

    def _line(self, found: Candidate) -> tuple[bytes, bytes]:
        """The line (or half) and a digest of what was asked."""
        example = found.example
        asked = _asked(example)
        if self.spec.is_preference:
            line = self._format.half(example)
            if found.other is None:
                return orjson.dumps(line, option=_LINE), asked
            line = self._format.pair(line, self._format.half(found.other))
        else:
            line = self._format.line(example, train_all=self.spec.tuning.train_on == "all")
        problem = self._format.problem(line)
        if problem is not None:
            raise Unfit(reasons.INVALID, problem)
        return orjson.dumps(line, option=_LINE), asked


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
