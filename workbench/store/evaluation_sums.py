"""Figures of a grid's columns, added up by the engine: cells by state, scores, comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from workbench.store.connection import Connection
from workbench.store.dataset_reading import count
from workbench.store.evaluation_values import CANCELLED, DONE, FAILED, STALE, Counts, RunInfo

_IDS = "(SELECT unnest(?::BIGINT[]))"
_LARGEST = 1e300
# A call whose cost is not known makes the cost of its cell unknown; what a vendor turned away
# before a model saw it costs nothing.
_UNPRICED = (
    "c.cost IS NULL AND contains(c.detail, '\"request_ids\":') AND coalesce(c.kind, '') NOT IN "
    "('authentication', 'rate_limit', 'quota', 'bad_request', 'unsupported', 'context_length')"
)


def _scalar(value: str) -> str:
    """What one JSON scalar counts (`scores.counted`); NULL where it does not.

    By its first letter: it was written as JSON, and parsing it took most of the time.
    """
    number = f"TRY_CAST({value} AS DOUBLE)"
    return (
        f"CASE WHEN {value} = 'true' THEN 1.0::DOUBLE WHEN {value} = 'false' THEN 0.0::DOUBLE "
        f"WHEN ({value}[1] BETWEEN '0' AND '9' OR {value}[1] = '-') "
        f"AND abs({number}) <= {_LARGEST} THEN {number} END"
    )


# Several questions or repeats in one cell: each of them has to count.
_ITEMS = (
    "CASE value[1] WHEN '[' THEN json_extract(value, '$[*]') "
    "WHEN '{' THEN json_extract(value, '$.*') END::VARCHAR[]"
)
_ONE = _scalar("x")


def _counted(cells: str) -> str:
    """The rows of a SELECT that has `value`, JSON text, with `number`, what a cell counts, and
    `truth`, whether that is a share."""
    return (
        f"SELECT * EXCLUDE (items, numbers), CASE WHEN items IS NULL THEN {_scalar('value')} "
        "WHEN len(items) > 0 AND len(numbers) = len(items) THEN list_avg(numbers) END AS number, "
        "CASE WHEN items IS NULL THEN value IN ('true', 'false') ELSE "
        "len(list_filter(items, lambda x: x NOT IN ('true', 'false'))) = 0 END AS truth "
        "FROM (SELECT *, CASE WHEN items IS NOT NULL THEN "
        f"list_filter(list_transform(items, lambda x: {_ONE}), lambda n: n IS NOT NULL) END "
        f"AS numbers FROM (SELECT *, {_ITEMS} AS items FROM ({cells})))"
    )


# The last key of a detail; read so, since parsing all of them took seconds.
_MILLISECONDS = (
    "TRY_CAST(regexp_extract(detail, '\"milliseconds\":([-+.0-9eE]+)\\}$', 1) AS DOUBLE)"
)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a score needs of a column's cells that are done. size: those that count; others: those
    that hold something else. deviation: of a sample, None below two. is_share: all are truth
    values; is_whole: and each is 0 or 1. passed, not_passed: verdicts. milliseconds: mean."""

    size: int = 0
    others: int = 0
    mean: float | None = None
    deviation: float | None = None
    is_share: bool = False
    is_whole: bool = False
    passed: int = 0
    not_passed: int = 0
    milliseconds: float | None = None


def counts(
    connection: Connection, run: RunInfo, columns: Sequence[int], models: Sequence[int]
) -> dict[int, Counts]:
    """Cells of columns by state, by the columns' ids. models: those that call models; of others
    nobody looks for calls without a price."""
    rows = rows_of(connection, run)
    found = counts_of_runs(connection, [(run.id, one) for one in columns], {run.id: rows})[run.id]
    unpriced = _unpriced(connection, run.id, models)
    return {id_: replace(one, unpriced=unpriced.get(id_, 0)) for id_, one in found.items()}


def _unpriced(connection: Connection, run_id: int, models: Sequence[int]) -> dict[int, int]:
    if not models:
        return {}
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT c.column_id, count(*) FROM evaluation_cells c WHERE c.run_id = ? "
            f"AND c.column_id IN {_IDS} AND {_UNPRICED} GROUP BY c.column_id",
            [run_id, list(models)],
        ).fetchall()
    return {int(id_): int(number) for id_, number in rows}


