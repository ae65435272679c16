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
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.store.export_rows import Snapshot

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
    """`more`: what the format has to say (columns and notes, or the report of a pack).

    Where masking is on, what was searched for is masked too: a manifest goes where the files go.
    """
    asked, is_masked = _as_it_may_leave(spec, masker)
    chosen = told(asked, now, snapshot.as_of)
    if is_masked:
        # The link would search for the marks.
        chosen |= {"link": None, "masked": True}
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
        "filter": chosen,
        "rows": {"expected": snapshot.rows, "written": written},
        "files": [each.to_json() for each in files],
        "masking": None if masker is None else _masking(masker),
        **more,
        "spec": asked.to_json(),
        "versions": {
            "workbench": __version__,
            "duckdb": version("duckdb"),
            "pyarrow": version("pyarrow"),
            "rules": f"{spec.format}/{spec.entry.rules}",
        },
        # What read the calls, and how many of them: a later one may read them otherwise.
        "normalisers": snapshot.normalisers if isinstance(snapshot, Snapshot) else None,
    }


def _as_it_may_leave(spec: Spec, masker: Masker | None) -> tuple[Spec, bool]:
    """The spec with masked texts in its filter, and whether there were any."""
    if masker is None:
        return spec, False
    quiet = masker.copy()
    given = spec.to_json()
    made = {name: _masked(given[name], quiet) for name in ("filter_group", "q") if name in given}
    if all(made[name] == given[name] for name in made):
        return spec, False
    try:
        return read_spec({**given, **made}), True
    except FieldError:
        # A mark is no value of that field: better none of the filter than something personal.
        return read_spec({name: value for name, value in given.items() if name not in made}), True


def _masked(value: Any, masker: Masker) -> Any:
    """Texts alone: a number in a filter may be a request's id, which is no card."""
    if isinstance(value, str):
        return masker.text(value)
    if isinstance(value, list):
        return [_masked(each, masker) for each in value]
    if isinstance(value, dict):
        return {name: _masked(each, masker) for name, each in value.items()}
    return value


def _masking(masker: Masker) -> dict[str, Any]:
    return {
        "detectors": list(masker.detectors),
        "patterns": [each.to_json() for each in masker.patterns],
        "name_fields": list(masker.name_fields),
        "masked": dict(sorted(masker.counts.items())),
    }
