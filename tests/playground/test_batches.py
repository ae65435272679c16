"""Rows and repeats: what is read, what it would cost, what is bounded, what is told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.playground.conftest import ACTOR, asking, finish
from workbench.playground import batches, places, rows, running, sessions, shown
from workbench.playground.session import from_json
from workbench.providers.host import Host
from workbench.store import playground_runs
from workbench.store.errors import Refused
from workbench.store.playground_votes import Answered, Place, Vote
from workbench.store.store import Store


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.csv", b"name,city\nAda,London\n\nGrace,\n", [("Ada", "London"), ("Grace", "")]),
        ("a.csv", b'\xef\xbb\xbfname;city\r\n"A;\nda";x\r\n', [("A;\nda", "x")]),
        ("a.tsv", "name\tcity\nÉ\t東京\n".encode(), [("É", "東京")]),
        ("a.jsonl", b'{"name": "Ada", "city": ["x", 1]}\n\n', [("Ada", '["x",1]')]),
        ("a.json", b'[{"name": "Ada", "city": null}]', [("Ada", None)]),
    ],
)
def test_rows_are_read(name: str, data: bytes, expected: list[tuple[str, str | None]]) -> None:
    found = rows.of_file(name, data)
    assert [(one.get("name"), one.get("city")) for one in found] == expected


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"name,city\nAda\n", "Line 2 has 1 values, the first line names 2"),
        ("a.csv", b"name,name\nAda,x\n", "must name each variable"),
        ("a.csv", b"name,\nAda,x\n", "must name each variable"),
        ("a.csv", b'name\n"Ada\n', "Line 2 is no CSV"),
        ("a.csv", b"name\n", "no row"),
        ("a.csv", b"", "must name each variable|no row"),
        ("a.csv", b"name\n\xff\n", "not UTF-8 text: line 2"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "Line 2 is no JSON"),
        ("a.jsonl", b'{"a": 1}\n7\n', "Line 2 is no object"),
        ("a.json", b"[{}, 7]", "Entry 2 is no object"),
        ("a.csv", b"name\n" + b"x\n" * 201, "at most 200 rows; these are 201"),
        ("a.csv", b"x" * (2 * 2**20 + 1), "2 MB"),
    ],
)
def test_what_is_no_table_of_values_is_refused_in_words(name: str, data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        rows.of_file(name, data)


def test_a_plan_counts_and_prices_before_anything_is_sent(store: Store, host: Host) -> None:
    session = asking(store, "Hello {name}", "openai/gpt-4o-mini", "echo/echo", "nowhere/model")
    session.rows = [{"name": "Ada"}, {"name": "Grace"}]
    session.columns[0].parameters = {"max_tokens": 1000}
    plan = batches.plan(store, (), session, session.columns, 5)
    assert plan.count == 30
    assert plan.unpriced == ("C",)
    # 1000 tokens out at US$ 0.60 a million, ten times, and the few tokens in.
    assert Decimal("0.006") < plan.cost < Decimal("0.0061")
    assert host.runs() == []
    with pytest.raises(Refused, match="1,200 calls; 1,000 are the most"):
        batches.plan(store, (), session, session.columns, 200)


def test_a_plan_tells_its_doubts_once_with_the_first_row(store: Store) -> None:
    session = asking(store, "Hello {name}", "echo/echo", "echo/echo")
    session.rows = [{"name": "Ada"}, {"other": "x"}, {"other": "y"}]
    assert batches.plan(store, (), session, session.columns, 1).doubts == [
        "Row 2: 1 variable has no value: name."
    ]


def test_all_rows_and_repeats_are_one_press_of_run_and_are_shown_by_their_place(
    store: Store, host: Host
) -> None:
    session = asking(store, "Hello {name}", "echo/echo", "echo/echo")
    session.rows = [{"name": "Ada"}, {"name": "Grace"}]
    plan = batches.plan(store, (), session, session.columns, 2)
    ids = batches.begin(store, host, session, plan, ACTOR)
    assert len(ids) == 8
    finish(store, host, ids)
    kept = shown.kept_runs(store.connection, session.columns)
    (batch,) = playground_runs.batches(store.connection, [session.id])
    assert (batch.runs, batch.rows, batch.repeats) == (8, 2, 2)
    assert places.batch_of(session, kept) == batch.id
    briefs = places.briefs_of(store.connection, session, kept)
    assert {one.status for one in briefs} == {"done"}
    here = places.beside(session, kept, briefs, 1, 1)
    assert here.place == Place(batch.id, 1, 1, 0)
    runs = playground_runs.get(
        store.connection, [str(thread[0]["run"]) for thread in here.threads.values()]
    )
    assert {one.begun.column_id for one in runs.values()} == {"c1", "c2"}
    assert all("Grace" in str(one.ended.answer) for one in runs.values() if one.ended)
    first = places.beside(session, kept, briefs, 0, 0)
    assert first.threads == {one.id: one.thread for one in session.columns}
    assert first.place == Place(batch.id)


def test_a_new_run_of_a_column_ends_the_repeats_that_still_go_on_in_it(
    store: Store, host: Host
) -> None:
    session = asking(store, "word " * 200, "echo/echo-slow", "echo/echo-slow")
    plan = batches.plan(store, (), session, session.columns[:1], 3)
    first = batches.begin(store, host, session, plan, ACTOR)
    plan = batches.plan(store, (), session, session.columns[1:], 2)
    other = batches.begin(store, host, session, plan, ACTOR)
    plan = batches.plan(store, (), session, session.columns[:1], 1)
    again = batches.begin(store, host, session, plan, ACTOR)
    assert {one.status for one in finish(store, host, first)} == {"stopped"}
    going = {run.id for run in running.live(host, session)}
    assert going == {*other, *again}
    running.stop_all(host, session)
    assert {one.status for one in finish(store, host, [*other, *again])} == {"stopped"}


def test_a_session_kept_before_rows_and_votes_still_opens(store: Store) -> None:
    session = asking(store, "Hello")
    value = session.to_json()
    for name in ("rows", "rows_from", "repeats", "blind_seed"):
        del value[name]
    again = from_json(session.id, value)
    assert again is not None
    assert (again.rows, again.rows_from, again.repeats, again.blind_seed) == ([], "", 1, None)


def test_rows_repeats_and_the_order_come_back_with_the_session(store: Store) -> None:
    session = asking(store, "Hello {name}")
    session.rows, session.rows_from = [{"name": "Ada"}], "a.csv"
    session.repeats, session.blind_seed = 7, 12
    sessions.keep(store, ACTOR, session)
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert (again.rows, again.rows_from) == ([{"name": "Ada"}], "a.csv")
    assert (again.repeats, again.blind_seed) == (7, 12)


def test_the_hidden_order_is_drawn_anew_at_each_place_and_the_same_for_all(store: Store) -> None:
    session = asking(store, "Hello", *["echo/echo"] * 6)
    assert places.ordered(session, Place(1)) == session.columns
    session.blind_seed = 3
    found = [tuple(c.id for c in places.ordered(session, Place(1, row))) for row in range(20)]
    assert len(set(found)) > 10
    session.move(session.columns[0], 1)
    again = [tuple(c.id for c in places.ordered(session, Place(1, row))) for row in range(20)]
    assert again == found


def test_a_vote_counts_for_exactly_the_answers_that_it_was_about() -> None:
    def vote(preferred: Answered, other: Answered, actor: str = "a") -> Vote:
        return Vote(
            id=1,
            session_id=5,
            place=Place(1),
            preferred=preferred,
            other=other,
            tie=False,
            is_blind=True,
            actor=actor,
            at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    one, two, logged = Answered("r1", 1), Answered("r2", 2), Answered(None, 9)
    votes = [vote(one, two), vote(one, logged)]
    assert places.voted(votes, "a", ["r1", "r2", "request-9"]) == votes
    assert places.voted(votes, "b", ["r1", "r2", "request-9"]) == []
    assert places.voted(votes, "a", ["r1", "r2"]) == []
    assert places.voted(votes, "a", []) == []