def rows_of(connection: Connection, run: RunInfo) -> int:
    """How many rows the run's version of the dataset has."""
    if run.dataset_id is None or run.dataset_version is None:
        return 0
    return count(connection, run.dataset_id, run.dataset_version)


def rows_of_runs(connection: Connection, run_ids: Sequence[int]) -> dict[int, int]:
    """The same of several runs; published versions keep their number of rows."""
    with connection.cursor() as cursor:
        found = cursor.execute(
            "SELECT r.id, coalesce(v.row_count, 0) FROM evaluation_runs r "
            "LEFT JOIN dataset_versions v ON v.dataset_id = r.dataset_id "
            f"AND v.number = r.dataset_version WHERE r.id IN {_IDS}",
            [list(run_ids)],
        ).fetchall()
    return {int(id_): int(number) for id_, number in found}


def counts_of_runs(
    connection: Connection, columns: Iterable[tuple[int, int]], rows: dict[int, int]
) -> dict[int, dict[int, Counts]]:
    """The same of several runs, without calls that have no price. columns: (run, column); rows:
    of each run."""
    columns = list(columns)
    ids, of = sorted({run for run, _ in columns}), [column for _, column in columns]
    with connection.cursor() as cursor:
        found = cursor.execute(
            "SELECT c.run_id, c.column_id, CASE WHEN c.state = ? AND c.attempts = 0 "
            "THEN 'waiting' ELSE c.state END AS said, count(*), sum(c.cost) "
            "FROM evaluation_cells c "
            f"WHERE c.run_id IN {_IDS} AND c.column_id IN {_IDS} GROUP BY ALL",
            [STALE, ids, of],
        ).fetchall()
    states: dict[tuple[int, int], dict[str, int]] = {}
    costs: dict[tuple[int, int], Decimal] = {}
    for run, column, state, number, cost in found:
        states.setdefault((run, column), {})[state] = number
        costs[run, column] = costs.get((run, column), Decimal(0)) + (cost or Decimal(0))
    made: dict[int, dict[int, Counts]] = {run: {} for run in rows}
    for run, column in columns:
        by = states.get((run, column), {})
        ended = sum(by.get(state, 0) for state in (DONE, FAILED, STALE, CANCELLED))
        made.setdefault(run, {})[column] = Counts(
            done=by.get(DONE, 0),
            failed=by.get(FAILED, 0),
            stale=by.get(STALE, 0),
            cancelled=by.get(CANCELLED, 0),
            # A purge may have taken rows of the dataset whose cells are still there.
            waiting=max(0, rows.get(run, 0) - ended),
            cost=costs.get((run, column), Decimal(0)),
        )
    return made


def spent(connection: Connection, run_id: int) -> Decimal:
    """Dollars of all cells whose cost is known."""
    with connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT sum(cost) FROM evaluation_cells WHERE run_id = ?", [run_id]
        ).fetchone()
    return Decimal(row[0]) if row and row[0] is not None else Decimal(0)


def sums(connection: Connection, columns: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Sums]:
    """What scores need, of (run, column) pairs; those without a cell that is done are left out."""
    if not columns:
        return {}
    cells = (
        "SELECT run_id, column_id, value, passed, detail FROM evaluation_cells "
        f"WHERE run_id IN {_IDS} AND column_id IN {_IDS} AND state = '{DONE}'"
    )
    # Divided by the largest, so that squares of large numbers stay within a double.
    query = (
        f"WITH counted AS MATERIALIZED ({_counted(cells)}) "
        "SELECT run_id, column_id, count(number), count(*) - count(number), "
        "avg(number / scale) * any_value(scale), "
        "stddev_samp(number / scale) * any_value(scale), "
        "bool_and(truth) FILTER (number IS NOT NULL), "
        "bool_and(number IN (0, 1)) FILTER (number IS NOT NULL), "
        "count(*) FILTER (passed), count(*) FILTER (NOT passed), "
        f"avg({_MILLISECONDS}) "
        "FROM (SELECT *, coalesce(nullif(s.largest, 0), 1) AS scale "
        "FROM counted JOIN (SELECT run_id, column_id, max(abs(number)) AS largest FROM counted "
        "GROUP BY run_id, column_id) s USING (run_id, column_id)) GROUP BY run_id, column_id"
    )
    given = [sorted({run for run, _ in columns}), [column for _, column in columns]]
    with connection.cursor() as cursor:
        rows = cursor.execute(query, given).fetchall()
    return {
        (row[0], row[1]): Sums(
            size=row[2],
            others=row[3],
            mean=row[4],
            deviation=row[5],
            is_share=bool(row[6]),
            is_whole=bool(row[7]),
            passed=row[8],
            not_passed=row[9],
            milliseconds=row[10],
        )
        for row in rows
    }


