"""A purge removes what deleted requests hold, and afterwards no file of the store has it."""

from __future__ import annotations

import base64
import io
import random
import string
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.store.conftest import Opener
from tests.store.samples import NOON, some_request
from workbench.filters import Filter
from workbench.logs import bulk
from workbench.logs.bulk import Deleting, MetadataChange, Selection, Tagging
from workbench.settings import Settings
from workbench.store import allocator, audit, blobs, erasing, requests, search
from workbench.store.purge import ERASED, purge
from workbench.store.store import Store

SECRET = "Rumpelstilzchen"
PICTURE = base64.b64encode(b"IMAGE-OF-" + SECRET.encode() * 400).decode()
SHARED = base64.b64encode(b"shared picture " * 200).decode()
_ZSTD = b"\x28\xb5\x2f\xfd"


def words(make: random.Random, number: int) -> str:
    return " ".join("".join(make.choices(string.ascii_lowercase, k=6)) for _ in range(number))


def fill(store: Store, number: int, every: int) -> tuple[list[int], list[int]]:
    """Requests, of which every so many hold the secret everywhere; their ids, and the others'."""
    make = random.Random(3)
    waiting = []
    for n in range(number):
        text = words(make, 30)
        if n % every == 0:
            text = f"zz {SECRET}{n} {text}"
            picture = f'"data:image/png;base64,{PICTURE}"'
        else:
            picture = f'"data:image/png;base64,{SHARED}"' if n % 50 == 1 else '""'
        waiting.append(
            store.add(
                some_request(
                    started_at=NOON + timedelta(seconds=n),
                    ended_at=NOON + timedelta(seconds=n + 1),
                    raw=f'{{"x": "{text}", "image": {picture}}}',
                    model=f"A{SECRET}" if n % every == 0 else "m",
                    input_text=text,
                    output_text=text[::-1] + text,
                    input_preview=text[:200],
                    prompt={"text": text},
                    metadata={"user": text[:40]},
                    tags=(text[:20],),
                    scores=((text[:20], 50.0),),
                )
            )
        )
    ids = [each.result().id for each in waiting]
    return ids[::every], [id_ for n, id_ in enumerate(ids) if n % every]


