"""Blobs as rows, one for each piece, so that no value is long (store/pieces.py says why)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from workbench.store.connection import Cursor
from workbench.store.feed import pour

PIECE_BYTES = 8_192
#: Tables of blobs that belong to one owner, and the column that names it.
Owned = Literal["playground_blobs", "dataset_blobs"]
_OWNERS = {"playground_blobs": "session_id", "dataset_blobs": "dataset_id"}
_PIECE = [("sha256", pa.string()), ("part", pa.int32()), ("data", pa.binary())]
_BLOBS = pa.schema([*_PIECE, ("size", pa.int64()), ("created_at", pa.timestamp("us"))])
# Handed over together: so many bytes at most, or one blob.
_POURED_BYTES = 16 * 2**20
_DIGESTS = "(SELECT unnest(?::VARCHAR[]))"


def pieces_of(data: bytes) -> list[bytes]:
    """At least one, which may be empty."""
    return [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)] or [b""]


def joined(rows: Iterable[Sequence[Any]]) -> dict[str, bytes]:
    """Whole blobs from rows of (sha256, part, data) in any order; a part of None is the whole."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    for digest, part, piece in rows:
        found.setdefault(digest, []).append((part or 0, piece))
    return {
        digest: b"".join(piece for _, piece in sorted(parts)) for digest, parts in found.items()
    }


def read(cursor: Cursor, digests: Iterable[str]) -> dict[str, bytes]:
    """Those blobs of requests that are there."""
    wanted = sorted(set(digests))
    if not wanted:
        return {}
    select = f"SELECT sha256, part, data FROM blobs WHERE sha256 IN {_DIGESTS}"
    return joined(cursor.execute(select, [wanted]).fetchall())


def sizes(cursor: Cursor, digests: Iterable[str]) -> dict[str, int]:
    """How many bytes each of those blobs of requests has that are there."""
    rows = cursor.execute(
        f"SELECT sha256, sum(size)::BIGINT FROM blobs WHERE sha256 IN {_DIGESTS} GROUP BY sha256",
        [sorted(set(digests))],
    ).fetchall()
    return dict(rows)


def insert(cursor: Cursor, found: Mapping[str, bytes], at: datetime) -> None:
    """Keep blobs of requests that are not there yet. at: now, as it is stored."""
    rows: list[tuple[Any, ...]] = []
    held = 0
    for digest, data in found.items():
        if rows and held + len(data) > _POURED_BYTES:
            pour(cursor, "blobs", _BLOBS, rows)
            rows, held = [], 0
        held += len(data)
        rows += [
            (digest, part, piece, 0 if part else len(data), at)
            for part, piece in enumerate(pieces_of(data))
        ]
    if rows:
        pour(cursor, "blobs", _BLOBS, rows)


def remove_unused(cursor: Cursor, digests: Collection[str]) -> int:
    """Take away those blobs that no request uses any more; how many there were.

    The caller holds the guards of all of them: another process may be adding a use.
    """
    where = f"sha256 IN {_DIGESTS} AND sha256 NOT IN (SELECT sha256 FROM request_blobs)"
    chosen = [sorted(digests)]
    row = cursor.execute(f"SELECT count(DISTINCT sha256) FROM blobs WHERE {where}", chosen)
    number = row.fetchone()
    cursor.execute(f"DELETE FROM blobs WHERE {where}", chosen)
    return int(number[0]) if number else 0


def read_owned(
    cursor: Cursor, table: Owned, owner: int, digests: Iterable[str]
) -> dict[str, bytes]:
    """Those blobs of a session or a dataset that are there."""
    wanted = sorted(set(digests))
    if not wanted:
        return {}
    rows = cursor.execute(
        f"SELECT sha256, part, data FROM {table} WHERE {_OWNERS[table]} = ? "
        f"AND sha256 IN {_DIGESTS}",
        [owner, wanted],
    ).fetchall()
    return joined(rows)


def insert_owned(cursor: Cursor, table: Owned, owner: int, found: Mapping[str, bytes]) -> None:
    """Keep blobs of a session or a dataset, but for those that it has already."""
    if not found:
        return
    rows = cursor.execute(
        f"SELECT DISTINCT sha256 FROM {table} WHERE {_OWNERS[table]} = ?", [owner]
    ).fetchall()
    there = {digest for (digest,) in rows}
    schema = pa.schema([(_OWNERS[table], pa.int64()), *_PIECE])
    for digest, data in found.items():
        if digest not in there:
            pieces = [(owner, digest, part, piece) for part, piece in enumerate(pieces_of(data))]
            pour(cursor, table, schema, pieces)
