"""Opening, migrating and opening again, on both engines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.store.conftest import Opener
from tests.store.samples import some_request
from workbench.settings import ROOT, Settings
from workbench.store import migrate, requests
from workbench.store.connection import Connection
from workbench.store.errors import StoreError, StoreInUse, StoreTooNew
from workbench.store.files import TABLES, store_size
from workbench.store.migrations import MIGRATIONS, Migration
from workbench.store.store import Store

# What the store of this version looks like. A change here belongs to a new migration at the end of
# the list: stores that are in use have run the earlier ones.
SCHEMA = {
    "api_keys": "id BIGINT, name VARCHAR, digest VARCHAR, hint VARCHAR, created_at TIMESTAMP, "
    "created_by VARCHAR, revoked_at TIMESTAMP, revoked_by VARCHAR",
    "audit": "id BIGINT, happened_at TIMESTAMP, actor VARCHAR, action VARCHAR, subject VARCHAR, "
    "detail VARCHAR",
    "bulk_before": "change_id BIGINT, request_id BIGINT, before VARCHAR",
    "bulk_changes": "id BIGINT, made_at TIMESTAMP, actor VARCHAR, action VARCHAR, detail VARCHAR, "
    "planned BIGINT, changed BIGINT, undone_at TIMESTAMP, undone_by VARCHAR",
    "blobs": "sha256 VARCHAR, size BIGINT, data BLOB, created_at TIMESTAMP, part INTEGER",
    "bodies": "request_id BIGINT, started_at TIMESTAMP, input_text VARCHAR, output_text VARCHAR, "
    "input_folded VARCHAR, output_folded VARCHAR, prompt VARCHAR, output VARCHAR, "
    "parameters VARCHAR, input_variables VARCHAR, raw VARCHAR",
    "export_schedules": "id BIGINT, created_at TIMESTAMP, created_by VARCHAR, name VARCHAR, "
    "spec VARCHAR, every VARCHAR, next_at TIMESTAMP, last_export BIGINT, paused BOOLEAN",
    "exports": "id BIGINT, created_at TIMESTAMP, created_by VARCHAR, name VARCHAR, spec VARCHAR, "
    "status VARCHAR, process INTEGER, as_of BIGINT, snapshot_at TIMESTAMP, finished_at TIMESTAMP, "
    "expires_at TIMESTAMP, rows_expected BIGINT, rows_written BIGINT, bytes BIGINT, "
    "manifest VARCHAR, error VARCHAR, schedule_id BIGINT",
    "groups": "id BIGINT, created_at TIMESTAMP, actor VARCHAR",
    "guards": "bucket INTEGER, turn BIGINT",
    "jobs": "id BIGINT, area VARCHAR, kind VARCHAR, subject BIGINT, title VARCHAR, actor VARCHAR, "
    "spec VARCHAR, through BIGINT, planned BIGINT, state VARCHAR, outcome VARCHAR, error VARCHAR, "
    "worker INTEGER, heartbeat_at TIMESTAMP, stop_asked BOOLEAN, created_at TIMESTAMP, "
    "started_at TIMESTAMP, ended_at TIMESTAMP",
    "migrations": "number INTEGER, name VARCHAR, applied_at TIMESTAMP",
    "preferences": "name VARCHAR, value VARCHAR",
    "body_pieces": "request_id BIGINT, started_at TIMESTAMP, name VARCHAR, remaining INTEGER, "
    "text VARCHAR",
    "folded_pieces": "request_id BIGINT, started_at TIMESTAMP, name VARCHAR, remaining INTEGER, "
    "text VARCHAR",
    "request_blobs": "request_id BIGINT, sha256 VARCHAR",
    "requests": "id BIGINT, started_at TIMESTAMP, ended_at TIMESTAMP, received_at TIMESTAMP, "
    "time_assumed BOOLEAN, latency_ms DOUBLE, source VARCHAR, origin VARCHAR, actor VARCHAR, "
    "provider VARCHAR, model VARCHAR, function_name VARCHAR, api_type VARCHAR, status VARCHAR, "
    "error_type VARCHAR, error_message VARCHAR, finish_reason VARCHAR, input_tokens BIGINT, "
    "output_tokens BIGINT, cached_tokens BIGINT, cache_write_tokens BIGINT, "
    "reasoning_tokens BIGINT, cost DECIMAL(18,9), cost_source VARCHAR, cost_formula VARCHAR, "
    "tags VARCHAR[], metadata VARCHAR, metadata_index VARCHAR[], "
    "prompt_name VARCHAR, prompt_id BIGINT, "
    "prompt_version INTEGER, prompt_label VARCHAR, group_id BIGINT, span_id VARCHAR, "
    "trace_id VARCHAR, is_json BOOLEAN, is_tool_call BOOLEAN, is_plain_text BOOLEAN, "
    "tool_names VARCHAR[], image_count INTEGER, input_preview VARCHAR, output_preview VARCHAR, "
    "normaliser VARCHAR, client_record UUID, body_hash UUID, deleted_at TIMESTAMP, "
    "deleted_by VARCHAR",
    "drafts": "actor VARCHAR, subject VARCHAR, value VARCHAR, updated_at TIMESTAMP",
    "playground_blobs": "session_id BIGINT, sha256 VARCHAR, data BLOB, part INTEGER",
    "playground_runs": "id VARCHAR, session_id BIGINT, column_id VARCHAR, batch BIGINT, "
    "row_number INTEGER, repeat INTEGER, turn INTEGER, model VARCHAR, process INTEGER, "
    "actor VARCHAR, started_at TIMESTAMP, status VARCHAR, ended_at TIMESTAMP, answer VARCHAR, "
    "finish VARCHAR, error VARCHAR, ignored VARCHAR[], request_id BIGINT, latency_ms DOUBLE, "
    "first_token_ms DOUBLE, tokens_per_second DOUBLE, input_tokens BIGINT, output_tokens BIGINT, "
    "cost DECIMAL(18,9)",
    "playground_votes": "id BIGINT, session_id BIGINT, batch BIGINT, row_number INTEGER, "
    "repeat INTEGER, turn INTEGER, preferred_run VARCHAR, other_run VARCHAR, "
    "preferred_request BIGINT, other_request BIGINT, tie BOOLEAN, is_blind BOOLEAN, "
    "actor VARCHAR, voted_at TIMESTAMP",
    "playground_sessions": "id BIGINT, name VARCHAR, value VARCHAR, revision INTEGER, "
    "author VARCHAR, created_at TIMESTAMP, updated_by VARCHAR, updated_at TIMESTAMP, "
    "source_request BIGINT, forked_from BIGINT, deleted_at TIMESTAMP, deleted_by VARCHAR",
    "datasets": "id BIGINT, name VARCHAR, description VARCHAR, next_row BIGINT, author VARCHAR, "
    "created_at TIMESTAMP, updated_by VARCHAR, updated_at TIMESTAMP, deleted_at TIMESTAMP, "
    "deleted_by VARCHAR",
    "dataset_versions": "id BIGINT, dataset_id BIGINT, number INTEGER, columns VARCHAR, note "
    "VARCHAR, source "
    "VARCHAR, row_count BIGINT, author VARCHAR, created_at TIMESTAMP, published_at "
    "TIMESTAMP",
    "dataset_rows": "dataset_id BIGINT, id BIGINT, since INTEGER, until INTEGER, value "
    "VARCHAR, split "
    "VARCHAR, tags VARCHAR[], source_request BIGINT, digest UUID, texts BIGINT, "
    "long_values VARCHAR",
    "dataset_texts": "owner BIGINT, id BIGINT, name VARCHAR, part INTEGER, text VARCHAR",
    "dataset_blobs": "dataset_id BIGINT, sha256 VARCHAR, data BLOB, part INTEGER",
    "external_ids": "id BIGINT, kind VARCHAR, object_id BIGINT, source VARCHAR, "
    "external_id VARCHAR, "
    "created_at TIMESTAMP, created_by VARCHAR",
    "evaluations": "id BIGINT, name VARCHAR, description VARCHAR, author VARCHAR, "
    "created_at TIMESTAMP, "
    "updated_by VARCHAR, updated_at TIMESTAMP, deleted_at TIMESTAMP, deleted_by VARCHAR, "
    "tags VARCHAR[]",
    "evaluation_runs": "id BIGINT, evaluation_id BIGINT, number INTEGER, name VARCHAR, "
    "dataset_id BIGINT, "
    "dataset_version INTEGER, judge VARCHAR, score VARCHAR, budget DECIMAL(18,9), "
    "concurrency INTEGER, state VARCHAR, reason VARCHAR, worker INTEGER, heartbeat_at "
    "TIMESTAMP, author VARCHAR, created_at TIMESTAMP, started_at TIMESTAMP, ended_at "
    "TIMESTAMP",
    "evaluation_columns": "id BIGINT, run_id BIGINT, position INTEGER, name VARCHAR, type "
    "VARCHAR, spec VARCHAR, "
    "used VARCHAR, edited_by VARCHAR, edited_at TIMESTAMP",
    "evaluation_cells": "run_id BIGINT, dataset_row BIGINT, column_id BIGINT, state VARCHAR, "
    "value VARCHAR, passed "
    "BOOLEAN, kind VARCHAR, message VARCHAR, retryable BOOLEAN, attempts INTEGER, "
    "generation INTEGER, detail VARCHAR, cost DECIMAL(18,9), author VARCHAR, ended_at "
    "TIMESTAMP, texts BIGINT, long_values VARCHAR",
    "evaluation_texts": "owner BIGINT, id BIGINT, name VARCHAR, part INTEGER, text VARCHAR",
    "connections": "name VARCHAR, kind VARCHAR, base_url VARCHAR, key_variable VARCHAR, "
    "models VARCHAR[], headers VARCHAR, created_at TIMESTAMP, created_by VARCHAR",
    "saved_views": "id INTEGER, name VARCHAR, filter VARCHAR, sort VARCHAR, columns VARCHAR, "
    "author VARCHAR, created_at TIMESTAMP, changed_by VARCHAR, changed_at TIMESTAMP, "
    "deleted_at TIMESTAMP, deleted_by VARCHAR",
    "scores": "request_id BIGINT, name VARCHAR, value DOUBLE, actor VARCHAR, scored_at TIMESTAMP",
    "stars": "request_id BIGINT, actor VARCHAR, starred_at TIMESTAMP",
    "tags": "name VARCHAR, colour VARCHAR, description VARCHAR, created_at TIMESTAMP",
    "label_protections": "template_id BIGINT, name VARCHAR, created_at TIMESTAMP, "
    "created_by VARCHAR",
    "label_requests": "id BIGINT, template_id BIGINT, name VARCHAR, kind VARCHAR, "
    "from_number INTEGER, to_number INTEGER, splits VARCHAR, note VARCHAR, "
    "requested_at TIMESTAMP, requested_by VARCHAR, decision VARCHAR, decided_at TIMESTAMP, "
    "decided_by VARCHAR",
    "label_splits": "id BIGINT, template_id BIGINT, name VARCHAR, splits VARCHAR, "
    "sticky_key VARCHAR, seed BIGINT, started_at TIMESTAMP, started_by VARCHAR, "
    "ended_at TIMESTAMP, ended_by VARCHAR",
    "provider_base_urls": "id BIGINT, name VARCHAR, provider VARCHAR, url VARCHAR, "
    "updated_at TIMESTAMP, updated_by VARCHAR",
    "template_folders": "id BIGINT, parent_id BIGINT, name VARCHAR, created_at TIMESTAMP, "
    "created_by VARCHAR, updated_at TIMESTAMP",
    "template_labels": "id BIGINT, template_id BIGINT, name VARCHAR, version_id BIGINT, "
    "number INTEGER, created_at TIMESTAMP, moved_at TIMESTAMP, moved_by VARCHAR",
    "template_snippets": "version_id BIGINT, template_id BIGINT, snippet_key VARCHAR, "
    "snippet_number INTEGER, snippet_label VARCHAR",
    "template_versions": "id BIGINT, template_id BIGINT, number INTEGER, kind VARCHAR, "
    "prompt VARCHAR, metadata VARCHAR, provider_base_url VARCHAR, message VARCHAR, "
    "parent_id BIGINT, model_provider VARCHAR, model_name VARCHAR, variables VARCHAR[], "
    "text_folded VARCHAR, created_at TIMESTAMP, created_by VARCHAR",
    "templates": "id BIGINT, name VARCHAR, name_key VARCHAR, name_folded VARCHAR, "
    "folder_id BIGINT, tags VARCHAR[], created_at TIMESTAMP, created_by VARCHAR, "
    "updated_at TIMESTAMP, deleted_at TIMESTAMP, deleted_by VARCHAR",
    "variable_sets": "id BIGINT, template_id BIGINT, name VARCHAR, values_json VARCHAR, "
    "source VARCHAR, updated_at TIMESTAMP, updated_by VARCHAR",
}
OWNER = """
import sys, time
from workbench.settings import Settings
from workbench.store.store import Store
store = Store(Settings(database=sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""


def schema(store: Store) -> dict[str, str]:
    with store.connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT table_name, column_name || ' ' || data_type FROM duckdb_columns() "
            "WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal "
            "ORDER BY table_name, column_index"
        ).fetchall()
    tables: dict[str, list[str]] = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return {table: ", ".join(columns) for table, columns in tables.items()}


def test_a_new_store_has_the_pinned_schema(store: Store) -> None:
    assert schema(store) == SCHEMA


def test_every_table_is_in_the_list_that_a_backup_copies(store: Store) -> None:
    assert set(TABLES) == set(SCHEMA)


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [each.number for each in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_a_store_that_is_opened_again_keeps_its_rows_and_runs_nothing_twice(
    opener: Opener,
) -> None:
    added = opener().add(some_request(model="gpt-4o")).result()
    again = opener()
    detail = requests.get(again.connection, added.id)
    assert detail is not None
    assert detail.summary.model == "gpt-4o"
    with again.connection.cursor() as cursor:
        ran = cursor.execute("SELECT number FROM migrations ORDER BY number").fetchall()
        guards = cursor.execute("SELECT count(*), count(DISTINCT bucket) FROM guards").fetchone()
    assert ran == [(each.number,) for each in MIGRATIONS]
    assert guards == (64, 64)


def test_ids_go_on_rising_after_a_restart_with_the_clock_set_back(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opener().add(some_request()).result().id
    monkeypatch.setattr("workbench.ids.time.time_ns", lambda: 1_750_000_000 * 10**9)
    assert opener().add(some_request()).result().id > before


def test_a_store_of_a_newer_version_is_refused_in_a_sentence(opener: Opener) -> None:
    store = opener()
    newest = MIGRATIONS[-1].number

    def from_the_future(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("INSERT INTO migrations VALUES (?, 'later', now()::TIMESTAMP)", [newest + 3])

    store.change(from_the_future).result()
    with pytest.raises(StoreTooNew, match=f"is at migration {newest + 3}.*knows {newest}"):
        opener()


def test_a_migration_that_fails_half_way_leaves_nothing_of_itself(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opener().add(some_request()).result().id
    number = len(MIGRATIONS) + 1
    half = ("CREATE TABLE half (a INTEGER)", "ALTER TABLE tags ADD COLUMN b INTEGER", "nonsense")
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, Migration(number, "half", half)))
    with pytest.raises(StoreError, match="stays as it was"):
        opener()
    monkeypatch.setattr(migrate, "MIGRATIONS", MIGRATIONS)
    store = opener()
    assert schema(store) == SCHEMA
    assert requests.get(store.connection, kept) is not None
    whole = (*half[:2], "INSERT INTO half VALUES (7)")
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, Migration(number, "whole", whole)))
    with opener().connection.cursor() as cursor:
        assert cursor.execute("SELECT a FROM half").fetchall() == [(7,)]


def test_a_second_process_is_told_in_one_sentence_who_has_the_store(
    chosen: Settings, engine: str
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, chosen.database], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        with pytest.raises(StoreInUse, match=rf"in use by process {owner.pid} \(") as caught:
            Store(chosen)
        assert "\n" not in str(caught.value)
    finally:
        owner.kill()
        owner.communicate()
    Store(chosen).close()


def test_a_second_store_in_the_same_process_is_refused(chosen: Settings, store: Store) -> None:
    with pytest.raises(StoreInUse, match="in use by this process"):
        Store(chosen)
    assert not store.add(some_request()).result().duplicate


def test_what_is_no_store_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "notes.duckdb"
    file.write_text("These are not rows. " * 500)
    with pytest.raises(StoreError, match=r"notes\.duckdb cannot be opened"):
        Store(Settings(database=str(file)))
    assert file.read_text().startswith("These are not rows.")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file/below for the store cannot be made"):
        Store(Settings(database=str(tmp_path / "file" / "below" / "workbench.duckdb")))


def test_a_name_with_quotes_and_spaces_can_be_a_store(tmp_path: Path) -> None:
    for database in (f"{tmp_path}/it's a 'store'.duckdb", f"ducklake:{tmp_path}/it's.ducklake"):
        chosen = Settings(database=database)
        store = Store(chosen)
        store.add(some_request()).result()
        store.close()
        assert store_size(chosen) > 10_000
        Connection(chosen).close()


def test_closing_leaves_one_whole_file(tmp_path: Path) -> None:
    store = Store(Settings(database=str(tmp_path / "workbench.duckdb")))
    for number in range(50):
        store.add(some_request(raw=str(number)))
    store.close()
    assert [each.name for each in tmp_path.iterdir()] == ["workbench.duckdb"]
