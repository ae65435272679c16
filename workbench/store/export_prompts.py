"""What an export can hold of prompt templates: a row for each version, from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pyarrow as pa

from workbench.filters.folding import search_fold
from workbench.store import clock
from workbench.store.connection import Connection
from workbench.store.errors import Refused
from workbench.store.export_columns import Column
from workbench.store.export_cursors import end
from workbench.store.export_parts import ROW, reading
from workbench.store.filter_explain import literal

# Versions of one Arrow table: a text of them is rarely above a hundred kilobytes.
_ROWS = 500
_LABELS = (
    "(SELECT coalesce(list(l.name ORDER BY l.name), []) FROM template_labels l "
    "WHERE l.version_id = v.id)"
)
_ALL = (
    Column("template_id", "whole", "Prompt template id", "t.id"),
    Column("name", "text", "Prompt template", "t.name", holds_text=True),
    Column("tags", "list", "Tags", "t.tags", holds_text=True),
    Column("version", "whole", "Version", "v.number"),
    Column("labels", "list", "Release labels", _LABELS),
    Column("kind", "text", "Kind", "v.kind"),
    Column("provider", "text", "Provider", "v.model_provider"),
    Column("model", "text", "Model", "v.model_name"),
    Column("input_variables", "list", "Input variables", "v.variables", holds_text=True),
    Column("prompt", "json", "Prompt", "v.prompt", holds_text=True),
    Column("settings", "json", "Model settings", "v.metadata", holds_text=True),
    Column("message", "text", "Commit message", "v.message", holds_text=True),
    Column("created_at", "time", "Saved", "timezone('UTC', v.created_at)"),
    Column("created_by", "text", "Saved by", "v.created_by"),
    Column("version_id", "whole", "Version id", "v.id"),
)
PROMPT_COLUMNS = {column.name: column for column in _ALL}


def prompt_columns_of(names: Sequence[str]) -> list[Column]:
    """Columns in the order of their names, each once; none are all. Raises Refused."""
    for name in names:
        if name not in PROMPT_COLUMNS:
            raise Refused(
                f'There is no column "{name[:80]}". Columns are {", ".join(PROMPT_COLUMNS)}.'
            )
    return [PROMPT_COLUMNS[name] for name in dict.fromkeys(names or PROMPT_COLUMNS)]


def select_sql(words: str | None, ids: Sequence[int], up_to: int) -> str:
    """One statement that finds the ids of those versions up to an id: whoever has the store can run
    it."""
    parts = ["t.deleted_at IS NULL", f"v.id <= {up_to}"]
    if words:
        parts.append(f"contains(t.name_folded, {literal(search_fold(words))})")
    if ids:
        parts.append(f"t.id IN ({', '.join(map(str, ids))})")
    return (
        "SELECT v.id FROM template_versions v JOIN templates t ON t.id = v.template_id "
        f"WHERE {' AND '.join(parts)} ORDER BY t.name_folded, t.id, v.number"
    )


class PromptSnapshot:
    """Every version of the templates whose name holds `words`, at one moment; like a `Snapshot`.
    ids: of these templates alone, where some are given.

    rows: how many versions there are. as_of: the newest version of the store then.
    """

    def __init__(
        self,
        connection: Connection,
        words: str | None,
        ids: Sequence[int] = (),
        *,
        started: Callable[[PromptSnapshot], None] | None = None,
    ) -> None:
        self.connection = connection
        self._cursor = connection.new_cursor()
        self.as_of = 0
        self._ids: list[int] = []
        if started is not None:
            started(self)
        try:
            with reading():
                self._begin(words or "", list(ids))
        except BaseException:
            self.close()
            raise
        self.taken_at: datetime = clock.from_stored(clock.now())

    def _begin(self, words: str, ids: list[int]) -> None:
        self._cursor.execute("BEGIN TRANSACTION")
        rows = self._cursor.execute(
            "SELECT v.id FROM template_versions v JOIN templates t ON t.id = v.template_id "
            "WHERE t.deleted_at IS NULL AND contains(t.name_folded, ?) "
            "AND (len(?::BIGINT[]) = 0 OR list_contains(?::BIGINT[], t.id)) "
            "ORDER BY t.name_folded, t.id, v.number",
            [search_fold(words), ids, ids],
        ).fetchall()
        self._ids = [id_ for (id_,) in rows]
        self.as_of = max(self._ids, default=0)

    @property
    def rows(self) -> int:
        return len(self._ids)

    def __enter__(self) -> PromptSnapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def interrupt(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        end(self._cursor)

    def metadata_keys(self) -> list[str]:
        return []

    def score_names(self) -> list[str]:
        return []

    def tables(
        self, columns: Sequence[Column], *, lists_as_text: bool, first: int | None = None
    ) -> Iterator[pa.Table]:
        """The versions by template and number: ROW (the version's id), then the columns.

        Raises StoreError where the store cannot be read.
        """
        ids = self._ids[:first]
        shown = [f"{_value(column, lists_as_text)} AS {column.name}" for column in columns]
        select = (
            f'SELECT v.id AS "{ROW}", {", ".join(shown)} FROM '
            "(SELECT unnest($ids::BIGINT[]) AS id, generate_subscripts($ids::BIGINT[], 1) AS at) c "
            "JOIN template_versions v ON v.id = c.id JOIN templates t ON t.id = v.template_id "
            "ORDER BY c.at"
        )
        for start in range(0, len(ids), _ROWS):
            with reading():
                yield self._cursor.execute(
                    select, {"ids": ids[start : start + _ROWS]}
                ).to_arrow_table()


def _value(column: Column, lists_as_text: bool) -> str:
    if column.kind == "list" and lists_as_text:
        return f"to_json({column.sql})::VARCHAR"
    return column.sql
