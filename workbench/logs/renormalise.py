"""Reading old calls again with today's normalisers, and keeping what they read better.

The raw call of a row is read as if it came today, with the times and the price of its own day. What
people added to the row afterwards, and a price that the caller named, stay.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from workbench.filters import Filter
from workbench.jsontext import FieldError
from workbench.logs import normalise
from workbench.logs.importing.draft import KNOWN as KNOWN_COLUMNS
from workbench.logs.importing.taking import KNOWN, with_known
from workbench.logs.intake import LOG, TRACK, Sender, Taken, log_request, track_request
from workbench.store.renormalise import Kept, Rewritten, rewritten, rows_after, write
from workbench.store.rows import NewRequest
from workbench.store.store import Store

BATCH_ROWS = 500
# Examples of what failed; the numbers by reason count all.
MAX_EXAMPLES = 20
_READERS: Mapping[str, Callable[[Mapping[str, Any], str, Sender], Taken]] = {
    TRACK: track_request,
    LOG: log_request,
}
_IMPORTED = "import:"
_BILLING = "billing"
_NOT_UNDERSTOOD = "raw/"
# What decides a cost beside the day and the words of the vendor's bill.
_PRICED_BY = (
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are read again. everything: also those that today's normalisers have read.
    dry_run: count, and write nothing. text: the filter as written, for the audit."""

    filter: Filter = field(default_factory=Filter)
    text: str = ""
    everything: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows: read = changed + unchanged + failed.

    columns: how many rows differ in each. reasons: why rows failed, with their number; examples:
    some of those rows with the reason.
    """

    read: int = 0
    changed: int = 0
    unchanged: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[tuple[int, str], ...] = ()

    @property
    def failed(self) -> int:
        return sum(self.reasons.values())

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.read + other.read,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            _sum(self.columns, other.columns),
            _sum(self.reasons, other.reasons),
            (*self.examples, *other.examples)[:MAX_EXAMPLES],
        )


@dataclass(frozen=True, slots=True)
class Step:
    """after: the id to go on after; None at the end."""

    counts: Counts
    after: int | None


class Unreadable(Exception):
    """Why a row cannot be read again, in a clause."""


def renormalise(
    store: Store, asked: Asked, *, actor: str, now: datetime, after: int = 0, seconds: float
) -> Step:
    """Read rows again for about `seconds`, beginning after the id `after`.

    What is written is written batch by batch: whoever is interrupted begins anew, and without
    `everything` meets only what is left. Raises StoreError where nothing can be written.
    """
    counts = Counts()
    until = time.monotonic() + seconds
    current = None if asked.everything else current_names()
    while True:
        rows = rows_after(
            store.connection,
            asked.filter,
            now=now,
            after=after,
            limit=BATCH_ROWS,
            current=current,
        )
        if not rows:
            return Step(counts, None)
        counts += _batch(store, rows, asked, actor)
        after = rows[-1].id
        if time.monotonic() > until:
            return Step(counts, after)


@lru_cache(maxsize=1)
def current_names() -> frozenset[str]:
    """The normalisers of today, with their versions."""
    modules = (
        importlib.import_module(f"{normalise.__name__}.{info.name}")
        for info in pkgutil.iter_modules(normalise.__path__)
    )
    return frozenset(name for module in modules if (name := getattr(module, "NAME", None)))


def _batch(store: Store, rows: Sequence[Kept], asked: Asked, actor: str) -> Counts:
    pairs: list[tuple[Kept, NewRequest]] = []
    failed: list[tuple[int, str]] = []
    for kept in rows:
        try:
            pairs.append((kept, read_again(kept)))
        except Unreadable as error:
            failed.append((kept.id, str(error)))
    made, worse = _rewritten(pairs)
    failed += worse
    columns = Counter(name for row in made for name in row.changed)
    changed = sum(bool(row.changed) for row in made)
    if made and not asked.dry_run:
        detail = {"filter": asked.text, "all": asked.everything}
        # Rows that were deleted meanwhile count as read and as unchanged.
        changed = write(store, made, actor, detail)
    return Counts(
        len(rows),
        changed,
        len(made) - changed,
        dict(columns),
        dict(Counter(reason for _, reason in failed)),
        tuple(failed[:MAX_EXAMPLES]),
    )


def _rewritten(
    pairs: list[tuple[Kept, NewRequest]],
) -> tuple[list[Rewritten], list[tuple[int, str]]]:
    """What no column can hold is left as it was."""
    try:
        return rewritten(pairs), []
    except (ValueError, TypeError, OverflowError) as error:
        if len(pairs) == 1:
            reason = f"a value cannot be kept ({str(error).splitlines()[0]})"
            return [], [(pairs[0][0].id, reason)]
    alone = [_rewritten([pair]) for pair in pairs]
    return [row for made, _ in alone for row in made], [one for _, bad in alone for one in bad]


def read_again(kept: Kept) -> NewRequest:
    """What today's normalisers make of a row's raw call; raises Unreadable."""
    if kept.raw is None:
        raise Unreadable("its raw call is not there any more")
    read = _READERS.get(kept.source)
    if read is None:
        raise Unreadable(f'calls that came as "{kept.source}" have no raw call to read again')
    body = _body(kept.raw)
    # The times of the row are the same moment, whatever zone they were read in.
    times = {
        "request_start_time": kept.started_at.isoformat(),
        "request_end_time": kept.ended_at.isoformat(),
    }
    try:
        row = read(
            {"provider": "", "provider_type": "", **body, **times}, "", Sender(kept.actor)
        ).row
        row = _known(kept, body, row)
    except (FieldError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable(f"its raw call is not what the API takes ({error})") from None
    before = kept.columns["normaliser"] or ""
    if row.normaliser.startswith(_NOT_UNDERSTOOD) and not before.startswith(_NOT_UNDERSTOOD):
        raise Unreadable(f"today's normalisers do not understand it, {before} did")
    return _priced(kept, body, row)


def _body(raw: str) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Unreadable("its raw call is no JSON") from None
    if not isinstance(body, dict):
        raise Unreadable("its raw call is no JSON object")
    return body


def _is_import(kept: Kept) -> bool:
    return kept.origin.startswith(_IMPORTED)


def _known(kept: Kept, body: Mapping[str, Any], row: NewRequest) -> NewRequest:
    """What an import knew beside the body. Imports did not always keep that in the raw call: the
    columns that it filled then stay."""
    if not _is_import(kept):
        return row
    known = body.get(KNOWN)
    if isinstance(known, dict):
        taken = {name: known[name] for name in (*KNOWN_COLUMNS, _BILLING) if name in known}
        return with_known(row, taken)
    found = {name: kept.columns[name] for name in KNOWN_COLUMNS if getattr(row, name) is None}
    return with_known(row, {name: value for name, value in found.items() if value is not None})


def _priced(kept: Kept, body: Mapping[str, Any], row: NewRequest) -> NewRequest:
    """The row with its cost: the caller's own stays, and one that was computed from the same."""
    before = kept.columns
    stored: Decimal | None = before["cost"]
    formula = orjson.loads(before["cost_formula"]) if before["cost_formula"] else None
    same = replace(row, cost=stored, cost_source=before["cost_source"], cost_formula=formula)
    if before["cost_source"] == "caller":
        return same
    if stored is None:
        return row
    counted_alike = all(getattr(row, name) == before[name] for name in _PRICED_BY)
    # How a batch was billed stood in no raw call once.
    if counted_alike and _is_import(kept) and KNOWN not in body:
        return same
    # A newer table with the same price is no change.
    if row.cost == stored and _without_table(row.cost_formula) == _without_table(formula):
        return same
    return row


def _without_table(formula: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (formula or {}).items() if key != "table"}


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {key: left.get(key, 0) + right.get(key, 0) for key in (*left, *right)}
