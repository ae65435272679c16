"""What can be asked of a request's metadata, as one list of texts in the row.

For every value that is not null the list has its path, and for every scalar below it the path with
the value. A path is the keys joined by dots; a key that itself holds the dots goes first. Lists are
looked through two levels deep. So a comparison is one look into a list, whatever else is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

# Control characters that stand in no key people write; one that is written loses no other match.
THERE = "\x1e"
VALUE = "\x1f"
MAX_DEPTH = 12
MAX_ENTRIES = 2000


def index_of(metadata: Mapping[str, Any]) -> list[str]:
    """The list for `metadata`, at most MAX_ENTRIES long."""
    entries: dict[str, None] = {}
    for path, value in _paths(metadata, "", MAX_DEPTH):
        if path in metadata and metadata[path] is not None and value is not metadata[path]:
            continue
        entries[path + THERE] = None
        for scalar in _scalars(value, 2):
            entries[path + VALUE + scalar] = None
        if len(entries) >= MAX_ENTRIES:
            break
    return list(entries)[:MAX_ENTRIES]


def _paths(value: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if inner is None:
            continue
        yield prefix + key, inner
        if isinstance(inner, dict) and depth > 1:
            yield from _paths(inner, f"{prefix}{key}.", depth - 1)


def _scalars(value: Any, levels: int) -> Iterator[str]:
    """Texts of a scalar, or of the scalars in a list: strings as they are, the rest as JSON."""
    if isinstance(value, list):
        if levels:
            for each in value:
                yield from _scalars(each, levels - 1)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, dict):
        yield orjson.dumps(value).decode()
