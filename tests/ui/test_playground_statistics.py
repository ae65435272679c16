"""Comparing, voting blind, repeating, and what statistics say, on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, text_of
from tests.ui.test_playground import click, ended, kept, opened, run_all
from workbench.playground import batches, sessions
from workbench.playground.session import Session
from workbench.providers.host import open_host
from workbench.store import playground, playground_runs, playground_votes
from workbench.store.store import Store


def unfold(app: AppTest, name: str, session: Session) -> AppTest:
    """AppTest cannot click on a folded part: its state says whether it is open."""
    app.session_state[f"{name}-{session.id}"] = True
    app.run()
    assert not app.exception, app.exception
    return app


def everything(app: AppTest) -> str:
    """Everything that reaches the browser: texts, labels, helps and keys."""
    return "\n".join(_protos(app._tree))


def _protos(node: Any) -> Iterator[str]:
    yield str(getattr(node, "proto", ""))
    for each in getattr(node, "children", {}).values():
        yield from _protos(each)


def repeat(store: Store, session: Session, repeats: int) -> None:
    plan = batches.plan(store, (), session, session.columns, repeats)
    batches.begin(store, open_host(), session, plan, "page")
    sessions.keep(store, "page", session)


def test_two_answers_are_compared_word_by_word(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello {name}")
    session.shared.values["name"] = "Ada"
    session.columns[1].values["name"] = "Grace"
    sessions.keep(store, "page", session)
    app = run_all(opened(open_page, session), session, store)
    shown = text_of(unfold(app, "compare", session))
    assert "<del>Ada</del>" in shown
    assert "<ins>Grace</ins>" in shown


def test_tool_calls_are_compared_as_json_and_the_link_names_the_answers(
    open_page: Open, store: Store
) -> None:
    tools = [
        {
            "type": "function",
            "function": {"name": name, "parameters": {"type": "object", "properties": {}}},
        }
        for name in ("first", "second")
    ]
    session = kept(store, "Weather?", tools=tools, tool_choice="required")
    session.take_own(session.columns[1])
    own = session.columns[1].own
    assert own is not None
    own.prompt["tools"] = tools[1:]
    sessions.keep(store, "page", session)
    app = run_all(opened(open_page, session), session, store)
    left, right = (column.run_ids[0] for column in app.session_state["playground"].columns)
    app = open_page("playground", session=str(session.id), left=right, right=left)
    shown = text_of(app)
    assert "tool_calls[0].name" in shown
    assert "<del>second</del>" in shown
    assert "<ins>first</ins>" in shown


NAMES = ("Secret A", "Secret B", "echo/echo", "echo/echo-slow")


def blind(store: Store) -> Session:
    session = kept(store, "Hello", "echo/echo", "echo/echo-slow")
    session.columns[0].name, session.columns[1].name = NAMES[:2]
    session.columns[0].values["unused"] = "x"
    session.columns[1].parameters = {"thinking": {"budget_tokens": 100}, "temperature": 0.5}
    session.blind_seed = 4
    sessions.keep(store, "page", session)
    return session


def test_nothing_tells_whose_answer_is_whose_until_a_vote(open_page: Open, store: Store) -> None:
    session = blind(store)
    app = opened(open_page, session)
    assert "Secret A" in everything(app)
    app = run_all(app, session, store)
    shown = everything(app)
    for name in (*NAMES, "of its own", "first token", "First token", "tokens/s", 'wb-best">'):
        assert name not in shown, name
    for name in ("c1", "c2"):
        assert not re.search(rf"[\"'-]{name}[\"'-]", shown), name
    assert "Thinking" not in shown
    assert "Go on in all of them" in shown
    assert "Answer 1" in shown
    assert "Answer 2" in shown
    app = unfold(app, "compare", session)
    for run in playground_runs.of_session(store.connection, session.id):
        assert run not in everything(app)
    app = click(app, "prefer-slot1")
    shown = everything(app)
    for name in NAMES:
        assert name in shown
    assert "without seeing the names" in shown
    assert "First token" in shown
    (vote,) = playground_votes.of_session(store.connection, session.id)
    assert vote.is_blind
    assert not vote.tie
    assert vote.preferred.request is not None
    runs = playground_runs.of_session(store.connection, session.id)
    first = runs[vote.preferred.run or ""].begun.column_id
    said = f"You preferred <strong>{NAMES[0 if first == 'c1' else 1]}</strong>"
    assert said in text_of(app)


def test_a_failure_in_blind_mode_hides_its_reason(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello", "nowhere/model", "echo/echo", "no-model")
    session.blind_seed = 1
    sessions.keep(store, "page", session)
    app = run_all(opened(open_page, session), session, store)
    shown = everything(app)
    for told in ("nowhere", "no-model", "There is no provider", "names no model"):
        assert told not in shown, told
    assert "Failed. The reason is shown with the names." in shown
    assert not [one for one in app.button if str(one.key).startswith("prefer-")]
    shown = everything(click(app, "end-blind"))
    assert "There is no provider" in shown
    assert "names no model" in shown


def test_the_order_is_the_same_for_everybody_and_another_with_each_run(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Hello {name}", *["echo/echo"] * 4)
    for number, column in enumerate(session.columns):
        column.values["name"] = f"number{number}"
    session.blind_seed = 7
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    orders = []
    for _ in range(4):
        app = run_all(app, session, store)
        order = re.findall(r"number(\d)", text_of(app).split("Answer 1")[-1])
        orders.append(order)
        other = opened(open_page, session)
        assert re.findall(r"number(\d)", text_of(other).split("Answer 1")[-1]) == order
        app.run()
        assert re.findall(r"number(\d)", text_of(app).split("Answer 1")[-1]) == order
    assert len(set(map(tuple, orders))) > 1


def test_a_tie_is_kept_and_taken_back(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello", *["echo/echo"] * 3)
    app = click(run_all(opened(open_page, session), session, store), "vote-tie")
    votes = playground_votes.of_session(store.connection, session.id)
    assert [one.tie for one in votes] == [True, True]
    assert not any(one.is_blind for one in votes)
    assert "You found them equally good." in text_of(app)
    click(app, "vote-back")
    assert playground_votes.of_session(store.connection, session.id) == []


def test_repeats_are_asked_for_with_their_number_and_run_and_summed_up(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "Hello {name}", "echo/echo", "echo/echo")
    session.rows = [{"name": "Ada"}, {"name": "Grace"}, {"name": "Alan"}]
    session.rows_from, session.repeats = "people.csv", 2
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    app.session_state["playground-repeats"] = True
    app.run()
    ask = next(one for one in app.button if one.key == "ask-repeats")
    assert ask.label == "Run 12 calls…"
    shown = text_of(click(app, "ask-repeats"))
    assert "2 columns × 3 rows × 2 repeats = **12 calls**" in shown
    assert "They cost nothing." in shown
    repeat(store, session, 2)
    app = ended(app, store)
    assert len(playground_runs.of_session(store.connection, session.id)) == 12
    assert "Ada" in text_of(app)
    shown = text_of(unfold(app, "statistics", session))
    assert "12 runs · 3 rows · 2 repeats" in everything(app)
    # Both columns answer the same: the shown length differs by nothing in all three rows.
    assert "no difference" in shown
    assert "100 %<br><small>3 different</small>" in shown
    assert "paired t test, 3 rows" in shown
    app.query_params["row"] = "2"
    app.run()
    assert "Grace" in text_of(app)


def test_too_many_calls_at_once_are_refused(open_page: Open, store: Store) -> None:
    session = kept(store, "Hello {name}")
    session.rows, session.repeats = [{"name": "x"}] * 100, 100
    sessions.keep(store, "page", session)
    app = opened(open_page, session)
    app.session_state["playground-repeats"] = True
    app.run()
    click(app, "ask-repeats")
    assert "20,000 calls; 1,000 are the most at once" in text_of(app)
    assert open_host().runs() == []


def test_stop_all_stops_repeats_also_in_a_fork_made_meanwhile(
    open_page: Open, store: Store
) -> None:
    session = kept(store, "word " * 400, "echo/echo-slow", "echo/echo-slow")
    repeat(store, session, 3)
    app = opened(open_page, session)
    assert len(open_host().runs()) == 6
    next(one for one in app.button if one.label == "Fork this session").click()
    app.run()
    assert int(app.query_params["session"][0]) != session.id
    click(app, "stop-all")
    for column in session.columns:
        run = open_host().run(column.run_ids[0])
        assert run is not None
        assert run.result(20).status == "stopped"
    original = opened(open_page, session)
    click(original, "stop-all")
    ended(original, store)
    found = playground_runs.of_session(store.connection, session.id).values()
    assert {one.status for one in found} == {"stopped"}


def test_a_removed_column_stops_and_comes_back(open_page: Open, store: Store) -> None:
    session = kept(store, "word " * 400, "echo/echo-slow", "echo/echo")
    repeat(store, session, 2)
    app = opened(open_page, session)
    app.session_state["menu-c1"] = True
    app.run()
    next(one for one in app.button if "Remove column" in str(one.help)).click()
    app.run()
    app = ended(app, store)
    found = playground_runs.of_session(store.connection, session.id).values()
    assert [one.status for one in found if one.begun.column_id == "c1"] == ["stopped"] * 2
    click(app, "undo-column")
    again = sessions.load(store.connection, session.id)
    assert again is not None
    assert [one.id for one in again.columns] == ["c1", "c2"]


def test_a_failure_is_not_shown_in_another_session(open_page: Open, store: Store) -> None:
    session, other = kept(store, "One", "no-model"), kept(store, "Two", "echo/echo")
    app = run_all(opened(open_page, session), session, store)
    assert "names no model" in text_of(app)
    app.query_params["session"] = str(other.id)
    app.run()
    assert "names no model" not in text_of(app)


def test_a_copy_of_what_was_never_kept_names_no_session(open_page: Open, store: Store) -> None:
    app = open_page("playground")
    next(one for one in app.button if one.label == "Fork this session").click()
    app.run()
    held: Any = app.session_state["playground"]
    assert (held.forked_from, held.revision) == (None, 1)


def test_a_message_after_an_unanswered_tool_call_is_refused_in_words(
    open_page: Open, store: Store
) -> None:
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    session = kept(store, "Weather?", "echo/echo", tools=[tool], tool_choice="required")
    app = run_all(opened(open_page, session), session, store)
    app.chat_input(key="playground-next").set_value("And tomorrow?")
    app.run()
    assert "waits for the result of look_up" in everything(app)
    assert len(playground_runs.of_session(store.connection, session.id)) == 1


def test_a_copy_that_cannot_be_kept_says_why_and_the_page_stands(
    open_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = kept(store, "Hello")
    app = opened(open_page, session)
    monkeypatch.setattr(playground, "MAX_BYTES", 10)
    next(one for one in app.button if one.label == "Fork this session").click()
    app.run()
    assert not app.exception
    assert "A session may hold" in everything(app)
    assert [one.id for one in playground.listed(store.connection)] == [session.id]
