"""Records made into rows of the store through the same door as live logging."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from workbench.jsontext import FieldError
from workbench.logs.importing.record import MAX_EXCERPT, Record, Refusal
from workbench.logs.intake import Sender, log_request, track_request, uuid_of
from workbench.logs.key_removal import without_keys
from workbench.logs.pricing import cost_of
from workbench.store.rows import NewRequest
from workbench.usage import Usage

#: Where the raw record keeps `Record.known`, so that reading it again finds it too.
KNOWN = "known"
_COUNTS = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")
_TIMES = ("request_start_time", "request_end_time")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose import it is. format: the name of the format: ids are unique within one."""

    name: str
    format: str
    sender: Sender

    @property
    def text(self) -> str:
        return f"import:{self.name}"


@dataclass(frozen=True, slots=True)
class Made:
    """A row with the place that it came from. key: its `client_record`. assumed: a time of it."""

    place: int
    row: NewRequest
    key: str
    assumed: bool


def made_of(place: int, record: Record, origin: Origin) -> Made:
    """The row of a record; raises FieldError for what only a calculation finds."""
    body = with_id(record, origin)
    if record.known:
        body[KNOWN] = dict(record.known)
    text = _dumped(body)
    if "api_key" in body or "kwargs" in body:
        text, body = without_keys(text, body, ())
    read = track_request if record.is_call else log_request
    row = with_known(read(body, text, origin.sender).row, record.known)
    key = uuid_of("import", body["client_record_id"])
    return Made(place, row, key, row.time_assumed or record.time_assumed)


def with_id(record: Record, origin: Origin) -> dict[str, Any]:
    """The body with a `client_record_id`, by which the record is recognised when it comes again.

    It is the source's own id, else a digest of what the record says: the same whoever imports it.
    """
    own = record.key
    if own is None:
        # Times that were assumed may differ the next time; the rest of the record does not.
        left_out = _TIMES if record.time_assumed else ()
        told = {key: value for key, value in record.body.items() if key not in left_out}
        own = hashlib.sha256(_dumped(told).encode()).hexdigest()[:32]
    return {**record.body, "client_record_id": f"{origin.format}:{own}"}


def with_known(row: NewRequest, known: Mapping[str, Any]) -> NewRequest:
    """The row with what a body has no field for (`Record.known`); a computed cost is computed
    again with it."""
    if not known:
        return row
    said = dict(known)
    billing = said.pop("billing", None)
    scores = said.pop("scores", None)
    if scores and not row.scores:
        row = replace(row, scores=tuple((one["name"], one["value"]) for one in scores))
    found = {name: value for name, value in said.items() if getattr(row, name) is None}
    counted = billing or any(name in found for name in _COUNTS)
    if not counted or row.cost_source == "caller":
        return replace(row, **found)
    counts = [found.get(name, getattr(row, name)) for name in _COUNTS]
    usage = Usage(row.input_tokens, row.output_tokens, counts[0], counts[1], counts[2], billing)
    cost = cost_of(row.provider, row.model, usage, row.started_at)
    if cost is not None and row.cost is not None:
        found |= {"cost": cost.total.quantize(row.cost), "cost_formula": cost.formula}
    return replace(row, **found)


def rows_of(
    records: Iterable[tuple[int, Record]], origin: Origin
) -> tuple[list[Made], list[Refusal]]:
    """Rows and refusals, each with the place of its record."""
    rows: list[Made] = []
    refused: list[Refusal] = []
    for place, record in records:
        try:
            rows.append(made_of(place, record, origin))
        except FieldError as error:
            refused.append(refusal(place, error, record.body))
    return rows, refused


def refusal(place: int, error: FieldError, row: Any) -> Refusal:
    return Refusal(place, str(error), error.field or None, excerpt(row))


def excerpt(value: Any) -> str:
    """The beginning of a row as text."""
    if isinstance(value, bytes):
        return value[: MAX_EXCERPT * 4].decode("utf-8", "replace")[:MAX_EXCERPT]
    if not isinstance(value, str):
        try:
            value = orjson.dumps(value, default=str).decode()
        except (TypeError, ValueError):
            value = str(value)
    return str(value[:MAX_EXCERPT])


def _dumped(body: dict[str, Any]) -> str:
    try:
        return orjson.dumps(body).decode()
    except (TypeError, ValueError) as error:
        raise FieldError("", _why_not_json(error)) from None


def _why_not_json(error: Exception) -> str:
    reason = str(error)
    if "surrogate" in reason or "UTF-8" in reason:
        return "half of a surrogate pair is not Unicode text"
    if "64-bit" in reason or "Integer" in reason:
        return "an integer does not fit 64 bits and would be changed: it must be text"
    return f"it cannot be written as JSON ({reason})"
