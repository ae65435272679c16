"""Which cells of a run are to be run anew, before any is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.store.connection import Connection
from workbench.store.evaluation_values import DONE, FAILED

_IDS = "(SELECT unnest(?::BIGINT[]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """Cells of columns. columns: their ids. row: of this row alone. only_failed: those that failed.
    is_whole: the columns as wholes, with the versions that are the newest by then."""

    columns: tuple[int, ...] = ()
    row: int | None = None
    only_failed: bool = False
    is_whole: bool = False

    def has(self, row: int, column: int, *, has_failed: bool) -> bool:
        return (
            column in self.columns
            and self.row in (None, row)
            and (has_failed or not self.only_failed)
        )

    @property
    def condition(self) -> tuple[str, list[Any]]:
        """SQL over cells `c` with its values."""
        parts: list[str] = [f"c.column_id IN {_IDS}"]
        values: list[Any] = [list(self.columns)]
        if self.row is not None:
            parts.append("c.dataset_row = ?")
            values.append(self.row)
        if self.only_failed:
            parts.append(f"c.state = '{FAILED}'")
        return f"({' AND '.join(parts)})", values


NOTHING = Anew()


def ended(connection: Connection, run_id: int, anew: Anew) -> dict[int, int]:
    """How many of the cells have an end that they would lose, by column."""
    where, given = anew.condition
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT c.column_id, count(*) FROM evaluation_cells c WHERE c.run_id = ? "
            f"AND c.state IN ('{DONE}', '{FAILED}') AND {where} GROUP BY c.column_id",
            [run_id, *given],
        ).fetchall()
    return {int(id_): int(number) for id_, number in rows}
