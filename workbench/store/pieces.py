"""Long texts of requests are kept in pieces: the first in its row, the rest in tables beside it.

The engine reads 2,048 values of a column at once, whatever it needs of them: texts of 800 KB would
take 1.6 GB, more than a store may have, and a checkpoint that fails ends the store. So no value is
longer than PIECE characters. A text of exactly so many may have a rest; a shorter one has none, and
costs nothing more than before. A longer one was kept whole by an older version.

Pieces of folded texts repeat the last OVERLAP characters before them, so that what a search looks
for stands in one piece, also across an edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from workbench.store.connection import Cursor
from workbench.store.feed import pour

PIECE = 8_192
OVERLAP = 2_048
_STEP = PIECE - OVERLAP
PLAIN = (
    *("input_text", "output_text", "prompt", "output", "parameters", "input_variables"),
    "raw",
)
FOLDED = ("input_folded", "output_folded")
#: Tables that hold the rest of texts, each row of one request.
TABLES = ("body_pieces", "folded_pieces")
SCHEMA = pa.schema(
    [
        ("request_id", pa.int64()),
        ("started_at", pa.timestamp("us")),
        ("name", pa.string()),
        ("remaining", pa.int32()),
        ("text", pa.string()),
    ]
)
_IDS = "(SELECT unnest(?::BIGINT[]))"


def rest_of(text: str) -> list[str]:
    """What follows the first PIECE characters."""
    return [text[at : at + PIECE] for at in range(PIECE, len(text), PIECE)]


def folded_rest_of(text: str) -> list[str]:
    """The same, each piece with the OVERLAP characters before it."""
    return [text[at - OVERLAP : at + _STEP] for at in range(PIECE, len(text), _STEP)]


def joined(name: str, first: str, rest: Iterable[str]) -> str:
    """The whole text of a column from its pieces."""
    skipped = OVERLAP if name in FOLDED else 0
    return "".join((first, *(piece[skipped:] for piece in rest)))


def may_be_cut(text: str | None) -> bool:
    return text is not None and len(text) == PIECE


@dataclass(slots=True)
class Rests:
    """Rows of TABLES that are to be inserted."""

    rows: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {table: [] for table in TABLES}
    )

    def take(self, name: str, request_id: int, started_at: Any, text: str | None) -> str | None:
        """The first piece of a text; the rest is kept here."""
        if text is None or len(text) <= PIECE:
            return text
        rest = folded_rest_of(text) if name in FOLDED else rest_of(text)
        self.rows[_table_of(name)] += [
            (request_id, started_at, name, len(rest) - 1 - number, piece)
            for number, piece in enumerate(rest)
        ]
        return text[:PIECE]

    def insert(self, cursor: Cursor) -> None:
        for table, rows in self.rows.items():
            if rows:
                pour(cursor, table, SCHEMA, rows)


def cut(columns: Mapping[str, Sequence[Any]]) -> tuple[dict[str, Sequence[Any]], Rests]:
    """Columns of `bodies` with the first pieces, and what follows them.

    request_id and started_at must be among them.
    """
    rests, found = Rests(), dict(columns)
    for name in (*PLAIN, *FOLDED):
        texts = columns.get(name, ())
        if any(text is not None and len(text) > PIECE for text in texts):
            found[name] = [
                rests.take(name, *each)
                for each in zip(columns["request_id"], columns["started_at"], texts, strict=True)
            ]
    return found, rests


def cut_table(bodies: pa.Table) -> tuple[pa.Table, Rests]:
    """The same for a table of Arrow."""
    rests = Rests()
    keys: list[tuple[int, Any]] = []
    for name in (*PLAIN, *FOLDED):
        column = bodies[name]
        # Bytes, which are at least as many as characters.
        if (pc.max(pc.binary_length(column)).as_py() or 0) <= PIECE:
            continue
        keys = keys or list(
            zip(bodies["request_id"].to_pylist(), bodies["started_at"].to_pylist(), strict=True)
        )
        texts = [
            rests.take(name, *key, text) for key, text in zip(keys, column.to_pylist(), strict=True)
        ]
        at = bodies.schema.get_field_index(name)
        bodies = bodies.set_column(at, name, pa.array(texts, pa.string()))
    return bodies, rests


def whole(
    cursor: Cursor,
    ids: Sequence[int],
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
) -> list[list[str | None]]:
    """The texts of some requests with what follows their first pieces.

    rows: for each of `ids` what stands in the columns `names` of bodies.
    """
    cut_ids = [
        id_ for id_, row in zip(ids, rows, strict=True) if any(may_be_cut(text) for text in row)
    ]
    found: dict[tuple[int, str], list[tuple[int, str]]] = {}
    if cut_ids:
        bounds = [min(cut_ids), max(cut_ids), cut_ids, list(names)]
        for table in sorted({_table_of(name) for name in names}):
            for id_, name, remaining, text in cursor.execute(
                f"SELECT request_id, name, remaining, text FROM {table} "
                f"WHERE request_id BETWEEN ? AND ? AND request_id IN {_IDS} "
                "AND name IN (SELECT unnest(?::VARCHAR[]))",
                bounds,
            ).fetchall():
                found.setdefault((id_, name), []).append((-remaining, text))
    return [
        [
            joined(name, text, (piece for _, piece in sorted(found.get((id_, name), ()))))
            if text is not None and may_be_cut(text)
            else text
            for name, text in zip(names, row, strict=True)
        ]
        for id_, row in zip(ids, rows, strict=True)
    ]


def bytes_of(cursor: Cursor, ids: Sequence[int], names: Sequence[str]) -> dict[int, int]:
    """How many bytes follow the first pieces of these columns of PLAIN, by request; none: left
    out."""
    if not ids:
        return {}
    rows = cursor.execute(
        "SELECT request_id, sum(strlen(text))::BIGINT FROM body_pieces "
        f"WHERE request_id BETWEEN ? AND ? AND request_id IN {_IDS} "
        "AND name IN (SELECT unnest(?::VARCHAR[])) GROUP BY request_id",
        [min(ids), max(ids), list(ids), list(names)],
    ).fetchall()
    return dict(rows)


def replace(cursor: Cursor, request_id: int, name: str, text: str) -> None:
    """Put another text into a column of a request that has a body."""
    row = cursor.execute(
        "SELECT started_at FROM bodies WHERE request_id = ?", [request_id]
    ).fetchone()
    if row is None:
        return
    rests = Rests()
    first = rests.take(name, request_id, row[0], text)
    cursor.execute(f"UPDATE bodies SET {name} = ? WHERE request_id = ?", [first, request_id])
    forget(cursor, [request_id], [name])
    rests.insert(cursor)


def forget(cursor: Cursor, ids: Sequence[int], names: Sequence[str]) -> None:
    """Take away what follows the first pieces of some columns, before they are written anew."""
    for table in sorted({_table_of(name) for name in names}):
        cursor.execute(
            f"DELETE FROM {table} WHERE request_id IN {_IDS} "
            "AND name IN (SELECT unnest(?::VARCHAR[]))",
            [list(ids), list(names)],
        )


def _table_of(name: str) -> str:
    return "folded_pieces" if name in FOLDED else "body_pieces"
