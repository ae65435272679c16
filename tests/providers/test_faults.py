"""What goes wrong at a vendor's ends in the right error, in time, with what came and in the log."""

from __future__ import annotations

import pytest

from tests.providers import wires
from tests.providers.scripted import Answer, Server
from tests.providers.vendors import KEY, MODELS, ORIGIN, Asked, call, said, user
from workbench.providers.call import Timeouts
from workbench.providers.errors import ProviderError
from workbench.providers.run import Answer as RunAnswer

#: Longer than any of these runs may take.
BOUND = 15
providers = pytest.mark.parametrize("provider", list(MODELS))


def ended(asked: Asked, provider: str, *, stream: bool = True, **seconds: float) -> RunAnswer:
    timeouts = Timeouts(connect=2, **{"total": 10.0, **seconds})
    run = asked.host.start(call(provider, user("Count."), stream=stream, timeouts=timeouts), ORIGIN)
    return run.result(BOUND)


def failed(asked: Asked, answer: RunAnswer, kind: str) -> ProviderError:
    """The error of a run that failed and was logged as such."""
    assert answer.status == "failed"
    assert answer.error is not None
    assert answer.error.kind == kind, str(answer.error)
    (row,) = asked.rows
    assert row.status == "ERROR"
    assert row.error_message == str(answer.error)
    assert row.origin == "playground"
    assert KEY not in row.raw
    return answer.error


def refusing(provider: str, status: int, message: str, *more: tuple[str, str]) -> Answer:
    body, headers = wires.error(provider, status, message)
    return Answer([body], status, "application/json", (*headers, *more))


def whole(provider: str) -> Answer:
    return Answer(wires.pieces(provider), content_type=wires.content_type(provider))


@providers
def test_a_whole_stream_is_read(asked: Asked, server: Server, provider: str) -> None:
    server.will(whole(provider))
    answer = ended(asked, provider)
    assert answer.error is None
    assert said(answer.messages) == "One two three"
    thoughts = [p["thinking"] for m in answer.messages for p in m["content"] if "thinking" in p]
    assert thoughts == ["Hm."]
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 5)
    if provider != "cohere":
        assert answer.usage.cached_tokens == 8
    assert answer.finish == "stop"
    assert asked.rows[0].status == "SUCCESS"
    assert (asked.rows[0].input_tokens, asked.rows[0].output_tokens) == (20, 5)


@providers
def test_after_a_rate_limit_the_call_is_tried_again_when_the_provider_said(
    asked: Asked, server: Server, provider: str
) -> None:
    server.will(refusing(provider, 429, "Slow down", ("retry-after", "0")), whole(provider))
    answer = ended(asked, provider)
    assert said(answer.messages) == "One two three"
    assert len(server.bodies) == 2
    assert asked.rows[0].metadata["attempts"] == 2


@providers
def test_a_wait_longer_than_there_is_time_for_is_not_begun(
    asked: Asked, server: Server, provider: str
) -> None:
    server.will(refusing(provider, 429, "Slow down", ("retry-after", "3600")))
    error = failed(asked, ended(asked, provider), "rate_limit")
    assert error.retry_after == 3600
    assert "Slow down" in error.message
    assert asked.rows[0].error_type == "PROVIDER_RATE_LIMIT"
    assert len(server.bodies) == 1


@providers
def test_a_rate_limit_that_stays_is_told_after_the_retries(
    asked: Asked, server: Server, provider: str
) -> None:
    server.will(refusing(provider, 429, "Slow down"))
    error = failed(asked, ended(asked, provider), "rate_limit")
    assert error.retry_after is None
    assert len(server.bodies) == 2


@providers
def test_a_failing_server_is_asked_again(asked: Asked, server: Server, provider: str) -> None:
    server.will(refusing(provider, 500, "Something broke"), whole(provider))
    assert said(ended(asked, provider).messages) == "One two three"


@providers
def test_a_server_that_keeps_failing(asked: Asked, server: Server, provider: str) -> None:
    server.will(refusing(provider, 500, "Something broke"))
    error = failed(asked, ended(asked, provider), "unavailable")
    assert "Something broke" in error.message
    assert len(server.bodies) == 2


