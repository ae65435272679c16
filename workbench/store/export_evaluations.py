"""What an export can hold of an evaluation: the grid of one run, from one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import pyarrow as pa

from workbench.store.connection import Connection
from workbench.store.dataset_reading import DatasetRow
from workbench.store.errors import NotFound
from workbench.store.evaluation_cells import whole_values
from workbench.store.evaluation_values import DONE, STALE, WAITING
from workbench.store.evaluations import columns_in, run_in
from workbench.store.export_columns import Column, Kind
from workbench.store.export_datasets import ROW_ID, SPLIT, TAGS, TYPES, DatasetSnapshot, cell
from workbench.store.export_parts import reading

#: Columns beside each computed one: its name, a dot and one of these.
_BESIDE: dict[str, tuple[Kind, str]] = {
    "state": ("text", "State"),
    "passed": ("yes_no", "Passed"),
    "cost": ("money", "Cost"),
    "error": ("text", "Error"),
}
_VALUE = "value"
_MONEY = pa.decimal128(18, 9)
# Whole numbers up to here are the same as a float.
_EXACT = 2**53
_WAITS = f"(c.state = '{STALE}' AND c.attempts = 0)"


def select_sql(run_id: int) -> str:
    """One statement that finds the ids of those rows: whoever has the store can run it."""
    return (
        "SELECT d.id FROM evaluation_runs r JOIN dataset_rows d ON d.dataset_id = r.dataset_id "
        f"WHERE r.id = {run_id} AND d.since <= r.dataset_version "
        "AND (d.until IS NULL OR d.until > r.dataset_version) ORDER BY d.id"
    )


class GridSnapshot(DatasetSnapshot):
    """The rows of a run's version of its dataset, with the cells of each, at one moment.

    A computed column holds the values of cells that are done; every other cell of it is empty, and
    its state says why. A dataset that was removed leaves with its runs, as it does on their pages.
    """

    def __init__(
        self,
        connection: Connection,
        run_id: int,
        *,
        started: Callable[[DatasetSnapshot], None] | None = None,
    ) -> None:
        """Raises NotFound."""
        self._run_id = run_id
        # What a column of the export is of the cells: the computed column's id, and which field.
        self._computed: dict[str, tuple[int, str]] = {}
        super().__init__(connection, 0, None, started=started)

    def _begin(self, _version: int | None) -> None:
        self._cursor.execute("BEGIN TRANSACTION")
        run = run_in(self._cursor, self._run_id)
        there = None
        if run is not None:
            there = self._cursor.execute(
                "SELECT 1 FROM evaluations WHERE id = ? AND deleted_at IS NULL",
                [run.evaluation_id],
            ).fetchone()
        if run is None or there is None:
            raise NotFound(f"There is no run {self._run_id} of an evaluation.")
        if run.dataset_id is None or run.dataset_version is None:
            raise NotFound(f"Run {self._run_id} has no dataset yet, so it has no rows.")
        self._open(run.dataset_id, run.dataset_version, also_removed=True)
        self._add_computed()

    def _add_computed(self) -> None:
        own = [column for column in self.columns if self.is_own(column)]
        extra = [column for column in self.columns if not self.is_own(column)]
        made = columns_in(self._cursor, self._run_id)
        taken = {column.name for column in own} | {one.name for one in made}
        kinds = self._kinds()
        row = Column(_free(ROW_ID, taken), "whole", "Row", "")
        found = [row, *own]
        for one in made:
            kind = kinds.get(one.id, "text")
            found.append(Column(one.name, kind, one.name, "", kind in ("text", "json")))
            self._computed[one.name] = one.id, _VALUE
        for column in extra:
            if column.name in (SPLIT, TAGS) and column.name not in taken:
                found.append(column)
                taken.add(column.name)
        for one in made:
            for field, (kind, label) in _BESIDE.items():
                name = _free(f"{one.name}.{field}", taken)
                shown = f"{one.name}: {label}"
                found.append(Column(name, kind, shown, "", field == "error", default=False))
                self._computed[name] = one.id, field
        self.columns = found

    def _kinds(self) -> dict[int, Kind]:
        """What the values of each computed column are, by its id."""
        rows = self._cursor.execute(
            "SELECT c.column_id, CASE WHEN json_extract_string(c.long_values, '/value/kind') = "
            "'json' THEN 'OBJECT' ELSE json_type(c.value) END, "
            "count(*) = count(TRY_CAST(c.value AS BIGINT)), "
            f"coalesce(max(abs(TRY_CAST(c.value AS DOUBLE))), 0) <= {_EXACT} "
            f"FROM evaluation_cells c WHERE c.run_id = ? AND c.state = '{DONE}' "
            "AND c.value IS NOT NULL GROUP BY ALL",
            [self._run_id],
        ).fetchall()
        by_column: dict[int, list[tuple[str, bool, bool]]] = {}
        for id_, type_, is_64, is_exact in rows:
            if type_ != "NULL":
                by_column.setdefault(int(id_), []).append((type_, is_64, is_exact))
        return {id_: _kind(found) for id_, found in by_column.items()}

    def arrays(
        self, rows: Sequence[DatasetRow], columns: Sequence[Column], *, lists_as_text: bool
    ) -> dict[str, Any]:
        computed = [column for column in columns if column.name in self._computed]
        rest = [column for column in columns if column.name not in self._computed]
        found = super().arrays(rows, rest, lists_as_text=lists_as_text)
        if not computed:
            return found
        cells = self._cells(rows, {self._computed[column.name][0] for column in computed})
        for column in computed:
            id_, field = self._computed[column.name]
            values = [_field(cells.get((row.id, id_)), field, column.kind) for row in rows]
            type_ = _MONEY if column.kind == "money" else TYPES[column.kind]
            found[column.name] = pa.array(values, type_)
        return found

    def _cells(
        self, rows: Sequence[DatasetRow], ids: Iterable[int]
    ) -> dict[tuple[int, int], dict[str, Any]]:
        with reading():
            found = self._cursor.execute(
                f"SELECT c.dataset_row, c.column_id, CASE WHEN {_WAITS} THEN '{WAITING}' "
                f"ELSE c.state END, CASE WHEN c.state = '{DONE}' THEN c.value END, c.passed, "
                "c.cost, c.message, c.texts, json_extract_string(c.long_values, '/value/kind') "
                "FROM evaluation_cells c WHERE c.run_id = ? "
                "AND c.dataset_row BETWEEN ? AND ? "
                "AND c.column_id IN (SELECT unnest(?::BIGINT[]))",
                [self._run_id, rows[0].id, rows[-1].id, sorted(ids)],
            ).fetchall()
            told = [(one[7], one[8] if one[3] is not None else None) for one in found]
            wholes = whole_values(self._cursor, self._run_id, told)
        names = ("state", _VALUE, "passed", "cost", "error")
        cells = {(one[0], one[1]): dict(zip(names, one[2:7], strict=True)) for one in found}
        for one in found:
            if one[3] is not None and one[8] is not None:
                cells[one[0], one[1]][_VALUE] = wholes.get(one[7], one[3])
        return cells


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number where a column has it already; it is taken from now on."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name} {number}", number + 1
    taken.add(found)
    return found


def _kind(found: Sequence[tuple[str, bool, bool]]) -> Kind:
    """found: (JSON type, whether all are of 64 bits, whether a float holds them) of one column."""
    types = {type_ for type_, _, _ in found}
    if types == {"VARCHAR"}:
        return "text"
    if types == {"BOOLEAN"}:
        return "yes_no"
    whole = {"BIGINT", "UBIGINT"}
    if types <= whole:
        return "whole" if all(is_64 for _, is_64, _ in found) else "json"
    if types <= {*whole, "DOUBLE"}:
        exact = all(is_exact for type_, _, is_exact in found if type_ in whole)
        return "number" if exact else "json"
    return "json"


def _field(known: dict[str, Any] | None, field: str, kind: str) -> Any:
    if known is None:
        return WAITING if field == "state" else None
    value = known[field]
    if field != _VALUE or value is None:
        return value
    return cell(orjson.loads(value), kind)
