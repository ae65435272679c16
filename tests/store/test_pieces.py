"""Long texts and blobs are kept in pieces and come back whole, whatever happens to them."""

from __future__ import annotations

import base64
import random
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.conftest import Opener
from tests.store.samples import NOON, some_request
from workbench.filters import Filter, parse_text
from workbench.logs import bulk
from workbench.logs.bulk import Deleting, Selection
from workbench.settings import Settings
from workbench.store import blob_rows, pieces, requests, search
from workbench.store import store as store_module
from workbench.store.bulk import Bulk
from workbench.store.connection import Cursor
from workbench.store.errors import StoreError
from workbench.store.export_columns import columns_of
from workbench.store.export_rows import Snapshot
from workbench.store.pieces import OVERLAP, PIECE
from workbench.store.prepared import prepare
from workbench.store.purge import purge
from workbench.store.rows import NewRequest
from workbench.store.store import Store
from workbench.store.whole_rows import whole_rows

NOW = datetime(2026, 3, 2, tzinfo=UTC)
lengths = st.one_of(
    st.integers(0, 5 * PIECE),
    st.sampled_from([PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 2 * PIECE - OVERLAP]),
)
texts = st.builds(
    lambda letters, length: (letters * (length // len(letters) + 1))[:length],
    st.text(min_size=1, max_size=30),
    lengths,
)


@given(text=texts, name=st.sampled_from([*pieces.PLAIN, *pieces.FOLDED]))
def test_what_is_cut_is_the_same_when_joined(text: str, name: str) -> None:
    rests = pieces.Rests()
    first = rests.take(name, 1, NOW, text)
    rows = [row for table in rests.rows.values() for row in table]
    assert first is not None
    assert len(first) <= PIECE
    assert all(len(row[-1]) <= PIECE for row in rows)
    assert [row[3] for row in rows] == list(reversed(range(len(rows))))
    assert pieces.joined(name, first, [row[-1] for row in rows]) == text
    assert pieces.may_be_cut(first) or not rows


@given(text=texts, start=st.integers(0, 5 * PIECE), length=st.integers(1, OVERLAP))
def test_every_part_of_a_folded_text_stands_whole_in_one_of_its_pieces(
    text: str, start: int, length: int
) -> None:
    wanted = text[start : start + length]
    assert any(wanted in piece for piece in (text[:PIECE], *pieces.folded_rest_of(text)))


@given(data=st.binary(max_size=100), times=st.integers(0, 1000), order=st.randoms())
def test_a_blob_is_the_same_when_joined_in_any_order(
    data: bytes, times: int, order: random.Random
) -> None:
    rows = [("a", part, piece) for part, piece in enumerate(blob_rows.pieces_of(data * times))]
    order.shuffle(rows)
    assert blob_rows.joined(rows) == {"a": data * times}
    assert all(len(piece) <= blob_rows.PIECE_BYTES for _, _, piece in rows)


def long_text(number: int, letters: str, length: int) -> str:
    """Words that no other text has, and one at its very end that a search can name."""
    make = random.Random(number)
    words = " ".join(f"{letters}{make.randrange(10**6)}" for _ in range(length // 8))
    return f"{words} end{number}zq"


def a_long_request(number: int, letters: str = "wort", length: int = 60_000) -> NewRequest:
    """Every text of it is long, and an image is in it."""
    text = long_text(number, letters, length)
    image = base64.b64encode(random.Random(number).randbytes(150_000)).decode()
    messages = [{"role": "user", "content": text, "image": image}]
    return some_request(
        started_at=NOON + timedelta(seconds=number),
        ended_at=NOON + timedelta(seconds=number + 1),
        raw=orjson.dumps({"messages": messages}).decode(),
        input_text=text,
        output_text=text[::-1],
        prompt=messages,
        output=[{"role": "assistant", "content": [{"type": "text", "text": f'{{"a":"{text}"}}'}]}],
        parameters={"tools": text},
        input_variables={"document": text, "short": f"s{number}"},
    )


def assert_kept(store: Store, id_: int, row: NewRequest) -> None:
    found = requests.get(store.connection, id_)
    assert found is not None
    for name in pieces.PLAIN:
        assert getattr(found, name) == getattr(row, name), name


def found_by(store: Store, text: str) -> list[int]:
    return search.ids(store.connection, parse_text(text), now=NOW)


def longest_value(store: Store) -> int:
    with store.connection.cursor() as cursor:
        values = [
            *(f"SELECT max(length({name})) FROM bodies" for name in pieces.PLAIN + pieces.FOLDED),
            *(f"SELECT max(length(text)) FROM {table}" for table in pieces.TABLES),
            "SELECT max(octet_length(data)) FROM blobs",
        ]
        found = [cursor.execute(value).fetchall()[0][0] for value in values]
    return max(each or 0 for each in found)


def test_long_requests_are_kept_found_and_read_back_whole(opener: Opener) -> None:
    store = opener()
    rows = [a_long_request(1), a_long_request(2, "слово"), some_request(input_text="short end3zq")]
    ids = [store.add(row).result().id for row in rows]
    for _ in range(2):
        for number, (id_, row) in enumerate(zip(ids, rows, strict=True), 1):
            assert_kept(store, id_, row)
            assert found_by(store, f"end{number}zq") == [id_]
        assert found_by(store, "input_variables.short:s2") == [ids[1]]
        assert longest_value(store) <= max(PIECE, blob_rows.PIECE_BYTES)
        store = opener()


def test_more_than_fits_into_memory_is_logged_found_read_and_purged(tmp_path: Path) -> None:
    """Calls and images: of each kind the newest 2,048, which the engine reads at once, are more
    than the limit."""
    chosen = Settings(database=str(tmp_path / "workbench.duckdb"), memory_limit="64MB")
    store = Store(chosen)
    rows = [a_large_request(number) for number in range(80)]
    ids = [store.add(row).result().id for row in rows]
    store.close()
    store = Store(chosen)
    for number in (0, 41, 79):
        assert found_by(store, f"end{number}zq") == [ids[number]]
        assert_kept(store, ids[number], rows[number])
    bulk.run(store, "x", Selection(frozenset(ids[::2])), Deleting())
    purged = purge(store, "x")
    assert (purged.requests, purged.blobs, purged.is_erased) == (40, 40, True)
    assert_kept(store, ids[1], rows[1])
    store.close()
    data = Path(chosen.database).read_bytes()
    left = [random.Random(number).randbytes(40) in data for number in range(80)]
    assert left == [False, True] * 40


def a_large_request(number: int) -> NewRequest:
    image = base64.b64encode(random.Random(number).randbytes(780_000)).decode()
    raw = f'{{"text":"{number} {"some words " * 80_000}","image":"{image}"}}'
    return some_request(raw=raw, input_text=long_text(number, "wort", 20_000))


def test_a_store_that_fails_says_to_readers_and_writers_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As values were kept before: one after another, until a checkpoint has not memory enough."""
    monkeypatch.setattr(pieces, "PIECE", 2**40)
    chosen = Settings(database=str(tmp_path / "workbench.duckdb"), memory_limit="40MB")
    store = Store(chosen)
    monkeypatch.setattr(store_module, "_store", store)
    assert store_module.store_failure() is None
    row = some_request(raw='"' + "some words " * 160_000 + '"')
    with pytest.raises(StoreError, match="WORKBENCH_MEMORY_LIMIT, 40MB, does not") as first:
        fill(store, row)
    for use in (
        lambda: requests.get(store.connection, 1),
        lambda: search.count(store.connection, Filter(), now=NOW),
        lambda: store.add(row).result(),
    ):
        with pytest.raises(StoreError) as raised:
            use()
        assert str(raised.value) == str(first.value)
    assert store_module.store_failure() == str(first.value)


def fill(store: Store, row: NewRequest) -> None:
    for _ in range(200):
        store.add(row).result()


def test_exports_downloads_and_bulk_additions_have_long_texts_whole(tmp_path: Path) -> None:
    store = Store(Settings(database=str(tmp_path / "workbench.duckdb")))
    rows = [a_long_request(1), some_request(), a_long_request(2, "слово", 20_000)]
    part = prepare(rows, [str(uuid.uuid4()) for _ in rows], [False] * 3, "import")
    assert Bulk(store).add([part]).result() == [3]
    ids = search.ids(store.connection, Filter(), now=NOW)
    for id_, row in zip(ids, rows, strict=True):
        assert_kept(store, id_, row)
    columns = columns_of(["raw", "input", "output", "input_variables", "output_text"])
    with Snapshot(store.connection, Filter(), now=NOW) as snapshot:
        found = [
            line
            for table in snapshot.tables(columns, lists_as_text=True)
            for line in table.to_pylist()
        ]
    assert [line["raw"] for line in found] == [row.raw for row in rows]
    assert [line["output_text"] for line in found] == [row.output_text for row in rows]
    assert orjson.loads(found[2]["input"]) == rows[2].prompt
    assert orjson.loads(found[0]["input_variables"]) == rows[0].input_variables
    whole = whole_rows(store.connection, ids, 2**30)
    assert whole is not None
    assert [line["output"] for line in whole] == [row.output for row in rows]
    assert whole_rows(store.connection, ids, 100_000) is None
    store.close()


def test_a_long_text_can_be_replaced_by_a_short_one_and_the_other_way_round(store: Store) -> None:
    id_ = store.add(some_request(input_variables={"a": "x" * 50_000})).result().id
    for variables in ({"a": "y" * 20_000}, {"a": "z"}, {"a": "w" * 30_000}):

        def link(cursor: Cursor, variables: dict[str, str] = variables) -> None:
            store.annotations.set_prompt(cursor, "x", id_, "p", 1, None, variables)

        store.change(link).result()
        found = requests.get(store.connection, id_)
        assert found is not None
        assert found.input_variables == variables
