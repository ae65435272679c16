"""What is added to a request later: tags, metadata, scores, group, prompt, tombstone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from workbench.store import clock, pieces
from workbench.store.audit import Audit
from workbench.store.errors import NotFound
from workbench.store.metadata import index_of
from workbench.store.writer import Cursor


def _require(cursor: Cursor, request_id: int) -> tuple[list[str], dict[str, Any]]:
    """Tags and metadata of a request that is there."""
    row = cursor.execute(
        "SELECT tags, metadata FROM requests WHERE id = ? AND deleted_at IS NULL",
        [request_id],
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no request {request_id}.")
    return row[0] or [], orjson.loads(row[1]) if row[1] else {}


class Annotations:
    """Changes to be run by the writer. Each raises NotFound for a request that is not there."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def set_tags(self, cursor: Cursor, actor: str, request_id: int, tags: Sequence[str]) -> None:
        before, _ = _require(cursor, request_id)
        after = list(dict.fromkeys(tags))
        if after != before:
            cursor.execute("UPDATE requests SET tags = ? WHERE id = ?", [after, request_id])
            self._record(cursor, actor, "request.tag", request_id, before=before, after=after)

    def add_metadata(
        self, cursor: Cursor, actor: str, request_id: int, metadata: Mapping[str, Any]
    ) -> None:
        """Keys that are there already are replaced; the others stay."""
        _, before = _require(cursor, request_id)
        self.set_metadata(cursor, actor, request_id, {**before, **metadata})

    def set_metadata(
        self, cursor: Cursor, actor: str, request_id: int, metadata: Mapping[str, Any]
    ) -> None:
        _, before = _require(cursor, request_id)
        after = dict(metadata)
        # Compared as text, because Python takes 1, 1.0 and True for the same.
        if _sorted_json(after) != _sorted_json(before):
            cursor.execute(
                "UPDATE requests SET metadata = ?, metadata_index = ? WHERE id = ?",
                [orjson.dumps(after).decode(), index_of(after), request_id],
            )
            self._record(cursor, actor, "request.metadata", request_id, before=before, after=after)

    def set_score(
        self, cursor: Cursor, actor: str, request_id: int, name: str, value: float
    ) -> None:
        """A second score of the same name replaces the first."""
        _require(cursor, request_id)
        cursor.execute("DELETE FROM scores WHERE request_id = ? AND name = ?", [request_id, name])
        cursor.execute(
            "INSERT INTO scores VALUES (?, ?, ?, ?, ?)",
            [request_id, name, value, actor, clock.now()],
        )
        self._record(cursor, actor, "request.score", request_id, name=name, value=value)

    def remove_score(self, cursor: Cursor, actor: str, request_id: int, name: str) -> None:
        _require(cursor, request_id)
        there = cursor.execute(
            "SELECT 1 FROM scores WHERE request_id = ? AND name = ?", [request_id, name]
        ).fetchone()
        if there is None:
            raise NotFound(f"Request {request_id} has no score {name!r}.")
        cursor.execute("DELETE FROM scores WHERE request_id = ? AND name = ?", [request_id, name])
        self._record(cursor, actor, "request.unscore", request_id, name=name)

    def set_group(self, cursor: Cursor, actor: str, request_id: int, group_id: int) -> None:
        _require(cursor, request_id)
        if cursor.execute("SELECT 1 FROM groups WHERE id = ?", [group_id]).fetchone() is None:
            raise NotFound(f"There is no group {group_id}.")
        cursor.execute("UPDATE requests SET group_id = ? WHERE id = ?", [group_id, request_id])
        self._record(cursor, actor, "request.group", request_id, group=group_id)

    def set_prompt(
        self,
        cursor: Cursor,
        actor: str,
        request_id: int,
        name: str,
        version: int | None,
        label: str | None,
        input_variables: Mapping[str, Any],
        prompt_id: int | None = None,
    ) -> None:
        """Link the request to the prompt template that made it."""
        _require(cursor, request_id)
        cursor.execute(
            "UPDATE requests SET "
            "prompt_id = coalesce(?, CASE WHEN prompt_name = ? THEN prompt_id END), "
            "prompt_name = ?, prompt_version = ?, prompt_label = ? WHERE id = ?",
            [prompt_id, name, name, version, label, request_id],
        )
        pieces.replace(
            cursor, request_id, "input_variables", orjson.dumps(dict(input_variables)).decode()
        )
        self._record(
            cursor, actor, "request.prompt", request_id, name=name, version=version, label=label
        )

    def delete(self, cursor: Cursor, actor: str, request_id: int) -> None:
        """Hide the request at once; a purge removes what it holds."""
        _require(cursor, request_id)
        cursor.execute(
            "UPDATE requests SET deleted_at = ?, deleted_by = ? WHERE id = ?",
            [clock.now(), actor, request_id],
        )
        self._record(cursor, actor, "request.delete", request_id)

    def _record(
        self, cursor: Cursor, actor: str, action: str, request_id: int, **detail: Any
    ) -> None:
        self._audit.record(cursor, actor, action, f"request/{request_id}", detail)


def _sorted_json(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
