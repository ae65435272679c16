"""Requests made into rows of datasets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.datasets.conftest import ACTOR, SECONDS, kept
from tests.store.samples import some_request
from workbench.datasets import from_logs
from workbench.datasets.adding import Opened
from workbench.datasets.from_logs import Choice, first_rows, start_adding
from workbench.datasets.jobs import Brought
from workbench.filters import Condition, Filter
from workbench.logs.bulk import Selection
from workbench.store import datasets
from workbench.store.purge import purge
from workbench.store.store import Store

PICTURE = f"data:image/png;base64,{'QUJD' * 500}"
MESSAGES = [
    {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ],
    },
]
CALL = {
    "role": "assistant",
    "content": [],
    "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    ],
}


def answer(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": [{"type": "text", "text": text}]}]


def add_requests(store: Store) -> list[int]:
    made: list[dict[str, Any]] = [
        {
            "prompt": {"type": "chat", "messages": MESSAGES},
            "output": answer("A dog."),
            "input_variables": {"thing": "dog", "output": "mine"},
            "metadata": {"user": "ada", "n": 5, "messages": "m"},
            "tags": ("prod",),
        },
        {"prompt": {"type": "chat", "messages": MESSAGES[:1]}, "output": [CALL]},
        {
            "prompt": {"type": "completion", "content": [{"type": "text", "text": "Once"}]},
            "status": "ERROR",
        },
        {},
    ]
    return [store.add(some_request(**one)).result().id for one in made]


def bring(store: Store, draft: Opened, selection: Selection, choice: Choice) -> Brought:
    job = start_adding(store, ACTOR, draft, selection, choice)
    assert job.wait(SECONDS)
    assert job.error is None, job.error
    assert job.outcome is not None
    return job.outcome


def test_a_request_becomes_its_variables_messages_and_answer(store: Store, draft: Opened) -> None:
    ids = add_requests(store)
    choice = Choice(metadata=("user", "n", "messages", "missing"), split="test")
    brought = bring(store, draft, Selection(frozenset(ids)), choice)
    assert (brought.rows, brought.refused) == (4, 0)
    first, second, third, fourth = kept(store, draft)
    assert first.values == {
        "thing": "dog",
        "output (variable)": "mine",
        "messages": MESSAGES,
        "output": "A dog.",
        "user": "ada",
        "n": 5,
        "messages (metadata)": "m",
    }
    assert (first.split, first.tags, first.source_request) == ("test", ("prod",), ids[0])
    assert second.values == {"messages": MESSAGES[:1], "output": [CALL]}
    assert third.values == {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Once"}]}]
    }
    assert fourth.values == {}
    version = datasets.draft(store.connection, draft.dataset_id)
    assert version is not None
    roles = {column.name: column.role for column in version.columns}
    assert roles == {
        "thing": "input",
        "output (variable)": "input",
        "messages": "input",
        "output": "expected",
        "user": "metadata",
        "n": "metadata",
        "messages (metadata)": "metadata",
    }


def test_the_input_comes_as_one_text_where_that_is_chosen(store: Store) -> None:
    ids = add_requests(store)
    choice = Choice(variables=False, messages=False, text=True, output=False, tags=False)
    rows = first_rows(store.connection, Selection(frozenset(ids[:1])), choice)
    assert [(row.values, tuple(row.tags)) for row in rows] == [
        ({"input": "Be brief.\n\nWhat is it?"}, ())
    ]


def test_all_that_a_filter_finds_comes_in_once_and_again_only_what_is_new(
    store: Store, draft: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_logs, "_SLICE", 2)
    ids = add_requests(store)
    every = Selection(
        filter=Filter().with_condition(Condition("status", "is", "SUCCESS")), up_to=max(ids)
    )
    assert bring(store, draft, every, Choice()).rows == 3
    again = bring(store, draft, Selection(frozenset(ids)), Choice())
    assert (again.rows, again.known) == (1, 3)
    assert sorted(row.source_request or 0 for row in kept(store, draft)) == ids


def test_large_requests_are_read_a_few_at_a_time(
    store: Store, draft: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_logs, "_SLICE_BYTES", 700)
    ids = add_requests(store)
    assert bring(store, draft, Selection(frozenset(ids)), Choice()).rows == 4


def test_deleted_requests_do_not_come_in_and_a_purge_takes_their_rows_away(
    store: Store, draft: Opened
) -> None:
    ids = add_requests(store)
    bring(store, draft, Selection(frozenset(ids[:2])), Choice())
    with store.connection.cursor() as cursor:
        before = cursor.execute("SELECT count(*) FROM dataset_blobs").fetchone()
    assert before == (1,)
    store.change(
        lambda cursor: cursor.execute(
            "UPDATE requests SET deleted_at = TIMESTAMP '2026-03-02' WHERE id IN (?, ?)",
            [ids[0], ids[3]],
        )
    ).result()
    assert bring(store, draft, Selection(frozenset(ids)), Choice()).rows == 1
    purge(store, ACTOR)
    assert sorted(row.source_request or 0 for row in kept(store, draft)) == ids[1:3]
    files = store.settings.database_path
    assert b"A dog." not in files.read_bytes()
