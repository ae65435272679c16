"""Rows to be read again, and writing back what a better reading finds in them.

Written are the columns that a reading makes, and no others: tags, metadata, scores, stars, groups,
the linked prompt and the raw call stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from workbench.filters import Filter
from workbench.store import adding, blob_rows, blobs, clock, pieces, request_columns, text_search
from workbench.store.bulk import VIEW, run_over
from workbench.store.connection import Connection, Cursor
from workbench.store.rows import NewRequest
from workbench.store.search_finder import where_of
from workbench.store.store import Store

#: Columns of `requests` that a reading makes.
DERIVED = (
    "provider",
    "model",
    "status",
    "error_type",
    "error_message",
    "finish_reason",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost",
    "cost_source",
    "cost_formula",
    "is_json",
    "is_tool_call",
    "is_plain_text",
    "tool_names",
    "image_count",
    "input_preview",
    "output_preview",
    "normaliser",
)
#: Columns of `bodies` that it makes.
TEXTS = (
    "input_text",
    "output_text",
    "input_folded",
    "output_folded",
    "prompt",
    "output",
    "parameters",
)
AUDIT_ACTION = "request.renormalise"
# A batch is read up to this much, so that long calls do not fill the memory.
_BATCH_BYTES = 64 * 2**20
_FETCH = 16
# `normaliser` of what nothing understood: a normaliser that is new may understand it.
_NOT_UNDERSTOOD = "raw/%"


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as it is kept.

    columns: DERIVED and TEXTS. raw: the call as it came, None where it is there no more. uses:
    digests of the blobs that the row refers to.
    """

    id: int
    started_at: datetime
    ended_at: datetime
    source: str
    origin: str
    actor: str
    raw: str | None
    columns: Mapping[str, Any]
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a reading makes of a row. uses: digests that its new texts and its raw call refer to;
    blobs: data of them."""

    kept: Kept
    columns: Mapping[str, Any]
    uses: frozenset[str]
    blobs: Mapping[str, bytes]

    @property
    def changed(self) -> tuple[str, ...]:
        """The columns that differ; who read it does not count."""
        before = self.kept.columns
        return tuple(
            name
            for name in (*DERIVED, *TEXTS)
            if name != "normaliser" and self.columns[name] != before[name]
        )


def rows_after(
    connection: Connection,
    filter_: Filter,
    *,
    now: datetime,
    after: int,
    limit: int,
    current: Collection[str] | None,
) -> list[Kept]:
    """The next rows with an id above `after`, in the order of their ids; fewer where they are long.

    current: names of normalisers whose rows are left out; None takes all.
    """
    source, where, params = where_of(filter_, now, None)
    where += " AND r.id > ?"
    params = [*params, after]
    if current is not None:
        where += (
            " AND (r.normaliser IS NULL OR r.normaliser LIKE ? "
            "OR r.normaliser NOT IN (SELECT unnest(?::VARCHAR[])))"
        )
        params += [_NOT_UNDERSTOOD, sorted(current)]
    with connection.cursor() as cursor:
        ids = [
            id_
            for (id_,) in cursor.execute(
                f"SELECT r.id FROM {source} WHERE {where} ORDER BY r.id LIMIT ?", [*params, limit]
            ).fetchall()
        ]
        if not ids:
            return []
        with connection.cursor() as beside:
            return _read(cursor, beside, ids)


def _read(cursor: Cursor, beside: Cursor, ids: Sequence[int]) -> list[Kept]:
    """beside: another cursor, for reading while the rows come."""
    uses: dict[int, set[str]] = {}
    for id_, digest in cursor.execute(
        "SELECT request_id, sha256 FROM request_blobs WHERE request_id IN "
        "(SELECT unnest(?::BIGINT[]))",
        [ids],
    ).fetchall():
        uses.setdefault(id_, set()).add(digest)
    derived = ", ".join(f"r.{name}" for name in DERIVED)
    texts = ", ".join(f"b.{name}" for name in TEXTS)
    # The range lets both scans pass over what lies elsewhere.
    found = cursor.execute(
        "SELECT r.id, r.started_at, r.ended_at, r.source, r.origin, r.actor, b.raw, "
        f"{derived}, {texts} FROM requests r LEFT JOIN bodies b ON b.request_id = r.id "
        "AND b.request_id BETWEEN ? AND ? "
        "WHERE r.id IN (SELECT unnest(?::BIGINT[])) AND r.id BETWEEN ? AND ? ORDER BY r.id",
        [ids[0], ids[-1], ids, ids[0], ids[-1]],
    )
    rows: list[tuple[Any, ...]] = []
    size = 0
    while size < _BATCH_BYTES and (some := found.fetchmany(_FETCH)):
        some = _whole(beside, some)
        rows += some
        size += sum(len(text) for row in some for text in row if isinstance(text, str))
    data = blob_rows.read(cursor, {digest for row in rows for digest in uses.get(row[0], ())})
    return [_kept(row, frozenset(uses.get(row[0], ())), data) for row in rows]


def _whole(cursor: Cursor, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows with all of their texts; these are `raw` and, at the end, TEXTS."""
    names, ids = ("raw", *TEXTS), [row[0] for row in rows]
    texts = pieces.whole(cursor, ids, names, [(row[6], *row[-len(TEXTS) :]) for row in rows])
    return [
        (*row[:6], raw, *row[7 : -len(TEXTS)], *rest)
        for row, (raw, *rest) in zip(rows, texts, strict=True)
    ]


