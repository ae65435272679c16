"""A session as one conversation: nothing is lost, nothing is drawn twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.logs.sessions import (
    fingerprint,
    key_rank,
    likeliest,
    sessions_of,
    turns,
)
from workbench.messages import Message, message_text, text_part
from workbench.store.rows import Detail, Summary
from workbench.store.session_rows import SessionKey, SessionRequest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(role: str, text: str) -> Message:
    return {"role": role, "content": [text_part(text)]}


def request(number: int, messages: list[Any], output: list[Any]) -> SessionRequest:
    started = NOON + timedelta(minutes=number)
    summary = Summary(
        id=number + 1,
        started_at=started,
        ended_at=started + timedelta(seconds=10),
        status="SUCCESS",
        provider="openai",
        model="gpt-4o",
        prompt_name=None,
        prompt_version=None,
        input_preview="",
        output_preview="",
        latency_ms=10_000,
        input_tokens=1,
        output_tokens=1,
        cost=None,
        tags=[],
        error_type=None,
    )
    return SessionRequest(summary, {"type": "chat", "messages": messages}, output, None)


def new_texts(requests: list[SessionRequest]) -> list[list[str]]:
    return [[message_text(each) for each in turn.new] for turn in turns(requests)]


def chat(name: str, replies: list[str], window: int | None = None) -> list[SessionRequest]:
    """The requests of one chat: each sends what came before, or the last `window` messages."""
    history: list[Any] = []
    found = []
    for number, text in enumerate(replies):
        history.append(said("user", f"{name} asks {text}"))
        sent = history if window is None else history[-window:]
        answer = said("assistant", f"{name} answers {number}")
        found.append(request(number, [said("system", f"You are {name}"), *sent], [answer]))
        history.append(answer)
    return found


WORDS = st.lists(st.sampled_from(["yes", "no", "why", "a", "b"]), min_size=1, max_size=8)
MESSAGES = st.lists(
    st.builds(said, st.sampled_from(["user", "assistant", "system"]), st.sampled_from("abc")),
    max_size=6,
)


@given(WORDS)
def test_each_turn_of_a_chat_is_what_its_user_said(replies: list[str]) -> None:
    texts = new_texts(chat("Ann", replies))
    assert texts[0] == ["You are Ann", f"Ann asks {replies[0]}"]
    assert texts[1:] == [[f"Ann asks {text}"] for text in replies[1:]]


@given(WORDS, st.integers(2, 5))
def test_a_history_that_is_cut_off_at_its_start_is_still_not_repeated(
    replies: list[str], window: int
) -> None:
    texts = new_texts(chat("Ann", [f"{text} {n}" for n, text in enumerate(replies)], window))
    assert texts[1:] == [[f"Ann asks {text} {n + 1}"] for n, text in enumerate(replies[1:])]


@given(WORDS, WORDS, st.randoms())
def test_two_chats_in_one_session_do_not_mix(left: list[str], right: list[str], make: Any) -> None:
    waiting = [chat("Ann", left), chat("Ben", right)]
    mixed = []
    while any(waiting):
        mixed.append(make.choice([each for each in waiting if each]).pop(0))
    said_new = [text for texts in new_texts(mixed) for text in texts]
    expected = [f"Ann asks {text}" for text in left] + [f"Ben asks {text}" for text in right]
    assert sorted(said_new) == sorted([*expected, "You are Ann", "You are Ben"])


@given(st.lists(st.tuples(MESSAGES, MESSAGES), max_size=8))
def test_no_message_is_lost_or_doubled_and_what_is_repeated_stood_earlier(
    sent: list[tuple[list[Any], list[Any]]],
) -> None:
    requests = [request(n, messages, output) for n, (messages, output) in enumerate(sent)]
    found = turns(requests)
    assert [turn.request for turn in found] == requests
    for turn, (messages, output) in zip(found, sent, strict=True):
        assert [each for run in turn.runs for each in run.messages] == messages
        assert turn.output == output
        assert [run.start for run in turn.runs] == sorted({run.start for run in turn.runs})
        repeated = [each for run in turn.runs if not run.is_new for each in run.messages]
        assert (turn.repeats is None) == (not repeated)
        if turn.repeats is not None:
            assert turn.repeats < turn.place
            before = sent[turn.repeats]
            assert all(each in [*before[0], *before[1]] for each in repeated)


def test_the_echo_of_an_answer_counts_as_the_answer() -> None:
    answer = {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "text", "text": "Hello\n", "id": "msg_1", "annotations": []},
        ],
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
        ],
    }
    echo = {
        "role": "assistant",
        "content": [text_part("Hello")],
        "tool_calls": [
            {"id": "b", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
        ],
    }
    assert fingerprint(answer) == fingerprint(echo)
    assert fingerprint(echo) != fingerprint({**echo, "role": "user"})
    assert fingerprint(said("user", "yes")) != fingerprint(said("user", "no"))


def test_the_same_messages_sent_again_are_nothing_new() -> None:
    first = request(0, [said("user", "hi")], [said("assistant", "a")])
    again = request(1, [said("user", "hi")], [said("assistant", "b")])
    found = turns([first, again])
    assert found[1].new == ()
    assert found[1].repeats == 0
    assert [message_text(each) for each in found[1].output] == ["b"]


def test_pauses_are_counted_from_the_end_of_the_turn_before() -> None:
    found = turns([request(0, [], []), request(1, [], []), request(1, [], [])])
    assert [turn.pause for turn in found] == [
        None,
        timedelta(seconds=50),
        timedelta(seconds=-10),
    ]


def test_a_message_nested_a_thousand_deep_is_compared() -> None:
    deep = json.loads('{"a":' * 900 + "1" + "}" * 900)
    message = {"role": "user", "content": [{"type": "unknown", "raw": deep}]}
    found = turns([request(0, [message], []), request(1, [message, said("user", "x")], [])])
    assert [message_text(each) for each in found[1].new] == ["x"]


def test_the_most_telling_session_of_a_request_comes_first() -> None:
    fields = dict.fromkeys(Detail.__dataclass_fields__)
    detail = replace(
        Detail(**fields),  # type: ignore[arg-type]
        metadata={"user_id": 42, "app": {"session-id": "s1"}, "colour": "red", "thread": ""},
        group_id=7,
        trace_id="t",
    )
    assert [str(each) for each in sessions_of(detail)] == [
        "metadata.app.session-id:s1",
        "metadata.user_id:42",
        "group:7",
        "trace:t",
    ]


def test_the_likeliest_key_is_chosen_by_its_name() -> None:
    keys = [SessionKey("metadata", path) for path in ("plan", "user_id", "sessionId")]
    assert likeliest([*keys, SessionKey("group")]) == keys[2]
    assert likeliest([keys[0]]) is None
    assert key_rank(keys[0]) is None
