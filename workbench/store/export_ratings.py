"""What people wrote into the human columns of evaluations, by the request that a row came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.store.connection import Connection, quoted
from workbench.store.evaluation_values import DONE
from workbench.store.export_columns import Column
from workbench.store.export_parts import reading

#: Before the name of a human column, where names of several kinds stand side by side.
HUMAN = "human."
_TYPE = "HUMAN"
# The newest of a request's ratings; of two at one moment the later run's.
_NEWEST = "(c.ended_at, c.run_id, c.column_id, c.dataset_row)"


@dataclass(frozen=True, slots=True)
class HumanColumn:
    """A name of human columns, and the evaluation that has one or more of it."""

    name: str
    evaluation_id: int
    evaluation: str


def human_columns(connection: Connection, name: str | None = None) -> list[HumanColumn]:
    """All that evaluations have which are not removed, or those of one name; by name, the
    evaluations that were changed last first."""
    only = "" if name is None else " AND k.name = ?"
    with reading(), connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT DISTINCT k.name, e.id, e.name, e.updated_at FROM evaluation_columns k "
            "JOIN evaluation_runs n ON n.id = k.run_id "
            "JOIN evaluations e ON e.id = n.evaluation_id "
            f"WHERE k.type = '{_TYPE}' AND e.deleted_at IS NULL{only} "
            "ORDER BY k.name, e.updated_at DESC, e.id",
            [] if name is None else [name],
        ).fetchall()
    return [HumanColumn(row[0], int(row[1]), row[2]) for row in rows]


def rating_column(name: str, evaluation_id: int | None) -> Column:
    """The newest rating of a request in human columns of this name: of one evaluation, or of any.

    A rating belongs to the request that its row was made from.
    """
    only = "" if evaluation_id is None else f" AND e.id = {evaluation_id}"
    source = (
        f"(SELECT d.source_request AS request_id, arg_max(c.value->>'$', {_NEWEST}) AS rating "
        "FROM evaluation_columns k JOIN evaluation_runs n ON n.id = k.run_id "
        "JOIN evaluations e ON e.id = n.evaluation_id "
        "JOIN evaluation_cells c ON c.run_id = k.run_id AND c.column_id = k.id "
        "JOIN dataset_rows d ON d.dataset_id = n.dataset_id AND d.id = c.dataset_row "
        "AND d.since <= n.dataset_version AND (d.until IS NULL OR d.until > n.dataset_version) "
        f"WHERE k.type = '{_TYPE}' AND k.name = {quoted(name)} AND e.deleted_at IS NULL{only} "
        f"AND c.state = '{DONE}' AND c.value IS NOT NULL "
        "AND d.source_request BETWEEN $low AND $high GROUP BY d.source_request) h"
    )
    return Column(HUMAN + name, "text", name, "h.rating", holds_text=True, source=source)


def names_of(columns: Iterable[HumanColumn]) -> list[str]:
    return list(dict.fromkeys(column.name for column in columns))
