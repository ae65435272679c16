"""Tags, metadata and scores of many requests at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from workbench.store import tags
from workbench.store.bulk_batch import BEFORE, IDS, NOTED, THERE, Made, changed_by, note
from workbench.store.connection import Cursor
from workbench.store.errors import Refused
from workbench.store.metadata import index_of

MAX_TAGS = 50
MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Tagging:
    """Add and remove tags. Raises Refused for what cannot be a tag."""

    action: ClassVar[str] = "tag"
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "add", tuple(dict.fromkeys(map(tags.checked, self.add))))
        object.__setattr__(self, "remove", tuple(dict.fromkeys(self.remove)))
        if not self.add and not self.remove:
            raise Refused("Name a tag to add or to remove.")
        if len(self.add) + len(self.remove) > MAX_TAGS:
            raise Refused(f"At most {MAX_TAGS} tags can be changed at once.")
        if both := set(self.add) & set(self.remove):
            raise Refused(f"The tag {min(both)!r} cannot be both added and removed.")

    def _after(self, before: str) -> tuple[str, list[Any]]:
        """What a request with the tags `before` (SQL) has afterwards, and what that binds."""
        sql = (
            f"list_concat(list_filter({before}, lambda t: NOT list_contains(?::VARCHAR[], t)), "
            f"list_filter(?::VARCHAR[], lambda t: NOT list_contains({before}, t)))"
        )
        return sql, [list(self.remove), list(self.add)]

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        after, bound = self._after("coalesce(r.tags, [])")
        number = note(
            cursor,
            "SELECT ?, r.id, to_json(r.tags)::VARCHAR FROM requests r "
            f"WHERE {THERE} AND {after} IS DISTINCT FROM coalesce(r.tags, [])",
            [made.id, list(ids), *bound],
        )
        if number:
            cursor.execute(
                f"UPDATE requests AS r SET tags = {after} WHERE r.id IN {NOTED}",
                [*bound, made.id, list(ids)],
            )
        return number

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        before = "json_transform(b.before, '[\"VARCHAR\"]')"
        after, bound = self._after(f"coalesce({before}, [])")
        return changed_by(
            cursor,
            f"UPDATE requests AS r SET tags = {before} FROM bulk_before b "
            f"WHERE {BEFORE} AND coalesce(r.tags, []) = {after}",
            [made.id, list(ids), *bound],
        )


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """Set keys to values and remove keys, on the first level. Raises Refused for what is no key."""

    action: ClassVar[str] = "metadata"
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keys = [*self.set, *self.remove]
        if not keys:
            raise Refused("Name a metadata key to set or to remove.")
        if any(not key or len(key) > MAX_KEY for key in keys):
            raise Refused(f"A metadata key has 1 to {MAX_KEY} characters.")
        if both := self.set.keys() & set(self.remove):
            raise Refused(f"The key {min(both)!r} cannot be both set and removed.")
        object.__setattr__(self, "set", dict(self.set))
        object.__setattr__(self, "remove", tuple(self.remove))

    def _after(self, text: str | None) -> dict[str, Any]:
        before = orjson.loads(text) if text else {}
        kept = {key: value for key, value in before.items() if key not in self.remove}
        return {**kept, **self.set}

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        # In Python, because what can be asked of metadata is listed there (store/metadata.py).
        rows = cursor.execute(
            f"SELECT r.id, r.metadata FROM requests r WHERE {THERE}", [list(ids)]
        ).fetchall()
        changed = [
            (id_, text, after)
            for id_, text in rows
            if _same(after := self._after(text)) != _same(orjson.loads(text) if text else {})
        ]
        if changed:
            cursor.execute(
                "INSERT INTO bulk_before SELECT ?, unnest(?::BIGINT[]), unnest(?::VARCHAR[])",
                [made.id, [row[0] for row in changed], [row[1] for row in changed]],
            )
            _put_metadata(cursor, [(id_, after, None) for id_, _, after in changed])
        return len(changed)

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        rows = cursor.execute(
            f"SELECT r.id, b.before, r.metadata FROM bulk_before b, requests r WHERE {BEFORE}",
            [made.id, list(ids)],
        ).fetchall()
        restored = [
            (id_, orjson.loads(before) if before else {}, before)
            for id_, before, now in rows
            if _same(self._after(before)) == _same(orjson.loads(now) if now else {})
        ]
        _put_metadata(cursor, restored)
        return len(restored)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Give a score, which replaces the ones of its name; None takes them away."""

    action: ClassVar[str] = "score"
    name: str
    value: float | None

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > MAX_KEY:
            raise Refused(f"The name of a score has 1 to {MAX_KEY} characters.")
        if self.value is not None and not 0 <= self.value <= 100:
            raise Refused("A score is a number from 0 to 100.")

    def apply(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        wanted = None if self.value is None else [float(self.value)]
        number = note(
            cursor,
            "SELECT ?, r.id, s.own FROM requests r LEFT JOIN (SELECT request_id, "
            "list(value) AS known, to_json(list({'value': value, 'actor': actor, "
            "'at': epoch_us(scored_at)} ORDER BY scored_at))::VARCHAR AS own FROM scores "
            f"WHERE name = ? AND request_id IN {IDS} GROUP BY request_id) s "
            f"ON s.request_id = r.id WHERE {THERE} AND s.known IS DISTINCT FROM ?::DOUBLE[]",
            [made.id, self.name, list(ids), list(ids), wanted],
        )
        if number:
            noted = [made.id, list(ids)]
            cursor.execute(
                f"DELETE FROM scores WHERE name = ? AND request_id IN {NOTED}", [self.name, *noted]
            )
            if self.value is not None:
                cursor.execute(
                    "INSERT INTO scores SELECT request_id, ?, ?::DOUBLE, ?, ?::TIMESTAMP "
                    f"FROM {NOTED}",
                    [self.name, float(self.value), made.actor, made.at, *noted],
                )
        return number

    def revert(self, cursor: Cursor, made: Made, ids: Sequence[int]) -> int:
        others = "value IS DISTINCT FROM ?::DOUBLE OR actor <> ? OR scored_at <> ?"
        left = 0 if self.value is None else 1
        rows = cursor.execute(
            "SELECT r.id, b.before FROM bulk_before b, requests r "
            f"WHERE {BEFORE} AND (SELECT count(*) FROM scores s WHERE s.name = ? "
            "AND s.request_id = r.id) = ? AND r.id NOT IN "
            f"(SELECT request_id FROM scores WHERE name = ? AND ({others}))",
            [made.id, list(ids), self.name, left, self.name, self.value, made.actor, made.at],
        ).fetchall()
        back = [id_ for id_, _ in rows]
        cursor.execute(
            f"DELETE FROM scores WHERE name = ? AND request_id IN {IDS}", [self.name, back]
        )
        scores = [
            (id_, each["value"], each["actor"], each["at"])
            for id_, text in rows
            for each in orjson.loads(text or "[]")
        ]
        if scores:
            columns = [list(column) for column in zip(*scores, strict=True)]
            cursor.execute(
                "INSERT INTO scores SELECT unnest(?::BIGINT[]), ?, unnest(?::DOUBLE[]), "
                "unnest(?::VARCHAR[]), make_timestamp(unnest(?::BIGINT[]))",
                [columns[0], self.name, *columns[1:]],
            )
        return len(rows)


def _put_metadata(
    cursor: Cursor, rows: Sequence[tuple[int, Mapping[str, Any], str | None]]
) -> None:
    """Id, metadata, and its text where that is to be kept as it was."""
    if not rows:
        return
    cursor.execute(
        "UPDATE requests AS r SET metadata = u.metadata, metadata_index = u.entries FROM "
        "(SELECT unnest(?::BIGINT[]) AS id, unnest(?::VARCHAR[]) AS metadata, "
        "unnest(?::VARCHAR[][]) AS entries) u WHERE r.id = u.id",
        [
            [id_ for id_, _, _ in rows],
            [
                orjson.dumps(dict(value)).decode() if text is None else text
                for _, value, text in rows
            ],
            [index_of(value) for _, value, _ in rows],
        ],
    )


def _same(value: Mapping[str, Any]) -> bytes:
    # Compared as text, because Python takes 1, 1.0 and True for the same.
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
