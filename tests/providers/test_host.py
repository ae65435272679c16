"""The host: runs that outlive their page, places and turns, and a record in a real store."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.providers.vendors import ORIGIN, call, said, user
from workbench.messages import Message, image_part, text_part
from workbench.providers import reach
from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call, Origin, Timeouts
from workbench.providers.content import with_ids
from workbench.providers.echo import Echo
from workbench.providers.errors import ProviderError
from workbench.providers.gate import Gate
from workbench.providers.host import Host, store_sink
from workbench.providers.inline import with_content
from workbench.providers.retry import wait_before
from workbench.providers.run import STOPPED
from workbench.settings import Settings
from workbench.store import connections, requests
from workbench.store.errors import Busy
from workbench.store.rows import NewRequest
from workbench.store.store import Store

BOUND = 10


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    opened = Store(Settings(database=database))
    yield opened
    opened.close()


@pytest.fixture
def host(store: Store) -> Iterator[Host]:
    made = Host(store.settings, store_sink(store), lambda: connections.listed(store.connection))
    yield made
    made.close()


def slow(words: int = 200) -> Call:
    return call("echo", user("word " * words), model="echo-slow")


def echo(text: str = "Hi") -> Call:
    return call("echo", user(text), model="echo")


def test_a_run_is_a_record_with_its_template_variables_and_origin(host: Host, store: Store) -> None:
    origin = Origin(
        place="playground",
        actor="user:ada",
        tags=("dev",),
        metadata={"column": "b"},
        prompt_name="greeting",
        prompt_id=7,
        prompt_version=3,
        prompt_label="prod",
        input_variables={"name": "Ada"},
    )
    answer = host.start(echo(), origin).result(BOUND)
    assert answer.request_id is not None
    detail = requests.get(store.connection, answer.request_id)
    assert detail is not None
    assert (detail.origin, detail.actor, detail.summary.tags) == ("playground", "user:ada", ["dev"])
    assert detail.metadata["column"] == "b"
    assert (detail.summary.prompt_name, detail.summary.prompt_version) == ("greeting", 3)
    assert (detail.prompt_id, detail.prompt_label) == (7, "prod")
    assert detail.input_variables == {"name": "Ada"}
    assert detail.summary.provider == "echo"
    assert said(detail.output) == said(answer.messages)
    assert detail.summary.input_tokens == answer.usage.input_tokens


def test_the_same_call_twice_is_two_records(host: Host) -> None:
    first, second = (host.start(echo(), ORIGIN).result(BOUND).request_id for _ in range(2))
    assert first != second


def test_a_run_goes_on_without_anyone_looking_and_is_found_again(host: Host) -> None:
    run_id = host.start(slow(5), ORIGIN).id
    assert [run.id for run in host.runs()] == [run_id]
    found = host.run(run_id)
    assert found is not None
    assert found.result(BOUND).status == "done"
    again = host.run(run_id)
    assert again is not None
    state = again.state()
    assert (state.status, state.finish) == ("done", "stop")
    assert state.text.startswith("[user")
    assert host.runs() == []


def test_a_stopped_run_keeps_what_it_said_in_the_store(host: Host, store: Store) -> None:
    run = host.start(slow(), ORIGIN)
    while not run.state().text:
        assert not run.state().has_ended
    run.stop()
    run.stop()
    answer = run.result(BOUND)
    assert answer.status == STOPPED
    assert answer.request_id is not None
    detail = requests.get(store.connection, answer.request_id)
    assert detail is not None
    assert (detail.summary.status, detail.summary.error_type) == ("WARNING", "STOPPED")
    assert detail.output_text.startswith("[user")


def test_a_run_stopped_before_it_began_is_logged_too(host: Host) -> None:
    run = host.start(slow(), ORIGIN)
    run.stop()
    answer = run.result(BOUND)
    assert answer.status == STOPPED
    assert answer.request_id is not None


def test_closing_stops_and_logs_what_runs(store: Store) -> None:
    host = Host(store.settings, store_sink(store), list)
    runs = [host.start(slow(), ORIGIN) for _ in range(3)]
    host.close()
    answers = [run.result(0) for run in runs]
    assert {answer.status for answer in answers} == {STOPPED}
    assert len({answer.request_id for answer in answers} - {None}) == 3


def test_a_caller_on_another_loop_gets_the_answer_and_may_cancel(host: Host) -> None:
    async def ask() -> str:
        return said((await host.ask(echo("Over there"), ORIGIN)).messages)

    async def give_up() -> None:
        task = asyncio.create_task(host.ask(slow(), ORIGIN))
        while not host.runs() or not host.runs()[0].state().text:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert "Over there" in asyncio.run(ask())
    asyncio.run(give_up())
    for run in host.runs():
        assert run.result(BOUND).status == STOPPED


def test_a_record_that_cannot_be_kept_is_said_and_the_answer_is_there(database: str) -> None:
    async def full(_row: NewRequest, _body: Mapping[str, Any]) -> int:
        raise Busy("Too much is waiting to be written.")

    host = Host(Settings(database=database), full, list)
    answer = host.start(echo(), ORIGIN).result(BOUND)
    host.close()
    assert answer.status == "done"
    assert answer.request_id is None
    assert answer.log_problem == "Too much is waiting to be written."


def test_an_unknown_provider_is_said_with_the_known_ones(host: Host) -> None:
    answer = host.start(call("nowhere", user("Hi")), ORIGIN).result(BOUND)
    assert answer.error is not None
    assert "echo" in answer.error.message
    assert answer.request_id is not None


class Counting(Echo):
    """An echo that waits for a sign, and counts how many wait at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.go = threading.Event()

    async def send(self, client: Any, wire: Wire, stream: bool) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        while not self.go.is_set():
            await asyncio.sleep(0.001)
        async for piece in super().send(client, wire, stream):
            yield piece
        self.now -= 1


