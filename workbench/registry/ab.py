"""A/B releases: a label that serves several versions by percentage, to segments, stickily.

Which version was served stands in the answer of a fetch, and that is what its caller logs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from workbench.jsontext import FieldError
from workbench.registry import finding
from workbench.registry.names import check_label
from workbench.store import registry_labels as label_rows
from workbench.store import registry_splits as split_rows
from workbench.store import registry_versions as version_rows
from workbench.store.connection import Connection, Cursor
from workbench.store.registry_approvals import SPLIT
from workbench.store.registry_rows import LabelRequest, SplitRow
from workbench.store.store import Store

MAX_SHARES = 20
MAX_SEGMENTS = 20
_HUNDRED = Decimal(100)
# Percentages are cut to this: a hundred thousand steps.
_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Share:
    """A version by number, and the percentage of requests that it serves (three decimals)."""

    number: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Segment:
    """Requests whose metadata has, for each key, one of the values; they have shares of their own.

    The first segment that fits a request decides.
    """

    name: str
    when: Mapping[str, tuple[str, ...]]
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """An A/B release of a label. `id` is 0 for one that has not been started.

    sticky_key: requests whose metadata have the same value there get the same version.
    """

    label: str
    shares: tuple[Share, ...]
    segments: tuple[Segment, ...] = ()
    sticky_key: str | None = None
    id: int = 0
    seed: int = 0
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """The version that a release served: through which segment, and whether by a sticky value."""

    release_id: int
    label: str
    number: int
    segment: str | None
    sticky: bool


def start(
    store: Store, actor: str, identifier: str | int, release: Release, note: str | None = None
) -> Release | LabelRequest:
    """Let a label serve this release from now on; one that runs on it ends.

    Where that one is sticky by the same key, its values go on falling where they fell: of a share
    that grows from 10 to 20 percent, those who had it keep it.
    The label is made, at the version with the largest share, where it is new. On a protected label
    the release waits for a second person. Raises FieldError for percentages that do not sum to
    100, NotFound for versions that are not there.
    """
    check_label(release.label, "label")
    check(release)
    template = finding.template(store.connection, identifier)
    seed = secrets.randbits(52)

    def change(cursor: Cursor) -> SplitRow | LabelRequest:
        runs = split_rows.running(cursor, template.id, release.label)
        is_same = runs is not None and runs.sticky_key == release.sticky_key
        splits = to_json(replace(release, seed=runs.seed if runs and is_same else seed))
        for share in _all_shares(release):
            version_rows.info_numbered(cursor, template.id, share.number)
        where = (cursor, actor, template.id, release.label)
        if label_rows.is_protected(cursor, template.id, release.label):
            return store.registry.approvals.ask(*where, SPLIT, note=note, splits=splits)
        return store.registry.splits.start(*where, splits)

    made = store.change_registry(change)
    return from_row(made) if isinstance(made, SplitRow) else made


def end(store: Store, actor: str, identifier: str | int, label: str) -> None:
    """End the release of a label, which serves its own version again. Raises NotFound."""
    template = finding.template(store.connection, identifier)
    store.change_registry(
        lambda cursor: store.registry.splits.end(cursor, actor, template.id, label)
    )


def releases(connection: Connection, identifier: str | int) -> list[Release]:
    """Every release of a template, running ones first, then the newest."""
    template = finding.template(connection, identifier)
    return [from_row(row) for row in split_rows.of_template(connection, template.id)]


def check(release: Release) -> None:
    """Raises FieldError where percentages do not sum to 100 or a segment asks for nothing."""
    if len(release.segments) > MAX_SEGMENTS:
        raise FieldError("segments", f"{MAX_SEGMENTS} segments are the limit")
    _check_shares(release.shares, "shares")
    for index, segment in enumerate(release.segments):
        place = f"segments[{index}]"
        if not segment.when or not all(segment.when.values()):
            raise FieldError(f"{place}.when", "a metadata key with at least one value is needed")
        _check_shares(segment.shares, f"{place}.shares")


def _check_shares(shares: Sequence[Share], field: str) -> None:
    if not 1 <= len(shares) <= MAX_SHARES:
        raise FieldError(field, f"from 1 to {MAX_SHARES} versions are needed")
    if any(not 0 <= share.percent <= _HUNDRED for share in shares):
        raise FieldError(field, "each percentage is from 0 to 100")
    if any(share.percent % _STEP for share in shares):
        raise FieldError(field, "percentages have at most three decimals")
    total = sum((share.percent for share in shares), Decimal(0))
    if total != _HUNDRED:
        raise FieldError(field, f"the percentages sum to {total.normalize():f}, not to 100")
    numbers = [share.number for share in shares]
    if len(set(numbers)) != len(numbers):
        raise FieldError(field, "a version stands there twice")


def choose(release: Release, metadata: Mapping[str, Any] | None) -> Served:
    """The version that a request with this metadata gets.

    A sticky value decides by a hash of it, the same in every process and after every restart; a
    request without one gets a version by chance.
    """
    given = {key: _text(value) for key, value in (metadata or {}).items()}
    segment = next((one for one in release.segments if _fits(one, given)), None)
    shares = segment.shares if segment is not None else release.shares
    value = given.get(release.sticky_key) if release.sticky_key else None
    if value is None:
        point = Decimal(secrets.randbelow(100_000)) * _STEP
    else:
        point = Decimal(_hashed(release.seed, value) % 100_000) * _STEP
    name = segment.name if segment is not None else None
    reached = Decimal(0)
    number = shares[-1].number
    for share in shares:
        reached += share.percent
        if point < reached:
            number = share.number
            break
    return Served(release.id, release.label, number, name, value is not None)


def _fits(segment: Segment, given: Mapping[str, str]) -> bool:
    return all(given.get(key) in values for key, values in segment.when.items())


def _hashed(seed: int, value: str) -> int:
    digest = hashlib.sha256(f"{seed}\0{value}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _all_shares(release: Release) -> list[Share]:
    return [*release.shares, *(share for one in release.segments for share in one.shares)]


def to_json(release: Release) -> dict[str, Any]:
    """As the store keeps it; percentages are texts, so that no digit is lost."""

    def shares(values: Sequence[Share]) -> list[dict[str, Any]]:
        return [{"version": one.number, "percent": f"{one.percent:f}"} for one in values]

    return {
        "shares": shares(release.shares),
        "segments": [
            {
                "name": one.name,
                "when": {key: list(values) for key, values in one.when.items()},
                "shares": shares(one.shares),
            }
            for one in release.segments
        ],
        "sticky_key": release.sticky_key,
        "seed": release.seed,
    }


def from_row(row: SplitRow) -> Release:
    release = from_json(row.name, row.splits)
    return replace(release, id=row.id, seed=row.seed, is_running=row.ended_at is None)


def from_json(label: str, splits: Mapping[str, Any]) -> Release:
    """What `to_json` gave, as a release that was not started."""

    def shares(values: list[dict[str, Any]]) -> tuple[Share, ...]:
        return tuple(Share(one["version"], Decimal(one["percent"])) for one in values)

    segments = tuple(
        Segment(
            one["name"],
            {key: tuple(values) for key, values in one["when"].items()},
            shares(one["shares"]),
        )
        for one in splits["segments"]
    )
    return Release(
        label=label,
        shares=shares(splits["shares"]),
        segments=segments,
        sticky_key=splits["sticky_key"],
        seed=splits["seed"],
    )
