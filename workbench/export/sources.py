"""Where an export's rows come from: one door for each kind of thing that leaves.

A source has a snapshot (rows, as_of, taken_at, tables, interrupt, close), columns, and its choice
in words and as SQL. What else is to leave one day, such as grids, comes in here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from workbench.export.spec import DATASETS, PROMPTS, Spec
from workbench.filters import describe, to_api, to_url
from workbench.store import export_datasets, export_prompts
from workbench.store.connection import Connection
from workbench.store.export_datasets import DatasetSnapshot
from workbench.store.export_prompts import PromptSnapshot
from workbench.store.export_rows import Snapshot
from workbench.store.filter_sql import explain_sql

AnySnapshot: TypeAlias = Snapshot | PromptSnapshot | DatasetSnapshot


def snapshot_of(
    connection: Connection,
    spec: Spec,
    *,
    now: datetime,
    started: Callable[[AnySnapshot], None] | None = None,
) -> AnySnapshot:
    """What the spec chooses, at this moment. Use it as a context. Raises StoreError."""
    if spec.source == PROMPTS:
        return PromptSnapshot(connection, spec.q, started=started)
    if spec.source == DATASETS:
        return DatasetSnapshot(connection, spec.dataset or 0, spec.version, started=started)
    return Snapshot(connection, spec.filter, now=now, started=started)


def words_of(spec: Spec) -> str:
    """What is chosen, in words."""
    if spec.source == PROMPTS:
        return f'prompt templates named like "{spec.q}"' if spec.q else "all prompt templates"
    if spec.source == DATASETS:
        version = "the newest version" if spec.version is None else f"version {spec.version}"
        return f"{version} of dataset {spec.dataset}"
    return describe(spec.filter) or "all requests"


def told(spec: Spec, now: datetime) -> dict[str, Any]:
    """What is chosen, as the manifest tells it."""
    if spec.source == PROMPTS:
        chosen: dict[str, Any] = {} if spec.q is None else {"q": spec.q}
        sql = export_prompts.explained(spec.q)
        return {"words": words_of(spec), "json": chosen, "sql": sql, "link": None}
    if spec.source == DATASETS:
        chosen = {"dataset": spec.dataset, "version": spec.version}
        sql = export_datasets.explained(spec.dataset or 0, spec.version)
        return {"words": words_of(spec), "json": chosen, "sql": sql, "link": None}
    filter_ = spec.filter
    return {
        "words": describe(filter_),
        "json": to_api(filter_),
        "sql": explain_sql(filter_, now),
        "link": to_url(filter_),
    }