def test_no_more_run_at_once_than_the_settings_allow(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()

    def fixed(*_args: Any) -> reach.Target:
        return reach.Target("echo", "echo", counting, Access())

    async def keep(_row: NewRequest, _body: Mapping[str, Any]) -> int:
        return 1

    monkeypatch.setattr("workbench.providers.host.target", fixed)
    host = Host(Settings(database=database, model_concurrency="8,echo=3"), keep, list)
    runs = [host.start(echo(), ORIGIN) for _ in range(10)]
    while counting.now < 3:
        assert counting.most <= 3
    assert {run.state().status for run in runs} == {"waiting", "running"}
    counting.go.set()
    for run in runs:
        assert run.result(BOUND).status == "done"
    host.close()
    assert counting.most == 3


def test_turns_are_spread_over_the_minute_and_wait_after_a_rate_limit() -> None:
    clock = [100.0]
    begun: list[float] = []

    async def sleep(seconds: float) -> None:
        clock[0] += seconds

    async def scenario() -> None:
        gate = Gate(at_once=10, per_minute=600, now=lambda: clock[0], sleep=sleep)
        for _ in range(3):
            await gate.turn()
            begun.append(clock[0])
        gate.close_for(30)
        await gate.turn()
        begun.append(clock[0])

    asyncio.run(scenario())
    assert begun == pytest.approx([100.0, 100.1, 100.2, 130.2])


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_waits_double_and_are_of_random_length(attempt: int) -> None:
    error = ProviderError("unavailable", "down")
    waits = {wait_before(error, attempt, 5, 600, random.Random(seed)) for seed in range(50)}
    longest = 0.5 * 2 ** (attempt - 1)
    assert len(waits) > 40
    assert all(wait is not None and longest / 4 <= wait <= longest for wait in waits)


def test_what_cannot_help_is_not_tried_again() -> None:
    rng = random.Random(1)
    late = ProviderError("rate_limit", "slow down", retry_after=90)
    assert wait_before(late, 1, 2, 60, rng) is None
    waited = wait_before(late, 1, 2, 600, rng)
    assert waited is not None
    assert 90 <= waited <= 100
    assert wait_before(ProviderError("unavailable", "down"), 3, 2, 600, rng) is None
    assert wait_before(ProviderError("bad_request", "no"), 1, 2, 600, rng) is None
    assert wait_before(ProviderError("quota", "empty"), 1, 2, 600, rng) is None


def test_pictures_by_address_become_content_once_each() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return b"\x89PNG-picture"

    url = "https://pictures.example/cat.png"
    there = image_part("data:image/png;base64,QUJD")
    one = call("google", user("See", image_part(url, "low"), there), user("Again", image_part(url)))
    made = asyncio.run(with_content(one, fetch))
    parts = [part for message in made.messages for part in message["content"]]
    assert fetched == [url]
    assert parts[1]["image_url"] == {
        "url": "data:image/png;base64,iVBORy1waWN0dXJl",
        "detail": "low",
    }
    assert parts[2] == there
    assert parts[4]["image_url"]["url"] == "data:image/png;base64,iVBORy1waWN0dXJl"


def test_a_picture_on_a_private_address_is_not_fetched(host: Host, monkeypatch: Any) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "test-key-0123456789")
    one = call("google", user("See", image_part("http://127.0.0.1:9/cat.png")))
    answer = host.start(one, ORIGIN).result(BOUND)
    assert answer.error is not None
    assert answer.error.kind == "bad_request"
    assert "private address" in answer.error.message


