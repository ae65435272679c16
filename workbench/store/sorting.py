"""The orders that a list of requests can have, and places in them.

An order compares one or two expressions and then the id, so that it is total and every row has one
place. What is missing comes last in both directions.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from workbench.store import clock
from workbench.store.filter_parts import Part, joined
from workbench.store.rows import Summary

Kind = Literal["time", "text", "number", "whole", "money"]
MAX_TEXT = 8000
MAX_KEY = 200
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - stored times carry no zone
_MICROSECOND = timedelta(microseconds=1)
# The end of the year 9999, where times end.
_LAST_MICROSECOND = 253_402_300_800 * 10**6 - 1
_FIRST_MICROSECOND = -62_135_596_800 * 10**6
_DEFAULT_PLACE = re.compile(r"(\d{1,18})-(\d{1,16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """One expression that an order compares. `is_known`: it is never NULL."""

    sql: str
    kind: Kind
    is_known: bool = False


_TOKENS = (
    "CASE WHEN r.input_tokens IS NOT NULL OR r.output_tokens IS NOT NULL "
    "THEN coalesce(r.input_tokens, 0)::HUGEINT + coalesce(r.output_tokens, 0) END"
)
# The names are those of the text syntax of filters, so that a person needs to know one set.
KEYS: dict[str, tuple[Key, ...]] = {
    "time": (Key("r.started_at", "time", is_known=True),),
    "end": (Key("r.ended_at", "time", is_known=True),),
    "status": (Key("r.status", "text", is_known=True),),
    "provider": (Key("r.provider", "text"),),
    "model": (Key("r.model", "text"),),
    "prompt": (Key("r.prompt_name", "text"), Key("r.prompt_version", "whole")),
    "label": (Key("r.prompt_label", "text"),),
    "input": (Key("nullif(r.input_preview, '')", "text"),),
    "output": (Key("nullif(r.output_preview, '')", "text"),),
    "latency": (Key("r.latency_ms", "number"),),
    "input_tokens": (Key("r.input_tokens", "whole"),),
    "output_tokens": (Key("r.output_tokens", "whole"),),
    "tokens": (Key(_TOKENS, "whole"),),
    "cost": (Key("r.cost", "money"),),
    "tags": (Key("nullif(array_to_string(r.tags, ', '), '')", "text"),),
    "error": (Key("r.error_type", "text"),),
    "finish": (Key("r.finish_reason", "text"),),
    "function": (Key("r.function_name", "text"),),
    "source": (Key("r.source", "text"),),
    "origin": (Key("r.origin", "text"),),
    "session": (Key("r.group_id", "whole"),),
    "id": (),
}
# Numbers by their size, and after them all other texts.
_METADATA = (Key("r.sort_number", "number"), Key("r.sort_text", "text"))
_SCORE = (Key("j.value", "number"),)
_PLAIN = Part("requests r")


@dataclass(frozen=True, slots=True)
class Sort:
    """An order. column: one of KEYS, or "metadata" or "score" with the name of one in `key`."""

    column: str = "time"
    descending: bool = True
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> Sort | None:
        """The order that a link names ("-cost", "metadata.user_id"); None where it names none."""
        descending = text.startswith("-")
        column, dot, key = text.removeprefix("-").partition(".")
        if column in ("metadata", "score"):
            return cls(column, descending, key) if 0 < len(key) <= MAX_KEY else None
        return None if dot or column not in KEYS else cls(column, descending)

    def __str__(self) -> str:
        return f"{'-' * self.descending}{self.column}{'.' * bool(self.key)}{self.key}"

    @property
    def name(self) -> str:
        """The column without the direction."""
        return str(self).removeprefix("-")

    @property
    def keys(self) -> tuple[Key, ...]:
        return {"metadata": _METADATA, "score": _SCORE}.get(self.column) or KEYS[self.column]

    @property
    def source(self) -> Part:
        """What stands in FROM for `requests r`, with the values that the keys speak of."""
        if self.column == "score":
            return Part(
                "requests r LEFT JOIN (SELECT request_id, max(value) AS value FROM scores "
                "WHERE name = ? GROUP BY request_id) j ON j.request_id = r.id",
                (self.key,),
            )
        if self.column == "metadata":
            # Cut, because a place in the order has to fit into a link.
            pointer = "/" + self.key.replace("~", "~0").replace("/", "~1")
            return Part(
                "(SELECT *, CASE WHEN isfinite(TRY_CAST(sort_text AS DOUBLE)) "
                "THEN TRY_CAST(sort_text AS DOUBLE) END AS sort_number FROM (SELECT *, "
                "left(json_extract_string(metadata, ?), 200) AS sort_text FROM requests)) r",
                (pointer,),
            )
        return _PLAIN

    @property
    def is_computed(self) -> bool:
        """Whether the keys are more than columns: then only ids should go through the sorting."""
        return self.column in ("metadata", "score")


DEFAULT = Sort()


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: what its keys compare, and the id. Its text stands in a link."""

    values: tuple[Any, ...]
    id: int

    @classmethod
    def of(cls, summary: Summary) -> Position:
        """The place of a request in the usual order."""
        return cls((clock.to_stored(summary.started_at),), summary.id)

    @classmethod
    def parse(cls, text: str, sort: Sort = DEFAULT) -> Position | None:
        """The place in this order that a link names; None where the text names none."""
        if match := _DEFAULT_PLACE.fullmatch(text):
            text = f"[{match[1]},{match[2]}]"
        if len(text) > MAX_TEXT or not text.startswith("["):
            return None
        try:
            found = json.loads(text)
            if len(found) != len(sort.keys) + 1:
                return None
            values = tuple(map(_read, found[:-1], sort.keys))
            id_ = _whole(found[-1])
        except (ValueError, TypeError, InvalidOperation, RecursionError):
            return None
        return cls(values, id_) if 0 <= id_ < 10**16 else None

    def __str__(self) -> str:
        values = [_written(value) for value in self.values]
        if len(values) == 1 and isinstance(self.values[0], datetime) and values[0] >= 0:
            return f"{values[0]}-{self.id}"
        return json.dumps([*values, self.id], ensure_ascii=False, separators=(",", ":"))


