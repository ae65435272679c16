"""Imports into a store of their own, and what is then in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.settings import Settings
from workbench.store import requests
from workbench.store.rows import Detail
from workbench.store.store import Store

FILES = Path(__file__).parent / "files"


@contextmanager
def a_store(folder: Path, name: str = "store") -> Iterator[Store]:
    store = Store(Settings(database=str(folder / f"{name}.duckdb"), time_zone="UTC"))
    try:
        yield store
    finally:
        store.close()


def kept(store: Store) -> list[Detail]:
    """Every request of a store, by start and then by what was said."""
    with store.connection.cursor() as cursor:
        ids = [id_ for (id_,) in cursor.execute("SELECT id FROM requests").fetchall()]
    found = [requests.get(store.connection, id_) for id_ in ids]
    details = [each for each in found if each is not None]
    return sorted(details, key=lambda one: (one.summary.started_at, one.input_text, one.raw))


def told(detail: Detail) -> dict[str, Any]:
    """What a record says, without what belongs to one store: ids, times of arrival, raw text."""
    summary = detail.summary
    return {
        "started_at": summary.started_at,
        "ended_at": summary.ended_at,
        "provider": summary.provider,
        "model": summary.model,
        "status": summary.status,
        "input": detail.input_text,
        "output": detail.output_text,
        "prompt": detail.prompt,
        "answer": detail.output,
        "input_tokens": summary.input_tokens,
        "output_tokens": summary.output_tokens,
        "cost": summary.cost,
        "cost_source": detail.cost_source,
        "tags": summary.tags,
        "metadata": detail.metadata,
        "prompt_name": summary.prompt_name,
        "trace_id": detail.trace_id,
        "error_message": detail.error_message,
        "parameters": detail.parameters,
    }


__all__ = ["FILES", "a_store", "kept", "told"]
