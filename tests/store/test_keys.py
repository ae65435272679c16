"""API keys: valid until revoked, and never to be read from the store's files."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import Opener
from workbench.settings import Settings
from workbench.store import audit, keys
from workbench.store.errors import NotFound, Refused
from workbench.store.store import SETTINGS_KEY_ACTOR, Store

NOW = 1000.0


def test_a_key_speaks_for_its_name_until_it_is_revoked(store: Store) -> None:
    key = store.make_key("page", " mobile app ")
    assert store.actor_of(key, NOW) == "key:mobile app"
    (listed,) = keys.listed(store.connection)
    assert (listed.name, listed.hint, listed.revoked_at) == ("mobile app", key[-4:], None)
    store.revoke_key("page", listed.id)
    assert store.actor_of(key, NOW) is None
    assert keys.listed(store.connection)[0].revoked_at is not None


@pytest.mark.parametrize("key", ["", "wb_", "x" * 50, "ключ", "\ud800", "wb_\x00"])
def test_what_is_no_key_speaks_for_nobody(store: Store, key: str) -> None:
    store.make_key("page", "one")
    assert store.actor_of(key, NOW) is None


def test_keys_are_long_and_all_different(store: Store) -> None:
    made = {store.make_key("page", "same name") for _ in range(5)}
    assert len(made) == 5
    assert all(key.startswith("wb_") and len(key) >= 45 for key in made)


def test_keys_live_through_a_restart_and_so_do_revocations(opener: Opener) -> None:
    store = opener()
    kept, gone = store.make_key("page", "kept"), store.make_key("page", "gone")
    store.revoke_key("page", keys.listed(store.connection)[0].id)
    again = opener()
    assert again.actor_of(kept, NOW) == "key:kept"
    assert again.actor_of(gone, NOW) is None


def test_the_key_itself_stands_in_none_of_the_files(opener: Opener, tmp_path: Path) -> None:
    """Neither as it is nor its part behind the prefix, with the store open or closed."""
    store = opener()
    key = store.make_key("page", "a name to be found")

    def written() -> bytes:
        return b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())

    with_log = written()
    store.change(lambda cursor: cursor.execute("SELECT 1") and None).result()
    opener()
    for content in (with_log, written()):
        assert b"a name to be found" in content
        assert keys.digest(key).encode() in content
        assert key.encode() not in content
        assert key[3:40].encode() not in content


def test_making_and_revoking_is_in_the_audit_without_the_key(store: Store) -> None:
    key = store.make_key("user:ada", "one")
    (listed,) = keys.listed(store.connection)
    store.revoke_key("user:bob", listed.id)
    store.revoke_key("user:bob", listed.id)
    entries = audit.newest(store.connection)
    assert [(each.actor, each.action) for each in entries] == [
        ("user:bob", "key.revoke"),
        ("user:ada", "key.make"),
    ]
    assert key not in repr(entries)


def test_a_key_needs_a_name_and_a_revocation_a_key(store: Store) -> None:
    with pytest.raises(Refused, match="needs a name"):
        store.make_key("page", "  ")
    with pytest.raises(NotFound, match="no API key 7"):
        store.revoke_key("page", 7)
    assert keys.listed(store.connection) == []


def test_the_key_of_the_settings_is_valid_and_not_in_the_store(tmp_path: Path) -> None:
    chosen = Settings(database=str(tmp_path / "w.duckdb"), api_key="a-key-of-the-settings")
    store = Store(chosen)
    assert store.actor_of("a-key-of-the-settings", NOW) == SETTINGS_KEY_ACTOR
    assert store.actor_of("a-key-of-the-setting", NOW) is None
    assert keys.listed(store.connection) == []
    store.close()


def test_keys_read_before_a_revocation_are_not_believed_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow reader that looked before the revocation does not bring the key back to life."""
    key = store.make_key("page", "one")
    (listed,) = keys.listed(store.connection)
    read, go_on = threading.Event(), threading.Event()
    real = keys.valid_digests

    def slow(connection: Any) -> dict[str, tuple[int, str]]:
        found = real(connection)
        read.set()
        assert go_on.wait(30)
        return found

    monkeypatch.setattr(keys, "valid_digests", slow)
    reader = threading.Thread(target=store.actor_of, args=(key, NOW))
    reader.start()
    assert read.wait(30)
    revoking = threading.Thread(target=store.revoke_key, args=("page", listed.id))
    revoking.start()
    revoking.join(2)
    go_on.set()
    reader.join()
    revoking.join()
    assert store.actor_of(key, NOW) is None
