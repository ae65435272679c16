"""Long values of datasets and cells stand beside their rows, in pieces (store/pieces.py says why).

In the row stands the beginning of each, as a text, and what it is the beginning of. So orders look
at the beginnings of long values; conditions, differences, duplicates and exports at whole ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from workbench.store import blobs
from workbench.store.connection import Cursor
from workbench.store.feed import pour
from workbench.store.pieces import OVERLAP, PIECE, folded_rest_of
from workbench.store.text_conditions import Operator, compared

TEXT_KIND, JSON_KIND = "text", "json"
# A value of more characters than LONG leaves the row, its first HEAD stay. Where many shorter ones
# make a row longer than MOST, the longest of them leave too, and less of each stays.
LONG, HEAD = 4_096, 1_024
MOST, SHORT, SHORT_HEAD = 32_768, 128, 64
# A list in a cell may hold numbers, which are counted where it stands in its row.
LONGEST_LIST = 65_536
# Of a cell's detail, in its order: milliseconds are read at its end.
_ASKED = ("request_ids", "cost", "milliseconds")
_SCHEMA = pa.schema(
    [
        ("owner", pa.int64()),
        ("id", pa.int64()),
        ("name", pa.string()),
        ("part", pa.int32()),
        ("text", pa.string()),
    ]
)
_POURED_PIECES = 2_048


@dataclass(frozen=True, slots=True)
class Place:
    """Where long values stand, and the rows that they belong to. owner: the column of the rows
    that says whose they are."""

    table: str
    rows: str
    owner: str


DATASETS = Place("dataset_texts", "dataset_rows", "dataset_id")
CELLS = Place("evaluation_texts", "evaluation_cells", "run_id")


@dataclass(frozen=True, slots=True)
class LongValue:
    """A value that leaves its row. text: a text as it is, all else as JSON; without images."""

    name: str
    kind: str
    text: str

    def told(self) -> dict[str, Any]:
        bare = self.text.replace(blobs.MARK, "").encode()
        digest = hashlib.md5(bare, usedforsecurity=False).hexdigest()
        return {"kind": self.kind, "md5": digest, "length": len(self.text)}


def taken_apart(
    values: Mapping[str, Any],
) -> tuple[str, str | None, tuple[LongValue, ...], list[blobs.Blob]]:
    """The JSON of a row without its images and long values, what it tells of those (None where
    there are none), and both."""
    row, found_in_all = blobs.take_out(orjson.dumps(values).decode())
    if len(row) <= LONG:
        return row, None, (), found_in_all
    texts: dict[str, str] = {}
    images: dict[str, list[blobs.Blob]] = {}
    for name, value in values.items():
        texts[name], images[name] = blobs.take_out(orjson.dumps(value).decode())
    long: dict[str, LongValue] = {}

    def leave(name: str, head: int) -> None:
        value = values[name]
        if isinstance(value, str):
            # Without the escapes of JSON a run of base64 may begin elsewhere.
            text, images[name] = blobs.take_out(value)
            long[name] = LongValue(name, TEXT_KIND, text)
            begin = value[:head]
        else:
            long[name] = LongValue(name, JSON_KIND, texts[name])
            begin = texts[name].replace(blobs.MARK, "")[:head]
        texts[name] = orjson.dumps(begin).decode()

    for name in [name for name, text in texts.items() if len(text) > LONG]:
        leave(name, HEAD)
    left = sum(map(len, texts.values()))
    if left > MOST:
        for name in sorted(texts, key=lambda each: -len(texts[each])):
            if left <= MOST or len(texts[name]) <= SHORT:
                break
            left -= len(texts[name])
            leave(name, SHORT_HEAD)
            left += len(texts[name])
    row = ",".join(f"{orjson.dumps(name).decode()}:{text}" for name, text in texts.items())
    told = orjson.dumps({one.name: one.told() for one in long.values()}).decode() if long else None
    found = {one.sha256: one for taken in images.values() for one in taken}
    return f"{{{row}}}", told, tuple(long.values()), list(found.values())


def cell_apart(
    value: str | None, detail: str | None
) -> tuple[str | None, str | None, str | None, tuple[LongValue, ...]]:
    """A cell's value and detail, JSON texts, as they stand in its row; what the row tells of long
    ones, and those.

    A list or an object stays up to LONGEST_LIST, since scores count what is in it. Of a detail that
    leaves, what sums and a purge ask for stays.
    """
    long: list[LongValue] = []
    if value is not None and len(value) > LONG:
        is_text = value.startswith('"')
        if is_text or len(value) > LONGEST_LIST:
            whole = orjson.loads(value) if is_text else value
            long.append(LongValue("value", TEXT_KIND if is_text else JSON_KIND, whole))
            value = orjson.dumps(whole[:HEAD]).decode()
    if detail is not None and len(detail) > LONG:
        long.append(LongValue("detail", JSON_KIND, detail))
        kept = orjson.loads(detail)
        used = kept.get("used")
        short = {name: kept[name] for name in _ASKED if name in kept}
        if used:
            short = {"used": {"number": used.get("number")}, **short}
        detail = orjson.dumps(short).decode()
    told = orjson.dumps({one.name: one.told() for one in long}).decode() if long else None
    return value, detail, told, tuple(long)


def insert(
    cursor: Cursor, place: Place, found: Iterable[tuple[int, int, Sequence[LongValue]]]
) -> None:
    """Keep long values: (owner, what `texts` of the row names, values)."""
    rows: list[tuple[Any, ...]] = []
    for owner, id_, values in found:
        for value in values:
            pieces = [value.text[:PIECE], *folded_rest_of(value.text)]
            rows += [(owner, id_, value.name, part, text) for part, text in enumerate(pieces)]
        if len(rows) >= _POURED_PIECES:
            pour(cursor, place.table, _SCHEMA, rows)
            rows = []
    if rows:
        pour(cursor, place.table, _SCHEMA, rows)


def read(
    cursor: Cursor, place: Place, owner: int, ids: Iterable[int], name: str | None = None
) -> dict[int, dict[str, str]]:
    """Whole long values, by what `texts` of rows names and by their own names; images are out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    found: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for id_, named, part, text in cursor.execute(
        f"SELECT id, name, part, text FROM {place.table} WHERE owner = ? "
        "AND id BETWEEN ? AND ? AND id IN (SELECT unnest(?::BIGINT[]))"
        f"{'' if name is None else ' AND name = ?'}",
        [owner, wanted[0], wanted[-1], wanted, *([] if name is None else [name])],
    ).fetchall():
        found.setdefault((id_, named), []).append((part, text))
    wholes: dict[int, dict[str, str]] = {}
    for (id_, named), pieces in found.items():
        wholes.setdefault(id_, {})[named] = "".join(
            text[OVERLAP:] if part else text for part, text in sorted(pieces)
        )
    return wholes


