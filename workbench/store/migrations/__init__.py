"""The numbered list of migrations. It only grows: an existing store has run the earlier ones.

Only what DuckDB files and DuckLake share is used: no keys, constraints, indexes or sequences.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.store.migrations import m0001_first


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (Migration(1, "the first tables", m0001_first.STATEMENTS),)