def holding(folder: Path, text: str) -> dict[str, int]:
    """The files below a folder that hold a text, plainly or compressed, and how often."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            number = data.count(text.encode())
            if path.suffix == ".parquet":
                number += str(pq.read_table(path).to_pylist()).count(text)
            else:
                number += sum(frame.count(text.encode()) for frame in _frames(data))
            if number:
                found[path.name] = number
    return found


def _frames(data: bytes) -> list[bytes]:
    """What each zstd frame in a file holds, as far as it can be unpacked."""
    found = []
    at = data.find(_ZSTD)
    while at >= 0:
        try:
            packed = io.BytesIO(data[at : at + 262_144])
            found.append(pa.CompressedInputStream(packed, "zstd").read(2**20))
        except OSError:
            found.append(b"")
        at = data.find(_ZSTD, at + 4)
    return found


@pytest.fixture
def folder(chosen: Settings) -> Path:
    return Path(chosen.database.removeprefix("ducklake:")).parent


@pytest.mark.parametrize("number", [60, 5000])
def test_afterwards_no_file_holds_the_erased_text(store: Store, folder: Path, number: int) -> None:
    if number > 1000 and store.connection.is_ducklake:
        pytest.skip("a DuckLake's files are written anew as a whole, few rows or many")
    secret, others = fill(store, number, 20)
    # Old versions of a row are to go as well: what a later change of it left behind.
    everything = Selection(frozenset([*secret, *others]))
    bulk.run(store, "x", everything, Tagging(("seen",)))
    bulk.run(store, "x", everything, MetadataChange({"note": f"about {SECRET}"}))
    bulk.run(store, "x", everything, MetadataChange(remove=("note",)))
    store.change(
        lambda cursor: store.annotations.add_metadata(cursor, "x", secret[0], {"a": SECRET})
    ).result()
    with store.connection.cursor() as cursor:
        cursor.execute("UPDATE bulk_changes SET detail = '{}'")
        cursor.execute("DELETE FROM bulk_before")
        cursor.execute("DELETE FROM audit WHERE subject LIKE 'bulk/%'")
    # Someone has just read them, so that they are in memory.
    for id_ in secret[:5]:
        requests.get(store.connection, id_)
    kept = {id_: requests.get(store.connection, id_) for id_ in others[:40]}
    before = _checked(store, others)
    bulk.run(store, "x", Selection(frozenset(secret)), Deleting())
    assert holding(folder, SECRET)
    purged = purge(store, "user:eve")
    assert (purged.requests, purged.blobs, purged.is_erased) == (len(secret), 1, True)
    assert holding(folder, SECRET) == {}
    assert holding(folder, base64.b64decode(PICTURE)[:40].decode()) == {}
    assert {id_: requests.get(store.connection, id_) for id_ in kept} == kept
    assert _checked(store, others) == before
    store.close()
    assert holding(folder, SECRET) == {}


def _checked(store: Store, ids: list[int]) -> list[tuple[Any, ...]]:
    """Every row of every table that other requests have, in an order of its own."""
    with store.connection.cursor() as cursor:
        return [
            cursor.execute(
                f"SELECT count(*), bit_xor(hash(t)) FROM {table} t "
                f"WHERE {key} IN (SELECT unnest(?::BIGINT[]))",
                [ids],
            ).fetchone()
            or ()
            for table, key in (
                ("requests", "id"),
                ("bodies", "request_id"),
                ("scores", "request_id"),
            )
        ]


def test_a_store_goes_on_after_a_purge_and_a_restart(opener: Opener) -> None:
    store = opener()
    secret, others = fill(store, 100, 10)
    bulk.run(store, "x", Selection(frozenset(secret)), Deleting())
    purge(store, "x")
    again = opener()
    assert search.ids(again.connection, Filter(), now=NOON) == others
    assert not again.add(some_request()).result().duplicate
    with again.connection.cursor() as cursor:
        tables = cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'erasing'")
        assert tables.fetchone() == (0,)


def test_only_what_is_deleted_goes_with_all_that_hangs_on_it(store: Store) -> None:
    shared = f'"data:image/png;base64,{SHARED}"'
    gone, kept = (
        store.add(some_request(raw=shared, scores=(("q", 1.0),))).result().id for _ in range(2)
    )
    store.change(lambda cursor: store.stars.put(cursor, "x", gone, starred=True)).result()
    done = bulk.run(store, "x", Selection(frozenset([gone])), Deleting())
    purged = purge(store, "user:eve")
    assert (purged.requests, purged.blobs) == (1, 0)
    found = requests.get(store.connection, kept)
    assert found is not None
    assert blobs.references(found.raw) == []
    assert found.raw == shared
    assert bulk.undo(store, "x", done.id) == bulk.Undone(0, 0)
    with store.connection.cursor() as cursor:
        for table in ("bodies", "scores", "stars", "request_blobs", "bulk_before"):
            rows = cursor.execute(f"SELECT count(*) FROM {table} WHERE request_id = ?", [gone])
            assert rows.fetchone() == (0,), table


def test_the_audit_trail_keeps_who_did_what_without_the_texts(store: Store) -> None:
    id_ = store.add(some_request()).result().id
    store.change(
        lambda cursor: store.annotations.add_metadata(cursor, "user:bob", id_, {"a": SECRET})
    ).result()
    bulk.run(store, "x", Selection(frozenset([id_])), Deleting())
    purge(store, "user:eve")
    (entry,) = audit.newest(store.connection, 5, f"request/{id_}")
    assert (entry.actor, entry.action, entry.detail) == (
        "user:bob",
        "request.metadata",
        {"erased": True},
    )
    assert ERASED == '{"erased":true}'
    newest = audit.newest(store.connection, 1)[0]
    assert (newest.actor, newest.action) == ("user:eve", "store.purge")
    assert newest.detail == {"requests": 1, "blobs": 0, "erased": True}


def test_an_empty_store_has_nothing_to_purge(store: Store) -> None:
    assert purge(store, "x").requests == 0


def test_requests_come_in_and_are_read_while_a_purge_goes_on(store: Store) -> None:
    secret, others = fill(store, 400, 4)
    bulk.run(store, "x", Selection(frozenset(secret)), Deleting())
    added: list[int] = []
    ended = threading.Event()

    def come_in() -> None:
        while not ended.is_set():
            added.append(store.add(some_request(model="new")).result().id)
            assert requests.get(store.connection, others[0]) is not None

    thread = threading.Thread(target=come_in)
    thread.start()
    try:
        purged = purge(store, "x")
    finally:
        ended.set()
        thread.join()
    assert purged.requests == len(secret)
    assert search.ids(store.connection, Filter(), now=NOON) == [*others, *added]
    for id_ in [*others, *added]:
        assert requests.get(store.connection, id_) is not None


def test_a_purge_ends_where_other_transactions_win_each_time(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it has the writer wait, and only for that."""
    monkeypatch.setattr(erasing, "_ATTEMPTS_BESIDE", 0)
    secret, others = fill(store, 60, 4)
    bulk.run(store, "x", Selection(frozenset(secret)), Deleting())
    assert purge(store, "x").is_erased
    assert search.ids(store.connection, Filter(), now=NOON) == others
    assert holding(folder, SECRET) == {}


def test_memory_that_is_given_back_is_not_seen_again() -> None:
    with allocator.zeroed_memory() as is_zeroed:
        assert is_zeroed, f"DuckDB {duckdb.__version__} has another allocator"
