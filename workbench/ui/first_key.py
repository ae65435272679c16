"""The first API key: made when a store is opened that has none, shown while nothing has come in."""

from __future__ import annotations

from workbench.store import keys
from workbench.store.store import Store

ACTOR = "system"
# Kept in memory alone: after the process ends nobody can show it again.
_shown: dict[str, str] = {}


def announce(store: Store, address: str) -> None:
    """Make the first key where there is none and print it once with the lines to copy."""
    if store.settings.api_key or keys.listed(store.connection):
        return
    key = store.make_key(ACTOR, "first key")
    _shown["key"] = key
    lines = (
        "",
        "  The workbench has made your first API key. It is printed this once:",
        "",
        f"    export PROMPTLAYER_BASE_URL={address}",
        f"    export PROMPTLAYER_API_KEY={key}",
        "",
        f"  Open {address} to see what arrives. Keys are made and revoked in Settings.",
        "",
    )
    print("\n".join(lines), flush=True)  # noqa: T201 - the terminal is where it is promised


def first_key() -> str | None:
    """The first key, while this process is the one that made it."""
    return _shown.get("key")