def _kept(row: tuple[Any, ...], uses: frozenset[str], data: Mapping[str, bytes]) -> Kept:
    id_, started, ended, source, origin, actor, raw, *rest = row
    there = raw is not None and all(digest in data for digest in blobs.references(raw))
    return Kept(
        id=id_,
        started_at=clock.from_stored(started),
        ended_at=clock.from_stored(ended),
        source=source,
        origin=origin,
        actor=actor,
        raw=blobs.put_back(raw, data) if there else None,
        columns=dict(zip((*DERIVED, *TEXTS), rest, strict=True)),
        uses=uses,
    )


def rewritten(pairs: Sequence[tuple[Kept, NewRequest]]) -> list[Rewritten]:
    """Each row beside what a new reading made of its raw call.

    Raises ValueError, TypeError or OverflowError for a value that no column can hold.
    """
    if not pairs:
        return []
    numbered = [(kept.id, row) for kept, row in pairs]
    requests = request_columns.columns_of(numbered, clock.now())
    bodies, found, uses = request_columns.bodies_of(numbered)
    used: dict[int, set[str]] = {}
    for id_, digest in uses:
        used.setdefault(id_, set()).add(digest)
    result = []
    for place, (kept, _) in enumerate(pairs):
        columns = {name: requests[name][place] for name in DERIVED}
        columns["tool_names"] = list(columns["tool_names"])
        columns |= {name: bodies[name][place] for name in TEXTS}
        mine = frozenset(used.get(kept.id, ()))
        result.append(
            Rewritten(kept, columns, mine, {digest: found[digest] for digest in sorted(mine)})
        )
    return result


def write(store: Store, rows: Sequence[Rewritten], actor: str, detail: Mapping[str, Any]) -> int:
    """Write what differs, in one transaction; returns the number of rows that changed.

    Rows that were deleted meanwhile are left alone. detail: stands in the audit beside the number.
    Raises StoreError where nothing can be written.
    """

    def change(cursor: Cursor) -> int:
        there = {
            id_
            for (id_,) in cursor.execute(
                "SELECT id FROM requests WHERE id IN (SELECT unnest(?::BIGINT[])) "
                "AND deleted_at IS NULL",
                [[row.kept.id for row in rows]],
            ).fetchall()
        }
        chosen = [row for row in rows if row.kept.id in there]
        changed = [row for row in chosen if row.changed]
        _update(cursor, "requests", "id", DERIVED, request_columns.REQUESTS, changed)
        texts = [row for row in changed if not set(row.changed).isdisjoint(TEXTS)]
        _update(cursor, "bodies", "request_id", TEXTS, request_columns.BODIES, texts)
        _use_blobs(cursor, [row for row in changed if row.uses != row.kept.uses])
        same = [
            row
            for row in chosen
            if not row.changed and row.columns["normaliser"] != row.kept.columns["normaliser"]
        ]
        _update(cursor, "requests", "id", ("normaliser",), request_columns.REQUESTS, same)
        if changed:
            store.audit.record(
                cursor,
                actor,
                AUDIT_ACTION,
                "requests",
                {
                    **detail,
                    "changed": len(changed),
                    "first": changed[0].kept.id,
                    "last": changed[-1].kept.id,
                },
            )
        return len(changed)

    changed = store.change(change).result()
    # What was searched before the commit knows the texts of before.
    text_search.forget(store.connection)
    return changed


def _update(
    cursor: Cursor,
    table: str,
    key: str,
    names: Sequence[str],
    schema: pa.Schema,
    rows: Iterable[Rewritten],
) -> None:
    chosen = list(rows)
    if not chosen:
        return
    feed: dict[str, Sequence[Any]] = {name: [row.columns[name] for row in chosen] for name in names}
    feed[key] = ids = [row.kept.id for row in chosen]
    if table == "bodies":
        started = [clock.to_stored(row.kept.started_at) for row in chosen]
        feed, rests = pieces.cut({**feed, "started_at": started})
        del feed["started_at"]
        pieces.forget(cursor, ids, names)
        rests.insert(cursor)
    fields = pa.schema([schema.field(name) for name in (key, *names)])
    sets = ", ".join(f"{name} = v.{name}" for name in names)
    run_over(
        cursor,
        f"UPDATE {table} SET {sets} FROM {VIEW} v WHERE {table}.{key} = v.{key}",
        pa.Table.from_pydict(feed, schema=fields),
    )


def _use_blobs(cursor: Cursor, rows: Sequence[Rewritten]) -> None:
    if not rows:
        return
    data = {digest: blob for row in rows for digest, blob in row.blobs.items()}
    if data:
        adding._insert_blobs(cursor, data)
    cursor.execute(
        "DELETE FROM request_blobs WHERE request_id IN (SELECT unnest(?::BIGINT[]))",
        [[row.kept.id for row in rows]],
    )
    pairs = [(row.kept.id, digest) for row in rows for digest in sorted(row.uses)]
    if pairs:
        ids, digests = zip(*pairs, strict=True)
        feed = pa.Table.from_pydict(
            {"request_id": ids, "sha256": digests}, schema=request_columns.USES
        )
        run_over(cursor, f"INSERT INTO request_blobs SELECT * FROM {VIEW}", feed)