@providers
def test_an_expired_key_is_told_at_once_and_never_shown(
    asked: Asked, server: Server, provider: str
) -> None:
    server.will(refusing(provider, 401, f"The key {KEY} has expired"))
    error = failed(asked, ended(asked, provider), "authentication")
    assert "has expired" in error.message
    assert KEY not in error.message
    assert asked.rows[0].error_type == "PROVIDER_AUTH_ERROR"
    assert len(server.bodies) == 1


@providers
def test_a_prompt_that_is_too_long(asked: Asked, server: Server, provider: str) -> None:
    server.will(refusing(provider, 400, "prompt is too long: 300000 tokens > 200000 maximum"))
    error = failed(asked, ended(asked, provider), "context_length")
    assert "300000" in error.message
    assert len(server.bodies) == 1


@providers
def test_malformed_json(asked: Asked, server: Server, provider: str) -> None:
    server.will(Answer([b'{"id": "x", "choices": [{'], content_type="application/json"))
    failed(asked, ended(asked, provider, stream=False), "bad_answer")


@providers
def test_a_page_in_place_of_json(asked: Asked, server: Server, provider: str) -> None:
    server.will(Answer([b"<html>Sign in</html>"], content_type="text/html"))
    failed(asked, ended(asked, provider, stream=False), "bad_answer")


@providers
def test_a_page_in_place_of_a_stream(asked: Asked, server: Server, provider: str) -> None:
    server.will(Answer([b"<html>Sign in</html>"], content_type="text/html"))
    failed(asked, ended(asked, provider), "bad_answer")


@providers
def test_a_stream_cut_in_the_middle_keeps_what_came(
    asked: Asked, server: Server, provider: str
) -> None:
    start = wires.until_the_second_word(provider)
    server.will(Answer(start, content_type=wires.content_type(provider), cut=True))
    answer = ended(asked, provider)
    failed(asked, answer, "bad_answer")
    assert said(answer.messages) == "One two"
    assert asked.rows[0].output_text.endswith("One two")
    assert asked.rows[0].error_type == "PROVIDER_PARTIAL_RESPONSE"
    assert len(server.bodies) == 1


@providers
def test_a_stream_that_ends_politely_but_early(asked: Asked, server: Server, provider: str) -> None:
    start = wires.until_the_second_word(provider)
    server.will(Answer(start, content_type=wires.content_type(provider)))
    answer = ended(asked, provider)
    failed(asked, answer, "bad_answer")
    assert said(answer.messages) == "One two"


@providers
def test_a_silent_server(asked: Asked, server: Server, provider: str) -> None:
    server.will(Answer(silent=True))
    error = failed(asked, ended(asked, provider, first_token=0.2), "timeout")
    assert error.message == "Nothing came within 0.2 seconds."
    assert asked.rows[0].error_type == "PROVIDER_TIMEOUT"


@providers
def test_a_silent_server_without_a_stream(asked: Asked, server: Server, provider: str) -> None:
    server.will(Answer(silent=True))
    error = failed(asked, ended(asked, provider, stream=False, total=0.2), "timeout")
    assert error.message == "The answer was not complete within 0.2 seconds."


@providers
def test_a_slow_drip_ends_with_the_time(asked: Asked, server: Server, provider: str) -> None:
    start = wires.until_the_second_word(provider)
    drip = Answer(start, content_type=wires.content_type(provider), hangs=True)
    server.will(whole(provider), drip)
    # Making a client takes of the time too: some packages load half a second of code for it.
    ended(asked, provider)
    asked.rows.clear()
    answer = ended(asked, provider, total=1.0)
    failed(asked, answer, "timeout")
    assert said(answer.messages) == "One two"
    assert asked.rows[0].error_type == "PROVIDER_PARTIAL_RESPONSE"


@providers
def test_stopping_keeps_what_came_and_closes_the_connection(
    asked: Asked, server: Server, provider: str
) -> None:
    start = wires.until_the_second_word(provider)
    server.will(Answer(start, content_type=wires.content_type(provider), hangs=True))
    run = asked.host.start(call(provider, user("Count.")), ORIGIN)
    while run.state().text != "One two":
        assert not run.state().has_ended, run.state().error
    run.stop()
    answer = run.result(BOUND)
    assert answer.status == "stopped"
    assert answer.error is None
    assert said(answer.messages) == "One two"
    assert server.gone.wait(BOUND)
    (row,) = asked.rows
    assert (row.status, row.error_type) == ("WARNING", "STOPPED")
    assert row.output_text.endswith("One two")
