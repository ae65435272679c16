"""What can be done to many requests at once, and how each is undone: a few statements a batch.

`apply` first notes what each request that will change has now (table bulk_before), then changes
exactly those. `revert` puts that back where nothing else has changed it since. Both are run by the
writer, for the ids of one batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workbench.store.bulk_batch import Kind, Made
from workbench.store.bulk_marks import Deleting, Grouping, Starring
from workbench.store.bulk_values import MetadataChange, Scoring, Tagging

__all__ = [
    "KINDS",
    "Deleting",
    "Grouping",
    "Kind",
    "Made",
    "MetadataChange",
    "Scoring",
    "Starring",
    "Tagging",
    "asked",
    "kind_of",
]

KINDS: tuple[type[Kind], ...] = (Tagging, MetadataChange, Scoring, Starring, Grouping, Deleting)
_BY_ACTION: dict[str, Any] = {kind.action: kind for kind in KINDS}


def asked(kind: Kind) -> dict[str, Any]:
    """What was asked, as a JSON object."""
    return asdict(kind)  # type: ignore[call-overload, no-any-return]


def kind_of(action: str, detail: Mapping[str, Any]) -> Kind:
    """The thing to do that `asked` describes."""
    kind: Kind = _BY_ACTION[action](**detail)
    return kind
