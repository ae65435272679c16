"""What differs between two versions of a dataset, by the numbers of rows.

Only the states that began or ended between the two are read, however large the versions are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.store import datasets
from workbench.store.connection import Connection
from workbench.store.dataset_names import names_in
from workbench.store.dataset_reading import DatasetRow, rows_by_id

Kind = Literal["added", "removed", "changed"]
KINDS: tuple[Kind, ...] = ("added", "removed", "changed")
# Binds: dataset, high, low (states that the higher version lacks), then the same of the lower one.
_CHANGES = """
    SELECT coalesce(o.id, n.id) AS id,
        CASE WHEN o.id IS NULL THEN 'added' WHEN n.id IS NULL THEN 'removed' ELSE 'changed' END
        AS kind
    FROM (
        SELECT id, split, tags, digest FROM dataset_rows
        WHERE dataset_id = ? AND since <= ? AND until > ? AND until <= ?
    ) o FULL JOIN (
        SELECT id, split, tags, digest FROM dataset_rows
        WHERE dataset_id = ? AND since > ? AND since <= ? AND (until IS NULL OR until > ?)
    ) n ON n.id = o.id
    WHERE o.id IS NULL OR n.id IS NULL OR o.digest <> n.digest
        OR o.split IS DISTINCT FROM n.split OR o.tags <> n.tags
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """How many rows were added, removed and changed from one version to another, and which columns
    came, went, and were given another name (before, after)."""

    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    columns_renamed: tuple[tuple[str, str], ...]

    @property
    def total(self) -> int:
        return self.added + self.removed + self.changed


@dataclass(frozen=True, slots=True)
class RowChange:
    """before is None for an added row, after for a removed one. Both have the names of columns
    that the later one has."""

    id: int
    kind: Kind
    before: DatasetRow | None
    after: DatasetRow | None


def difference(connection: Connection, dataset_id: int, old: int, new: int) -> Difference:
    """What differs from version `old` to version `new`; either may be the higher one, and the
    draft too. Raises NotFound."""
    before = datasets.required_version(connection, dataset_id, old)
    after = datasets.required_version(connection, dataset_id, new)
    with connection.cursor() as cursor:
        counts = dict(
            cursor.execute(
                f"SELECT kind, count(*) FROM ({_CHANGES}) GROUP BY kind",
                _bound(dataset_id, old, new),
            ).fetchall()
        )
        old_names = names_in(cursor, dataset_id, old)
        new_names = names_in(cursor, dataset_id, new)
    had = {old_names.key(column.name): column.name for column in before.columns}
    has = {new_names.key(column.name): column.name for column in after.columns}
    added, removed = counts.get("added", 0), counts.get("removed", 0)
    if old > new:
        added, removed = removed, added
    return Difference(
        added,
        removed,
        counts.get("changed", 0),
        tuple(name for key, name in has.items() if key not in had),
        tuple(name for key, name in had.items() if key not in has),
        tuple((had[key], name) for key, name in has.items() if had.get(key, name) != name),
    )


def changes(
    connection: Connection,
    dataset_id: int,
    old: int,
    new: int,
    *,
    kinds: Sequence[Kind] = KINDS,
    offset: int = 0,
    limit: int = 50,
) -> list[RowChange]:
    """Rows that differ, by their numbers, with both states."""
    turned = {"added": "removed", "removed": "added", "changed": "changed"} if old > new else {}
    wanted = [turned.get(kind, kind) for kind in kinds]
    with connection.cursor() as cursor:
        found = cursor.execute(
            f"SELECT id, kind FROM ({_CHANGES}) WHERE kind IN (SELECT unnest(?::VARCHAR[])) "
            "ORDER BY id LIMIT ? OFFSET ?",
            [*_bound(dataset_id, old, new), wanted, limit, offset],
        ).fetchall()
    ids = [id_ for id_, _ in found]
    before = rows_by_id(connection, dataset_id, old, ids, named_in=new)
    after = rows_by_id(connection, dataset_id, new, ids)
    return [
        RowChange(id_, turned.get(kind, kind), before.get(id_), after.get(id_))
        for id_, kind in found
    ]


def _bound(dataset_id: int, old: int, new: int) -> list[Any]:
    low, high = min(old, new), max(old, new)
    return [dataset_id, low, low, high, dataset_id, low, high, high]