def failures(connection: Connection, run_id: int) -> dict[int, dict[str, int]]:
    """Failed cells by column and kind, the most frequent kind first."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT column_id, kind, count(*) AS n FROM evaluation_cells "
            "WHERE run_id = ? AND state = ? GROUP BY ALL ORDER BY n DESC, kind",
            [run_id, FAILED],
        ).fetchall()
    found: dict[int, dict[str, int]] = {}
    for column, kind, number in rows:
        found.setdefault(column, {})[kind] = number
    return found


# -- two runs --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two columns paired by row; see `grid_reading.Compared`. numbers: pairs that both count."""

    pairs: int
    better: int
    worse: int
    equal: int
    changed: int
    same: int
    only_first: int
    only_second: int
    numbers: int
    first: float | None
    second: float | None
    difference: float | None
    deviation: float | None


def _paired() -> str:
    side = _counted(
        "SELECT dataset_row, value, json_extract_string(long_values, '/value/md5') AS whole "
        "FROM evaluation_cells WHERE run_id = ? "
        f"AND column_id = ? AND state = '{DONE}'"
    )
    return (
        "(SELECT coalesce(a.dataset_row, b.dataset_row) AS dataset_row, "
        "a.number AS first, b.number AS second, b.number - a.number AS difference, "
        "CASE WHEN a.dataset_row IS NULL THEN 'only_second' "
        "WHEN b.dataset_row IS NULL THEN 'only_first' "
        "WHEN b.number > a.number THEN 'better' WHEN b.number < a.number THEN 'worse' "
        "WHEN b.number = a.number THEN 'equal' "
        "WHEN a.value IS NOT DISTINCT FROM b.value AND a.whole IS NOT DISTINCT FROM b.whole "
        "THEN 'same' ELSE 'changed' END AS what "
        f"FROM ({side}) a FULL JOIN ({side}) b ON a.dataset_row = b.dataset_row)"
    )


def paired(connection: Connection, first: tuple[int, int], second: tuple[int, int]) -> Pairs:
    """Two columns, each as (run, column)."""
    query = (
        "SELECT count(*) FILTER (what NOT IN ('only_first', 'only_second')), "
        + ", ".join(
            f"count(*) FILTER (what = '{one}')"
            for one in (
                *("better", "worse", "equal", "changed", "same"),
                *("only_first", "only_second"),
            )
        )
        + ", count(difference), avg(first / scale) FILTER (difference IS NOT NULL) "
        "* any_value(scale), avg(second / scale) FILTER (difference IS NOT NULL) "
        "* any_value(scale), avg(difference / scale) * any_value(scale), "
        "stddev_samp(difference / scale) * any_value(scale) "
        "FROM (SELECT *, coalesce(nullif(greatest(max(abs(first)) OVER (), "
        "max(abs(second)) OVER (), max(abs(difference)) OVER ()), 0), 1) AS scale "
        f"FROM {_paired()})"
    )
    with connection.cursor() as cursor:
        row: Any = cursor.execute(query, [*first, *second]).fetchone()
    return Pairs(*row)


def paired_rows(
    connection: Connection,
    first: tuple[int, int],
    second: tuple[int, int],
    what: str,
    *,
    offset: int,
    limit: int,
) -> tuple[list[int], int]:
    """The rows of one figure, those with the largest difference first, and how many there are."""
    given = [*first, *second, what]
    with connection.cursor() as cursor:
        total = cursor.execute(f"SELECT count(*) FROM {_paired()} WHERE what = ?", given).fetchone()
        rows = cursor.execute(
            f"SELECT dataset_row FROM {_paired()} WHERE what = ? "
            "ORDER BY abs(difference) DESC NULLS LAST, dataset_row LIMIT ? OFFSET ?",
            [*given, limit, offset],
        ).fetchall()
    return [int(row) for (row,) in rows], int(total[0]) if total else 0
