"""Sessions: the list, and one session as one conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.seed import data_url, png, row
from tests.ui.conftest import Open, html_of, text_of
from workbench.messages import image_part, text_part
from workbench.store.store import Store
from workbench.ui.sessions import duration


def said(role: str, text: str) -> Any:
    return {"role": role, "content": [text_part(text)]}


def chat(store: Store, session: str, questions: list[str]) -> list[int]:
    """Log a chat in which each request sends all that came before; ids in order."""
    now = datetime.now(UTC) - timedelta(hours=1)
    history = [said("system", f"You help {session}.")]
    ids = []
    for number, question in enumerate(questions):
        history.append(said("user", question))
        start = now + timedelta(minutes=2 * number)
        changes = {
            "started_at": start,
            "ended_at": start + timedelta(seconds=3),
            "prompt": {"type": "chat", "messages": list(history)},
            "output": [said("assistant", f"Answer {number} to {session}")],
            "metadata": {"session_id": session},
            "input_preview": question,
        }
        ids.append(store.add(row(1, now, **changes)).result().id)
        history.append(said("assistant", f"Answer {number} to {session}"))
    return ids


def listed(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["Session"])


def test_an_empty_store_points_to_home(open_page: Open) -> None:
    assert "Nothing has been logged yet" in text_of(open_page("sessions"))


def test_requests_without_anything_in_common_are_told_what_a_session_needs(
    open_page: Open, store: Store
) -> None:
    store.add(row(1, datetime.now(UTC), metadata={})).result()
    shown = text_of(open_page("sessions"))
    assert "No sessions yet" in shown
    assert "session_id" in shown


def test_sessions_are_listed_by_the_likeliest_key_the_newest_end_first(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("sessions")
    assert listed(app) == ["s0", "s1", "s2"]
    table = app.dataframe[0].value
    assert list(table["Requests"]) == [20, 20, 20]
    assert list(table["Errors"]) == [2, 2, 2]
    assert table["First words"][0].endswith("#57")
    assert "**3** sessions" in text_of(app)
    assert app.query_params["by"] == "metadata.session_id"


def test_another_key_holds_other_sessions_together(open_page: Open, seeded: list[int]) -> None:
    assert listed(open_page("sessions", by="metadata.user_id")) == [str(n) for n in range(7)]
    assert "No request carries group" in text_of(open_page("sessions", by="group"))


def test_the_filter_chooses_sessions(open_page: Open, seeded: list[int]) -> None:
    app = open_page("sessions", f='"#12"')
    assert listed(app) == ["s0"]
    assert app.dataframe[0].value["Requests"][0] == 20
    shown = text_of(open_page("sessions", f="model:gpt-4o-mini tag:nowhere"))
    assert "Nothing matches" in shown


def test_pages_of_sessions_follow_each_other(open_page: Open, store: Store) -> None:
    now = datetime.now(UTC)
    waiting = [store.add(row(n, now, metadata={"session_id": f"s{n:02}"})) for n in range(30)]
    assert all(each.result() for each in waiting)
    app = open_page("sessions")
    assert listed(app) == [f"s{n:02}" for n in range(25)]
    app = next(b for b in app.button if b.label == "Older").click().run()
    assert listed(app) == [f"s{n:02}" for n in range(25, 30)]
    again = open_page("sessions", **{"from": app.query_params["from"]})
    assert listed(again) == listed(app)
    app = next(b for b in again.button if b.label == "Newer").click().run()
    assert listed(app)[0] == "s00"
    assert "from" not in app.query_params


def test_a_session_is_one_conversation_in_which_nothing_is_said_twice(
    open_page: Open, store: Store
) -> None:
    chat(store, "abc", ["Where is it?", "And now?", "Thanks"])
    chat(store, "other", ["Something else"])
    app = open_page("sessions", session="metadata.session_id:abc")
    shown = text_of(app)
    for text in ("You help abc.", "Where is it?", "And now?", "Thanks", "Answer 0 to abc"):
        assert shown.count(text) == 1, text
    assert "other" not in shown
    assert "3 messages as in turn 1" in shown
    assert "5 messages as in turn 2" in shown
    assert shown.count("1 min 57 s later") == 2
    assert "3 requests" in shown
    assert "4 min 3 s" in shown


def test_a_failed_turn_says_why(open_page: Open, seeded: list[int]) -> None:
    app = open_page("sessions", session="metadata.session_id:s0")
    assert "Provider timeout" in [each.value for each in app.error]
    assert "The provider took too long" in text_of(app)


def test_an_image_is_drawn_in_the_turn_that_brought_it(open_page: Open, store: Store) -> None:
    # Long enough to be kept as a blob; what follows the picture's end is not looked at.
    picture = image_part(data_url(png(8, 8, (9, 9, 9)) + bytes(range(256)) * 6))
    shown = {"role": "user", "content": [picture]}
    now = datetime.now(UTC)
    for number, messages in enumerate([[shown], [shown, said("user", "And now?")]]):
        changes = {
            "started_at": now + timedelta(minutes=number),
            "prompt": {"type": "chat", "messages": messages},
            "metadata": {"session_id": "a"},
        }
        store.add(row(1, now, **changes)).result()
    app = open_page("sessions", session="metadata.session_id:a")
    assert len(app.get("image")) == 1
    assert "cannot be decoded" not in text_of(app)


def test_a_long_session_comes_in_parts(open_page: Open, store: Store) -> None:
    chat(store, "long", [f"Question {n}." for n in range(30)])
    link = "metadata.session_id:long"
    app = open_page("sessions", session=link)
    assert "Turns 1 to 25 of 30" in text_of(app)
    app = next(b for b in app.button if b.label == "Later").click().run()
    shown = text_of(app)
    assert "Turns 26 to 30 of 30" in shown
    assert "Question 25." in shown
    assert "Question 24." not in shown
    assert "51 messages as in turn 25" in shown
    assert app.query_params["turns"] == "26"


@pytest.mark.parametrize("turns", ["0", "-1", "x", "999999", "9" * 40, "²"])
def test_a_part_that_is_none_shows_turns(open_page: Open, store: Store, turns: str) -> None:
    chat(store, "a", ["Hello"])
    assert "Hello" in text_of(open_page("sessions", session="metadata.session_id:a", turns=turns))


def test_a_session_that_is_not_there_is_said(open_page: Open, seeded: list[int]) -> None:
    assert "No request belongs to this session" in text_of(
        open_page("sessions", session="metadata.session_id:nobody")
    )


def test_closing_a_session_returns_to_the_list(open_page: Open, seeded: list[int]) -> None:
    app = open_page("sessions", session="metadata.session_id:s1")
    app = app.button(key="close").click().run()
    assert listed(app) == ["s0", "s1", "s2"]
    assert "session" not in app.query_params


def test_hostile_values_are_drawn_as_text(open_page: Open, store: Store) -> None:
    evil = "<script>alert(1)</script>"
    store.add(row(1, datetime.now(UTC), metadata={"session_id": evil}, model=evil)).result()
    app = open_page("sessions", session=f"metadata.session_id:{evil}")
    bodies = html_of(app)
    assert any("&lt;script&gt;" in body for body in bodies)
    assert not any("<script" in body for body in bodies)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-3, "0.0 s"), (0.25, "0.2 s"), (59.6, "1 min"), (125, "2 min 5 s"), (90_000, "1 d 1 h")],
)
def test_spans_of_time_have_two_units(seconds: float, expected: str) -> None:
    assert duration(timedelta(seconds=seconds)) == expected
