"""Old rows read again: what a better normaliser finds is kept, and nothing that people added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.importing.support import FILES
from tests.logs.test_corpus import FILES as CORPUS
from tests.logs.test_corpus import load, read
from workbench.filters import parse_text
from workbench.logs.importing.job import Options, import_file
from workbench.logs.intake import Sender, log_request, track_request
from workbench.logs.renormalise import Asked, Counts, current_names, renormalise
from workbench.settings import Settings
from workbench.store import audit, requests, search
from workbench.store.renormalise import write as write_rows
from workbench.store.rows import Detail, NewRequest
from workbench.store.store import Store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMAGE = "data:image/png;base64," + "QUJD" * 700
ALL = Asked(everything=True)


@pytest.fixture(params=["file", "ducklake"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    names = {"file": f"{tmp_path}/w.duckdb", "ducklake": f"ducklake:{tmp_path}/c.ducklake"}
    opened = Store(Settings(database=names[request.param], time_zone="UTC"))
    yield opened
    opened.close()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Settings(database=f"{tmp_path}/file.duckdb", time_zone="UTC"))
    yield opened
    opened.close()


def a_call(said: str = "Paris", **more: Any) -> NewRequest:
    """A chat completion as the API takes it, at noon of the day on which o3 was still dear."""
    body = {
        "provider_type": "openai",
        "function_name": "openai.chat.completions.create",
        "kwargs": {
            "model": "o3",
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Capital of France?"},
                        {"type": "image_url", "image_url": {"url": IMAGE}},
                    ],
                }
            ],
        },
        "request_response": {
            "model": "o3",
            "choices": [
                {"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000},
        },
        "request_start_time": "2025-06-09T12:00:00Z",
        "request_end_time": "2025-06-09T12:00:01Z",
        "tags": ["as sent"],
        "metadata": {"sent": True},
        **more,
    }
    return track_request(body, orjson.dumps(body).decode(), Sender("key:test")).row


def misread(row: NewRequest) -> NewRequest:
    """The same call as an older normaliser may have kept it."""
    return replace(
        row,
        normaliser="openai.chat/0",
        model="wrong",
        finish_reason=None,
        input_tokens=7,
        cost=None,
        cost_source=None,
        cost_formula=None,
        status="ERROR",
        tool_names=("none",),
        image_count=0,
        input_preview="wrong",
        output_preview="wrong",
        input_text="WRONG",
        output_text="WRONG",
        prompt={"type": "chat", "messages": []},
        output=[],
        is_plain_text=False,
    )


def add(store: Store, *rows: NewRequest) -> list[int]:
    return [future.result().id for future in [store.add(row) for row in rows]]


def run(store: Store, asked: Asked = Asked(), seconds: float = 60.0) -> Counts:  # noqa: B008
    step = renormalise(store, asked, actor="tester", now=NOW, seconds=seconds)
    assert step.after is None
    return step.counts


def kept(store: Store, id_: int) -> Detail:
    found = requests.get(store.connection, id_)
    assert found is not None
    return found


def folded(store: Store, id_: int) -> tuple[Any, ...]:
    with store.connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT input_folded, output_folded FROM bodies WHERE request_id = ?", [id_]
        ).fetchall()
    assert len(row) == 1
    return tuple(row[0])


def without(detail: Detail) -> Detail:
    """A detail without what belongs to one row: its id and its time of arrival."""
    return replace(detail, summary=replace(detail.summary, id=0), received_at=NOW)


def test_a_row_that_was_misread_becomes_what_it_would_be_today(store: Store) -> None:
    right, wrong = add(store, a_call(), misread(a_call(span_id="s")))
    counts = run(store)
    assert (counts.read, counts.changed, counts.unchanged, counts.failed) == (1, 1, 0, 0)
    assert counts.columns["prompt"] == counts.columns["cost"] == counts.columns["model"] == 1
    after, today = kept(store, wrong), kept(store, right)
    raw = after.raw
    assert without(replace(after, raw="", span_id=None)) == without(replace(today, raw=""))
    assert orjson.loads(raw)["span_id"] == "s"
    assert folded(store, wrong) == folded(store, right) == ("capital of france?", "paris")
    assert after.prompt["messages"][0]["content"][1]["image_url"]["url"] == IMAGE


def test_the_cost_is_that_of_the_day_of_the_call(file_store: Store) -> None:
    """o3 cost $10 and $40 a million until 10 June 2025, then $2 and $8."""
    before, later = add(
        file_store,
        misread(a_call()),
        misread(
            a_call(
                request_start_time="2025-06-10T12:00:00Z", request_end_time="2025-06-10T12:00:01Z"
            )
        ),
    )
    run(file_store)
    assert kept(file_store, before).summary.cost == 50
    assert kept(file_store, later).summary.cost == 10


def test_what_people_added_stays(store: Store) -> None:
    (id_,) = add(store, misread(a_call()))
    change = store.annotations
    for each in (
        lambda cursor: change.set_tags(cursor, "p", id_, ["mine"]),
        lambda cursor: change.set_metadata(cursor, "p", id_, {"mine": 1}),
        lambda cursor: change.set_score(cursor, "p", id_, "quality", 70.0),
        lambda cursor: change.set_prompt(cursor, "p", id_, "greeting", 3, "prod", {"name": "Ann"}),
        lambda cursor: cursor.execute("INSERT INTO stars VALUES (?, 'p', ?)", [id_, NOW]) and None,
    ):
        store.change(each).result()
    before = kept(store, id_)
    assert run(store).changed == 1
    after = kept(store, id_)
    assert after.summary.model == "o3"
    for name in ("metadata", "scores", "input_variables", "prompt_label", "raw", "origin", "actor"):
        assert getattr(after, name) == getattr(before, name), name
    for name in ("tags", "prompt_name", "prompt_version", "starred", "started_at", "ended_at"):
        assert getattr(after.summary, name) == getattr(before.summary, name), name
    assert after.summary.tags == ["mine"]


def test_the_callers_own_price_stays(file_store: Store) -> None:
    row = replace(misread(a_call()), cost=Decimal("0.25"), cost_source="caller")
    (id_,) = add(file_store, row)
    run(file_store)
    after = kept(file_store, id_)
    assert (after.summary.cost, after.cost_source, after.cost_formula) == (
        Decimal("0.25"),
        "caller",
        None,
    )
    assert after.summary.input_tokens == 1_000_000


def test_rows_that_today_has_read_are_left_out_unless_all_are_asked_for(
    file_store: Store,
) -> None:
    add(file_store, a_call())
    assert run(file_store) == Counts()
    counts = run(file_store, ALL)
    assert (counts.read, counts.changed, counts.unchanged) == (1, 0, 1)


def test_a_row_that_reads_alike_is_marked_as_read_and_not_met_again(file_store: Store) -> None:
    (id_,) = add(file_store, replace(a_call(), normaliser="openai.chat/0"))
    counts = run(file_store)
    assert (counts.read, counts.changed, counts.unchanged, counts.columns) == (1, 0, 1, {})
    assert kept(file_store, id_).normaliser in current_names()
    assert run(file_store) == Counts()
    assert audit.newest(file_store.connection) == []


def test_a_dry_run_counts_and_changes_nothing(file_store: Store) -> None:
    (id_,) = add(file_store, misread(a_call()))
    before = kept(file_store, id_)
    counts = run(file_store, Asked(dry_run=True))
    assert (counts.read, counts.changed) == (1, 1)
    assert kept(file_store, id_) == before
    assert audit.newest(file_store.connection) == []


def test_only_what_the_filter_finds_is_read(file_store: Store) -> None:
    mine, other = add(file_store, misread(a_call(tags=["mine"])), misread(a_call(tags=["other"])))
    assert run(file_store, Asked(parse_text("tag:mine"))).read == 1
    assert kept(file_store, mine).summary.model == "o3"
    assert kept(file_store, other).summary.model == "wrong"
    assert run(file_store, Asked(parse_text('"wrong"'))).read == 1
    assert kept(file_store, other).summary.model == "o3"


def test_a_search_of_texts_finds_what_was_read_anew(file_store: Store) -> None:
    """A search that went through the texts of before would answer from memory."""
    (id_,) = add(file_store, misread(a_call("Lutetia")))

    def finds(word: str) -> list[int]:
        found = search.page(file_store.connection, parse_text(word), now=NOW, limit=10)
        return [row.id for row in found.rows]

    assert (finds("Lutetia"), finds("WRONG")) == ([], [id_])
    run(file_store)
    assert (finds("Lutetia"), finds("WRONG")) == ([id_], [])


def test_it_goes_on_where_it_was_stopped(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.logs.renormalise.BATCH_ROWS", 2)
    ids = add(file_store, *(misread(a_call(f"answer {number}")) for number in range(5)))
    first = renormalise(file_store, Asked(), actor="tester", now=NOW, seconds=0)
    assert (first.counts.changed, first.after) == (2, ids[1])
    assert run(file_store).changed == 3
    whole, after = Counts(), 0
    for _ in range(4):
        step = renormalise(file_store, ALL, actor="tester", now=NOW, after=after, seconds=0)
        whole += step.counts
        if step.after is None:
            break
        after = step.after
    assert (step.after, whole.read, whole.unchanged) == (None, 5, 5)


def test_each_batch_stands_in_the_audit(file_store: Store) -> None:
    (id_,) = add(file_store, misread(a_call()))
    run(file_store, Asked(parse_text("status:ERROR"), "status:ERROR"))
    (entry,) = audit.newest(file_store.connection)
    assert (entry.actor, entry.action, entry.subject) == (
        "tester",
        "request.renormalise",
        "requests",
    )
    assert entry.detail == {
        "filter": "status:ERROR",
        "all": False,
        "changed": 1,
        "first": id_,
        "last": id_,
    }


def spoilt(**changes: Any) -> NewRequest:
    return replace(misread(a_call()), **changes)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (spoilt(raw="{"), "its raw call is no JSON"),
        (spoilt(raw="[]"), "its raw call is no JSON object"),
        (spoilt(source="elsewhere"), 'calls that came as "elsewhere"'),
        (spoilt(raw='{"kwargs": 7, "prompt_version": {}}'), "not what the API takes"),
        (
            spoilt(raw='{"request_response": {"odd": 1}}', normaliser="openai.chat/0"),
            "do not understand it, openai.chat/0 did",
        ),
    ],
)
def test_a_row_that_cannot_be_read_again_stays_and_the_reason_is_told(
    file_store: Store, row: NewRequest, said: str
) -> None:
    bad, good = add(file_store, row, misread(a_call("another")))
    before = kept(file_store, bad)
    counts = run(file_store)
    assert (counts.read, counts.changed, counts.failed) == (2, 1, 1)
    assert [(id_, said in reason) for id_, reason in counts.examples] == [(bad, True)]
    assert kept(file_store, bad) == before
    assert kept(file_store, good).summary.model == "o3"


def test_a_deleted_row_is_not_read_and_one_deleted_meanwhile_not_written(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, purged = add(file_store, misread(a_call("a")), misread(a_call("b")))
    delete = file_store.annotations.delete
    file_store.change(lambda cursor: delete(cursor, "p", gone)).result()

    def purge_first(original: Callable[..., Any]) -> Callable[..., Any]:
        def write(*arguments: Any) -> Any:
            def purge(cursor: Any) -> None:
                for sql in ("requests WHERE id", "bodies WHERE request_id"):
                    cursor.execute(f"DELETE FROM {sql} = ?", [purged])

            file_store.change(purge).result()
            return original(*arguments)

        return write

    monkeypatch.setattr("workbench.logs.renormalise.write", purge_first(write_rows))
    counts = run(file_store)
    assert (counts.read, counts.changed) == (1, 0)
    with file_store.connection.cursor() as cursor:
        texts = cursor.execute("SELECT output_text FROM bodies").fetchall()
    assert texts == [("WRONG",)]


def test_blobs_follow_the_texts(file_store: Store) -> None:
    """The old reading lost the image; the raw call has it, and the new reading uses it."""
    (id_,) = add(file_store, misread(a_call()))
    run(file_store)
    with file_store.connection.cursor() as cursor:
        uses = cursor.execute("SELECT request_id FROM request_blobs").fetchall()
        stored = cursor.execute("SELECT count(DISTINCT sha256) FROM blobs").fetchall()
        prompt = cursor.execute("SELECT length(prompt) FROM bodies").fetchone()
    assert (uses, stored) == ([(id_,)], [(1,)])
    assert prompt is not None
    assert prompt[0] < len(IMAGE) / 4


def test_imported_rows_keep_what_their_body_has_no_field_for(
    file_store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "f.jsonl"
    row = {
        "id": "a",
        "provider": "openai",
        "model": "gpt-4o",
        "input": "q",
        "output": "a",
        "started_at": 1_767_000_000,
        "input_tokens": 1000,
        "output_tokens": 100,
        "cached_tokens": 800,
        "reasoning_tokens": 50,
        "finish_reason": "length",
    }
    path.write_bytes(orjson.dumps(row))
    import_file(file_store, path, "neutral", actor="tester")
    batch = FILES / "openai_batch_output.jsonl"
    options = Options(companion=FILES / "openai_batch_input.jsonl")
    import_file(file_store, batch, "openai-batch", options, actor="tester")
    with file_store.connection.cursor() as cursor:
        ids = [id_ for (id_,) in cursor.execute("SELECT id FROM requests").fetchall()]
    before = [kept(file_store, id_) for id_ in ids]
    assert {(one.cached_tokens, one.finish_reason) for one in before} >= {(800, "length")}
    assert any(one.summary.cost for one in before)
    counts = run(file_store, ALL)
    assert (counts.read, counts.columns, counts.failed) == (len(ids), {}, 0)
    assert [kept(file_store, id_) for id_ in ids] == before


def test_imports_of_before_lose_nothing_though_their_raw_call_says_less(
    file_store: Store,
) -> None:
    body = {
        "provider": "openai",
        "model": "gpt-4o",
        "input": {"type": "chat", "messages": []},
        "output": {"type": "chat", "messages": []},
        "request_start_time": "2026-01-01T00:00:00Z",
        "request_end_time": "2026-01-01T00:00:00Z",
        "input_tokens": 1000,
        "output_tokens": 100,
    }
    row = log_request(body, orjson.dumps(body).decode(), Sender("tester")).row
    billed = replace(
        row,
        origin="import:old.jsonl",
        normaliser="blueprint/1",
        cached_tokens=800,
        finish_reason="stop",
        cost=Decimal("0.001"),
        cost_source="genai-prices",
        cost_formula={"lines": []},
    )
    (id_,) = add(file_store, billed)
    run(file_store)
    after = kept(file_store, id_)
    assert (after.cached_tokens, after.finish_reason, after.summary.cost) == (
        800,
        "stop",
        Decimal("0.001"),
    )
    assert after.normaliser in current_names()


def test_a_newer_price_table_with_the_same_price_is_no_change(file_store: Store) -> None:
    row = a_call()
    assert row.cost_formula is not None
    older = replace(row, cost_formula={**row.cost_formula, "table": "genai-prices 0.0.1"})
    (id_,) = add(file_store, older)
    assert run(file_store, ALL).changed == 0
    formula = kept(file_store, id_).cost_formula
    assert formula is not None
    assert formula["table"] == "genai-prices 0.0.1"


def test_the_names_of_today_are_those_that_the_normalisers_give() -> None:
    given = {read(load(path)).normaliser for path in CORPUS}
    assert given <= current_names()
    assert len(given) > 10
