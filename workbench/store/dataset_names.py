"""What a version calls columns whose values stand in its rows under another name.

A renamed column keeps its key, the name that it came in with: its values stay where they are in
every row. So a rename costs the same for one row and for a million, nobody sees half of it, and
versions before it go on with their own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from workbench.store.connection import Cursor

# Stands before a name that is the key of another column by now; no name may hold it.
_ANOTHER = "\x1f"


@dataclass(frozen=True, slots=True)
class Names:
    """by_key: names of those columns, hidden ones too; of all others the name is the key."""

    by_key: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """Under what the values of a column stand, or would stand where it is a new one."""
        for key, named in self.by_key.items():
            if named == name:
                return key
        key = name
        while key in self.by_key:
            key = _ANOTHER + key
        return key

    def name(self, key: str) -> str:
        return self.by_key.get(key, key)

    def keyed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.key(name): value for name, value in values.items()}

    def named(self, values: dict[str, Any]) -> dict[str, Any]:
        if not self.by_key:
            return values
        return {self.name(key): value for key, value in values.items()}

    def renamed(self, name: str, to: str) -> Names:
        by_key = {**self.by_key, self.key(name): to}
        return Names({key: one for key, one in by_key.items() if key != one})


def read_names(text: str) -> Names:
    """Of the columns as `dataset_values.columns_text` wrote them."""
    return Names({str(one["key"]): str(one["name"]) for one in orjson.loads(text) if "key" in one})


def names_in(cursor: Cursor, dataset_id: int | None, number: int | None) -> Names:
    """Those of a version."""
    row = cursor.execute(
        "SELECT columns FROM dataset_versions WHERE dataset_id = ? AND number = ?",
        [dataset_id, number],
    ).fetchone()
    return Names() if row is None else read_names(row[0])