def has_some(cursor: Cursor, place: Place, owner: int) -> bool:
    found = cursor.execute(
        f"SELECT 1 FROM {place.table} WHERE owner = ? LIMIT 1", [owner]
    ).fetchone()
    return found is not None


def drop_unused(cursor: Cursor, place: Place, owner: int) -> None:
    """Take away long values that no row names any more."""
    if has_some(cursor, place, owner):
        cursor.execute(
            f"DELETE FROM {place.table} WHERE owner = ? AND id NOT IN (SELECT texts "
            f"FROM {place.rows} WHERE {place.owner} = ? AND texts IS NOT NULL)",
            [owner, owner],
        )


def pointer(column: str) -> str:
    """Where a column stands in a row's JSON."""
    return "/" + column.replace("~", "~0").replace("/", "~1")


def value_meets(
    cursor: Cursor,
    place: Place,
    owner: int,
    name: str,
    operator: Operator,
    wanted: str,
    short: tuple[str, list[Any]],
    row: str = "d",
) -> tuple[str, list[Any]]:
    """SQL over a row of that name of a test of a value, and what it binds. short: SQL of the value
    as text where it stands in the row, with what that binds."""
    sql, bound = compared(operator, wanted, *short)
    if not has_some(cursor, place, owner):
        return sql, bound
    # A text that is looked for is shorter than what pieces share, and than a first piece.
    first = "" if operator == "contains" else " AND p.part = 0"
    test, given = compared(operator, wanted, "p.text", [])
    return (
        f"CASE WHEN json_exists({row}.long_values, ?) THEN {row}.texts IN (SELECT p.id "
        f"FROM {place.table} p WHERE p.owner = ? AND p.name = ?{first} AND {test}) ELSE {sql} END",
        [pointer(name), owner, name, *given, *bound],
    )


def any_meets(
    cursor: Cursor, place: Place, owner: int, wanted: str, row: str = "d"
) -> tuple[str, list[Any]] | None:
    """SQL of whether any long value of a row contains a text; None where there are none. Of a cell
    it is the value."""
    if not has_some(cursor, place, owner):
        return None
    escaped = orjson.dumps(wanted).decode()[1:-1]
    named = " AND p.name = 'value'" if place is CELLS else ""
    return (
        f"{row}.texts IN (SELECT p.id FROM {place.table} p WHERE p.owner = ?{named} "
        "AND (contains(lower(p.text), lower(?)) OR contains(lower(p.text), lower(?))))",
        [owner, wanted, escaped],
    )
