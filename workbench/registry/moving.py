"""Moves of release labels as JSON values: what the API and the command line say and take."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.jsontext import FieldError, kind
from workbench.registry import ab, finding
from workbench.registry.ab import Release, Segment, Share
from workbench.registry.labels import LabelChange
from workbench.registry.preflight import Preflight
from workbench.store.connection import Connection
from workbench.store.registry_rows import LabelRequest

MAX_FAILURES = 20


def preflight_report(found: Preflight) -> dict[str, Any]:
    """`clear` is false where nothing was logged that could be tried."""
    failures = [one for one in found.outcomes if one.problem][:MAX_FAILURES]
    return {
        "prompt_name": found.template.name,
        "label": found.label,
        "from_version": found.before.number if found.before else None,
        "to_version": found.after.number,
        "clear": found.is_clear,
        "summary": found.sentence,
        "remarks": found.remarks,
        "found": found.found,
        "tried": found.tried,
        "failing": found.failing,
        "newly_failing": found.newly_failing,
        "lacking": found.lacking,
        "variables": {
            "new": list(found.variables.added),
            "gone": list(found.variables.removed),
            "missing": dict(found.missing),
            "unused": dict(found.unused),
        },
        "mean_characters": _pair(found.chars),
        "mean_input_tokens": _pair(found.tokens),
        "failures": [{"request_id": one.request_id, "problem": one.problem} for one in failures],
    }


def _pair(found: tuple[float, float] | None) -> dict[str, float] | None:
    return None if found is None else {"before": found[0], "after": found[1]}


def change_report(change: LabelChange) -> dict[str, Any]:
    """What became of a move. request_id: of the change that waits for a second person."""
    return {
        "label": change.name,
        "from_version": change.before,
        "to_version": change.after,
        "waits": change.waits,
        "request_id": change.request.id if change.request else None,
        "summary": change.sentence,
    }


def described(connection: Connection, asked: LabelRequest) -> dict[str, Any]:
    """A change of a protected label. prompt_name: None where a label in every template is meant."""
    id_ = asked.template_id
    template = None if id_ is None else finding.template(connection, id_, deleted=True).name
    return {
        "id": asked.id,
        "prompt_name": template,
        "label": asked.name,
        "kind": asked.kind,
        "from_version": asked.from_number,
        "to_version": asked.to_number,
        "release": None
        if asked.splits is None
        else release_report(ab.from_json(asked.name, asked.splits)),
        "note": asked.note,
        "requested_at": asked.requested_at.isoformat(),
        "requested_by": asked.requested_by,
        "decision": asked.decision,
        "decided_by": asked.decided_by,
    }


def release_report(release: Release) -> dict[str, Any]:
    """An A/B release in the form that `read_release` takes, and whether it runs."""
    whole = ab.to_json(release)
    whole.pop("seed")
    return {"label": release.label, **whole, "running": release.is_running}


def read_release(value: Any) -> Release:
    """`label`, `shares` [{version, percent}], `segments` [{name, when, shares}], `sticky_key`.

    Raises FieldError with the place of what does not fit.
    """
    if not isinstance(value, Mapping):
        raise FieldError("", f"an object is needed, {kind(value)} came")
    segments = _list(value.get("segments") or [], "segments")
    sticky = value.get("sticky_key")
    release = Release(
        label=_text(value.get("label"), "label"),
        shares=_shares(value.get("shares"), "shares"),
        segments=tuple(_segment(one, f"segments[{at}]") for at, one in enumerate(segments)),
        sticky_key=None if sticky in (None, "") else _text(sticky, "sticky_key"),
    )
    ab.check(release)
    return release


def _segment(value: Any, place: str) -> Segment:
    if not isinstance(value, Mapping):
        raise FieldError(place, f"an object is needed, {kind(value)} came")
    when = value.get("when")
    if not isinstance(when, Mapping):
        raise FieldError(f"{place}.when", "an object of metadata keys and their values is needed")
    return Segment(
        _text(value.get("name"), f"{place}.name"),
        {key: _values(each, f"{place}.when.{key}") for key, each in when.items()},
        _shares(value.get("shares"), f"{place}.shares"),
    )


def _values(value: Any, place: str) -> tuple[str, ...]:
    return tuple(_text(one, place) for one in (value if isinstance(value, list) else [value]))


def _shares(value: Any, place: str) -> tuple[Share, ...]:
    return tuple(_share(one, f"{place}[{at}]") for at, one in enumerate(_list(value, place)))


def _share(value: Any, place: str) -> Share:
    if not isinstance(value, Mapping):
        raise FieldError(place, f"an object is needed, {kind(value)} came")
    version = value.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FieldError(f"{place}.version", "the number of a version is needed")
    return Share(version, percentage(value.get("percent"), f"{place}.percent"))


def percentage(value: Any, place: str) -> Decimal:
    """A percentage given as a number or a text."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        read = Decimal(str(value))
        if not read.is_finite():
            raise ValueError
    except (InvalidOperation, ValueError):
        raise FieldError(place, "a percentage is needed") from None
    return read


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise FieldError(place, f"a text is needed, {kind(value)} came")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise FieldError(place, f"a list is needed, {kind(value)} came")
    return value