def test_calls_without_ids_get_them_and_results_find_their_calls() -> None:
    def made(name: str) -> Any:
        return {"id": "", "type": "function", "function": {"name": name, "arguments": "{}"}}

    messages: list[Message] = [
        user("Hi"),
        {"role": "assistant", "content": [], "tool_calls": [made("a"), made("b"), made("a")]},
        {"role": "tool", "name": "b", "content": [text_part("2")]},
        {"role": "tool", "name": "a", "content": [text_part("1")]},
        {"role": "tool", "content": [text_part("3")]},
    ]
    found = with_ids(messages)
    calls = [one["id"] for one in found[1].get("tool_calls") or []]
    assert len(set(calls)) == 3
    assert [one.get("tool_call_id") for one in found[2:]] == [calls[1], calls[0], calls[2]]
    assert messages[1].get("tool_calls", [made("a")])[0]["id"] == ""  # type: ignore[index]


def test_an_error_within_an_adapter_ends_the_run_and_is_logged(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("workbench.providers.echo.answer", broken)
    answer = host.start(echo(), ORIGIN).result(BOUND)
    assert answer.error is not None
    assert answer.error.kind == "internal"
    assert "a mistake of ours" in answer.error.message
    assert answer.request_id is not None


HALF = "\ud83d"


class Halved(Echo):
    """An echo whose pieces end in the middle of a surrogate pair, and whose end has half of one."""

    async def send(self, client: Any, wire: Wire, stream: bool) -> Any:
        for text in ("Smile ", HALF, "\ude00 and ", HALF):
            yield {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def test_half_of_a_surrogate_pair_in_an_answer_is_mended_shown_and_logged(
    host: Host, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fixed(*_args: Any) -> reach.Target:
        return reach.Target("echo", "echo", Halved(), Access())

    monkeypatch.setattr("workbench.providers.host.target", fixed)
    run = host.start(echo(), ORIGIN)
    answer = run.result(BOUND)
    assert (answer.status, answer.log_problem) == ("done", None)
    assert run.state().text == "Smile \U0001f600 and \ufffd"
    assert answer.request_id is not None
    detail = requests.get(store.connection, answer.request_id)
    assert detail is not None
    assert "Smile" in said(detail.output)
    said(answer.messages).encode()


def test_half_of_a_surrogate_pair_in_a_question_ends_the_run_and_is_logged(host: Host) -> None:
    answer = host.start(echo(f"Hello {HALF}"), ORIGIN).result(BOUND)
    assert answer.request_id is not None
    assert host.runs() == []


def test_a_log_that_fails_in_a_way_of_its_own_leaves_the_answer(database: str) -> None:
    async def broken(_row: NewRequest, _body: Mapping[str, Any]) -> int:
        raise OSError("the cable is out")

    host = Host(Settings(database=database), broken, list)
    answer = host.start(echo(), ORIGIN).result(BOUND)
    host.close()
    assert (answer.status, answer.request_id) == ("done", None)
    assert answer.log_problem == "OSError: the cable is out"


def test_an_end_that_cannot_be_read_still_ends_the_run_with_what_was_said(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> Any:
        raise RuntimeError("a mistake in the record")

    monkeypatch.setattr("workbench.providers.host.body_of", broken)
    run = host.start(echo("Hi there"), ORIGIN)
    answer = run.result(BOUND)
    assert host.runs() == []
    assert "Hi there" in said(answer.messages)
    assert answer.log_problem == "RuntimeError: a mistake in the record"
    assert answer.raw_request == {}


def test_time_to_the_first_piece_and_speed_are_told(host: Host) -> None:
    run = host.start(slow(10), ORIGIN)
    run.result(BOUND)
    state = run.state()
    assert state.first_token_ms is not None
    assert 0 < state.first_token_ms <= state.elapsed_ms
    assert state.tokens_per_second
    assert state.usage is not None
    assert state.usage.output_tokens


def test_the_call_without_a_stream_shows_its_answer_at_the_end(host: Host) -> None:
    run = host.start(call("echo", user("Hi"), model="echo", stream=False), ORIGIN)
    answer = run.result(BOUND)
    assert run.state().text == said(answer.messages)


def test_a_total_time_ends_an_endless_answer(host: Host) -> None:
    one = call("echo", user("word " * 500), model="echo-slow", timeouts=Timeouts(total=0.3))
    answer = host.start(one, ORIGIN).result(BOUND)
    assert answer.error is not None
    assert answer.error.kind == "timeout"
    assert said(answer.messages)
    assert answer.cost is None or answer.cost.total >= Decimal(0)