def order_by(sort: Sort, *, backwards: bool = False) -> str:
    """ORDER BY of the list, or of its reverse."""
    word = "DESC" if sort.descending != backwards else "ASC"
    missing = "FIRST" if backwards else "LAST"
    keys = [
        f"{key.sql} {word}" + ("" if key.is_known else f" NULLS {missing}") for key in sort.keys
    ]
    return ", ".join((*keys, f"r.id {word}"))


def beyond(sort: Sort, at: Position, direction: Literal["from", "older", "newer"]) -> Part:
    """What lies after `at` in the order, before it ("newer"), or after it with itself ("from")."""
    before = direction == "newer"
    sign = "<" if sort.descending != before else ">"
    ways: list[Part] = []
    equal: list[Part] = []
    for key, value in zip(sort.keys, at.values, strict=True):
        further = _further(key, value, sign, before=before)
        if further is not None:
            ways.append(joined([*equal, further], "AND"))
        equal.append(_equal(key, value))
    last = Part(f"r.id {sign}{'=' * (direction == 'from')} ?", (at.id,))
    ways.append(joined([*equal, last], "AND"))
    whole = joined(ways, "OR")
    reach = _reach(sort.keys, at.values, sign, before=before)
    return whole if reach is None else joined([reach, whole], "AND")


def _further(key: Key, value: Any, sign: str, *, before: bool) -> Part | None:
    if value is None:
        return Part(f"{key.sql} IS NOT NULL") if before else None
    part = _compared(key, sign, value)
    return part if before or key.is_known else joined([part, Part(f"{key.sql} IS NULL")], "OR")


def _equal(key: Key, value: Any) -> Part:
    if value is None:
        return Part(f"{key.sql} IS NULL")
    return _compared(key, "=", value)


def _reach(keys: Sequence[Key], values: Sequence[Any], sign: str, *, before: bool) -> Part | None:
    """A plain comparison of the first key, with which whole row groups can be passed over."""
    if not keys or values[0] is None or not (before or keys[0].is_known):
        return None
    return _compared(keys[0], f"{sign}=", values[0])


def _compared(key: Key, sign: str, value: Any) -> Part:
    if key.kind == "money":
        return Part(f"{key.sql} {sign} CAST(? AS DECIMAL(18, 9))", (value,))
    if isinstance(value, str) and "\x00" in value:
        # DuckLake would ask its catalogue for files in a statement that ends at this character.
        return Part(f"({key.sql} || '') {sign} ?", (value,))
    return Part(f"{key.sql} {sign} ?", (value,))


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    return str(value) if isinstance(value, Decimal) else value


def _read(value: Any, key: Key) -> Any:
    """A value of a link as the key compares it; raises ValueError or TypeError for another."""
    if value is None:
        if key.is_known:
            raise ValueError("this value is never missing")
        return None
    match key.kind:
        case "time":
            micros = _whole(value)
            if not _FIRST_MICROSECOND <= micros <= _LAST_MICROSECOND:
                raise ValueError("outside the calendar")
            return _EPOCH + micros * _MICROSECOND
        case "whole":
            number = _whole(value)
            if abs(number) >= 2**65:
                raise ValueError("too large")
            return number
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError("not a number")
            if not math.isfinite(float(value)):
                raise ValueError("not finite")
            return float(value)
        case "money":
            if not isinstance(value, str) or len(value) > 30:
                raise TypeError("not an amount")
            amount = Decimal(value).quantize(Decimal("1e-9"))
            if not (amount.is_finite() and abs(amount) < 10**9):
                raise ValueError("too large")
            return amount
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value
