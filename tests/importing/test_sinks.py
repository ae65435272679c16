"""Commits of whole row groups: blocks are cut where one ends, and every row is counted once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.importing.support import a_store
from workbench.logs.importing import sinks
from workbench.logs.importing.job import Options, import_file
from workbench.store.bulk import Bulk
from workbench.store.connection import ROW_GROUP_ROWS
from workbench.store.prepared import Prepared


def a_file(folder: Path, rows: int) -> Path:
    """Small rows, of which every tenth repeats the one before it."""
    path = folder / "rows.jsonl"
    with path.open("w") as file:
        for number in range(rows):
            id_ = number - 1 if number % 10 == 9 else number
            row = {"id": f"r{id_}", "input": f"q {id_}", "output": "a", "started_at": 10**9 + id_}
            file.write(json.dumps(row) + "\n")
    return path


def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each commit was given, from now on."""
    given: list[int] = []
    add = Bulk.add

    def noting(self: Bulk, parts: Sequence[Prepared]) -> Future[list[int]]:
        given.append(sum(len(part.keys) for part in parts))
        return add(self, parts)

    monkeypatch.setattr(Bulk, "add", noting)
    return given


def test_a_commit_ends_where_a_row_group_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = commits(monkeypatch)
    path = a_file(tmp_path, 20_000)
    with a_store(tmp_path) as store:
        counts = import_file(store, path, "neutral", Options(workers=0), actor="tester")
    assert (counts.read, counts.stored, counts.duplicates) == (20_000, 18_000, 2_000)
    assert given[:-1] == [sinks.COMMIT_ROWS] * (len(given) - 1)
    assert sinks.COMMIT_ROWS % ROW_GROUP_ROWS == 0
    assert sum(given) == 20_000


def test_a_block_may_be_longer_than_several_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "COMMIT_ROWS", 64)
    given = commits(monkeypatch)
    path = a_file(tmp_path, 500)
    with a_store(tmp_path) as store:
        counts = import_file(store, path, "neutral", Options(workers=0), actor="tester")
        with store.connection.cursor() as cursor:
            rows = cursor.execute(
                "SELECT count(*), count(DISTINCT b.request_id), count(DISTINCT b.input_text) "
                "FROM requests r JOIN bodies b ON b.request_id = r.id"
            ).fetchone()
    assert given == [64] * 7 + [52]
    assert (counts.stored, counts.duplicates) == (450, 50)
    assert rows == (450, 450, 450)


def test_commits_of_long_rows_end_at_row_groups_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two row groups of them are more than one commit takes."""
    monkeypatch.setattr(sinks, "COMMIT_BYTES", 2 * 2**20)
    given = commits(monkeypatch)
    path = a_file(tmp_path, 3 * ROW_GROUP_ROWS)
    with a_store(tmp_path) as store:
        counts = import_file(store, path, "neutral", Options(workers=0), actor="tester")
    assert counts.read == 3 * ROW_GROUP_ROWS
    assert given == [ROW_GROUP_ROWS] * 3


def test_an_imported_file_is_made_of_whole_row_groups(tmp_path: Path) -> None:
    path = a_file(tmp_path, 3 * sinks.COMMIT_ROWS * 10 // 9)
    with a_store(tmp_path) as store:
        unique = tmp_path / "unique.jsonl"
        lines = dict.fromkeys(path.read_text().splitlines(keepends=True))
        unique.write_text("".join(lines))
        import_file(store, unique, "neutral", Options(workers=0), actor="tester")
        with store.connection.cursor() as cursor:
            cursor.execute("CHECKPOINT store")
            sizes = cursor.execute(
                "SELECT row_group_id, max(start + count) FROM pragma_storage_info('requests') "
                "WHERE column_name = 'id' AND segment_type <> 'VALIDITY' GROUP BY ALL ORDER BY 1"
            ).fetchall()
    full = [size for _, size in sizes if size == ROW_GROUP_ROWS]
    assert len(full) == len(lines) // ROW_GROUP_ROWS
