"""The two engines that every filter must run on, with the tables of the migrations."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from tests.filters.oracle import Row
from workbench.filters.folding import search_fold
from workbench.store import migrate, pieces
from workbench.store.filter_sql import Compiled
from workbench.store.metadata import index_of

_TABLES = ("requests", "bodies", *pieces.TABLES, "scores", "stars")


def ducklake_extension() -> Path | None:
    """The extension's file where its package is installed."""
    found = importlib.util.find_spec("duckdb_extension_ducklake")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "extensions" / f"v{duckdb.__version__}"
    return folder / "ducklake.duckdb_extension"


@contextmanager
def engine(name: str, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty store: "duckdb" in memory, or "ducklake" with a catalogue in the folder."""
    with duckdb.connect() as connection:
        if name == "ducklake":
            connection.execute(f"LOAD '{ducklake_extension()}'")
            connection.execute(
                f"ATTACH 'ducklake:{folder / 'catalogue'}' AS lake (DATA_PATH '{folder / 'data'}')"
            )
            connection.execute("USE lake")
        migrate.run(connection, is_ducklake=name == "ducklake")
        yield connection


def fill(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    """The rows instead of what was there."""
    connection.execute("BEGIN")
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")
    for row in rows:
        _add(connection, row)
    connection.execute("COMMIT")


def found(connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> set[int]:
    """Ids that the expression finds."""
    source = "requests r"
    if compiled.needs_bodies:
        source += " JOIN bodies b ON b.request_id = r.id"
    cursor = connection.execute(f"SELECT r.id FROM {source} WHERE {compiled.sql}", compiled.params)
    ids = [row[0] for row in cursor.fetchall()]
    assert len(ids) == len(set(ids))
    return set(ids)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _add(connection: duckdb.DuckDBPyConnection, row: Row) -> None:
    started, ended = (t.replace(tzinfo=None) for t in (row.started_at, row.ended_at))
    values: dict[str, Any] = {
        "id": row.id,
        "started_at": started,
        "ended_at": ended,
        "received_at": started,
        "time_assumed": False,
        "actor": "test",
        "tags": row.tags,
        "tool_names": row.tool_names,
    }
    for name in [
        "latency_ms",
        "source",
        "origin",
        "provider",
        "model",
        "function_name",
        "status",
        "error_type",
        "finish_reason",
        "input_tokens",
        "output_tokens",
        "cost",
        "prompt_name",
        "prompt_id",
        "prompt_version",
        "prompt_label",
        "group_id",
        "is_json",
        "is_tool_call",
        "is_plain_text",
    ]:
        values[name] = getattr(row, name)
    values["metadata"] = _json(row.metadata)
    values["metadata_index"] = index_of(row.metadata or {})
    marks = ", ".join("?" for _ in values)
    connection.execute(
        f"INSERT INTO requests ({', '.join(values)}) VALUES ({marks})", list(values.values())
    )
    texts = {
        "input_text": row.input_text,
        "output_text": row.output_text,
        "input_folded": None if row.input_text is None else search_fold(row.input_text),
        "output_folded": None if row.output_text is None else search_fold(row.output_text),
        "output": _json(row.output),
        "input_variables": _json(row.input_variables),
    }
    columns: dict[str, list[Any]] = {name: [text] for name, text in texts.items()}
    body, rests = pieces.cut({"request_id": [row.id], "started_at": [started], **columns})
    marks = ", ".join("?" for _ in body)
    connection.execute(
        f"INSERT INTO bodies ({', '.join(body)}) VALUES ({marks})",
        [value for (value,) in body.values()],
    )
    rests.insert(connection)
    if row.is_starred:
        connection.execute("INSERT INTO stars VALUES (?, 'test', ?)", [row.id, started])
    for name, value in row.scores:
        connection.execute(
            "INSERT INTO scores VALUES (?, ?, ?, 'test', ?)", [row.id, name, value, started]
        )
