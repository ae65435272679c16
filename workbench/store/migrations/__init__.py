"""The numbered list of migrations. It only grows: an existing store has run the earlier ones.

Only what DuckDB files and DuckLake share is used: no keys, constraints, indexes or sequences.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.store.migrations import (
    m0001_first,
    m0002_stars_and_undo,
    m0003_saved_views,
    m0004_registry,
    m0005_connections,
    m0006_exports,
    m0007_drafts,
    m0008_playground,
    m0009_datasets,
    m0010_evaluations,
    m0011_playground_votes,
    m0012_pieces,
    m0013_long_values,
    m0014_jobs,
    m0015_evaluation_tags,
)


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "the first tables", m0001_first.STATEMENTS),
    Migration(2, "stars and undo", m0002_stars_and_undo.STATEMENTS),
    Migration(3, "saved views", m0003_saved_views.STATEMENTS),
    Migration(4, "the prompt registry", m0004_registry.STATEMENTS),
    Migration(5, "connected endpoints", m0005_connections.STATEMENTS),
    Migration(6, "exports", m0006_exports.STATEMENTS),
    Migration(7, "drafts", m0007_drafts.STATEMENTS),
    Migration(8, "the playground", m0008_playground.STATEMENTS),
    Migration(9, "datasets", m0009_datasets.STATEMENTS),
    Migration(10, "evaluations", m0010_evaluations.STATEMENTS),
    Migration(11, "votes of the playground", m0011_playground_votes.STATEMENTS),
    Migration(12, "long values in pieces", m0012_pieces.STATEMENTS),
    Migration(
        13,
        "long values of datasets and grids",
        m0013_long_values.STATEMENTS,
    ),
    Migration(14, "jobs", m0014_jobs.STATEMENTS),
    Migration(15, "tags of evaluations", m0015_evaluation_tags.STATEMENTS),
)
