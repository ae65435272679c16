"""Removing an origin leaves nothing of it and all of the rest."""

from __future__ import annotations

import base64
import random

from tests.store.conftest import Opener
from tests.store.samples import digest_of, some_request
from workbench.store import audit, requests, stats
from workbench.store.origins import remove_origin
from workbench.store.store import Store

RANDOM = random.Random(3)
SHARED = base64.b64encode(RANDOM.randbytes(2000)).decode()
OWN = base64.b64encode(RANDOM.randbytes(2000)).decode()
COUNTS = {
    "requests": 1,
    "bodies": 1,
    "blobs": 1,
    "request_blobs": 1,
    "scores": 1,
    "groups": 2,
}


def remove(store: Store) -> int:
    return store.change(lambda cursor: remove_origin(cursor, store.audit, "ada", "sample")).result()


def counts(store: Store) -> dict[str, int]:
    with store.connection.cursor() as cursor:
        return {
            table: int((cursor.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,))[0])
            for table in COUNTS
        }


def test_the_sample_leaves_nothing_and_own_requests_stay(opener: Opener) -> None:
    store = opener()
    shared_group, own_group, sample_group = (store.new_group("x").result() for _ in range(3))
    mine = store.add(
        some_request(raw=f'"{SHARED}"', scores=(("good", 1.0),), group_id=shared_group)
    ).result()
    assert counts(store) == {**COUNTS, "groups": 3}
    del own_group
    for number in range(12):
        store.add(
            some_request(
                origin="sample",
                raw=f'{number} "{SHARED}" "{OWN}"',
                scores=(("good", float(number)), ("bad", 2.0)),
                group_id=shared_group if number % 2 else sample_group,
                body_hash=digest_of(str(number)),
            )
        )
    assert remove(store) == 12
    assert counts(store) == COUNTS
    detail = requests.get(store.connection, mine.id)
    assert detail is not None
    assert detail.raw == f'"{SHARED}"'
    assert detail.group_id == shared_group
    assert stats.contents(store.connection).sample == 0
    (entry,) = audit.newest(store.connection, subject="origin/sample")
    assert (entry.actor, entry.detail) == ("ada", {"requests": 12})


def test_what_was_removed_can_be_loaded_again(store: Store) -> None:
    row = some_request(origin="sample", body_hash=digest_of("a"), client_record=digest_of("b"))
    store.add(row).result()
    assert remove(store) == 1
    assert not store.add(row).result().duplicate


def test_deleted_requests_of_the_origin_go_too(store: Store) -> None:
    id_ = store.add(some_request(origin="sample")).result().id
    store.change(lambda cursor: store.annotations.delete(cursor, "ada", id_)).result()
    assert remove(store) == 1
    assert counts(store)["requests"] == 0


def test_removing_what_is_not_there_changes_nothing(store: Store) -> None:
    store.add(some_request()).result()
    assert remove(store) == 0
    assert audit.newest(store.connection) == []
