"""The manifest: what is in an export, from when, and how to check it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from workbench import __version__
from workbench.export.masking.masker import Masker
from workbench.export.output import WrittenFile
from workbench.export.sources import AnySnapshot, told
from workbench.export.spec import Spec

MANIFEST_VERSION = 1


def manifest_of(
    spec: Spec,
    snapshot: AnySnapshot,
    *,
    id_: int,
    now: datetime,
    files: Sequence[WrittenFile],
    written: int,
    masker: Masker | None,
    more: dict[str, Any],
) -> dict[str, Any]:
    """`more`: what the format has to say (columns and notes, or the report of a pack)."""
    return {
        "manifest_version": MANIFEST_VERSION,
        "export": id_,
        "name": spec.name,
        "source": spec.source,
        "format": spec.format,
        "rules": spec.entry.source or None,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "snapshot": {
            "taken_at": snapshot.taken_at.isoformat(timespec="microseconds"),
            "newest_request": snapshot.as_of,
            "relative_times_count_from": now.isoformat(timespec="seconds"),
        },
        "filter": told(spec, now),
        "rows": {"expected": snapshot.rows, "written": written},
        "files": [each.to_json() for each in files],
        "masking": None if masker is None else _masking(masker),
        **more,
        "spec": spec.to_json(),
        "versions": {
            "workbench": __version__,
            "duckdb": version("duckdb"),
            "pyarrow": version("pyarrow"),
        },
    }


def _masking(masker: Masker) -> dict[str, Any]:
    return {
        "detectors": list(masker.detectors),
        "patterns": [each.to_json() for each in masker.patterns],
        "name_fields": list(masker.name_fields),
        "masked": dict(sorted(masker.counts.items())),
    }
