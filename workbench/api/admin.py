"""Our own routes for the command line: keys, sample, backup of a running server."""

from __future__ import annotations

from typing import Any

from workbench.store.keys import ApiKey


def key_row(key: ApiKey) -> dict[str, Any]:
    """A key as it may be told: never the key itself."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "created_by": key.created_by,
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
    }
