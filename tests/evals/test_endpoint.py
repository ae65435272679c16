"""Endpoint columns, against a server of this machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.evals.conftest import Pages
from tests.evals.support import context, error, run, value
from workbench.evals.cells import CellResult
from workbench.evals.columns import column_type
from workbench.evals.context import Context
from workbench.guarded_http import Limits

ROW = {"question": "Why?", "n": 1, "list": [None]}


def allowed(**more: Any) -> Context:
    return context(http=Limits(allow_private=True, max_bytes=2 * 2**20, **more))


def test_every_column_to_the_left_is_posted_with_the_headers(server: Pages) -> None:
    spec = {
        "url": f"{server.url}/echo?x=1",
        "headers": {"Authorization": "Bearer t", "Host": "evil"},
    }
    cell = run("ENDPOINT", spec, ROW, allowed())
    assert isinstance(cell, CellResult)
    assert cell.value == {"data": ROW}
    assert cell.detail.data == {"status": 200}
    path, headers, body = server.seen[0]
    assert path == "/echo?x=1"
    assert json.loads(body) == {"data": ROW}
    assert headers["Authorization"] == "Bearer t"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == server.url.removeprefix("http://")


def test_an_answer_that_is_no_json_is_its_text(server: Pages) -> None:
    assert value("ENDPOINT", {"url": f"{server.url}/words"}, ROW, allowed()) == "Grüße"


def test_without_the_setting_nothing_private_is_reached(server: Pages) -> None:
    found = error("ENDPOINT", {"url": f"{server.url}/echo"}, ROW)
    assert found.kind == "refused"
    assert "WORKBENCH_PRIVATE_ENDPOINTS" in found.message
    assert server.seen == []


def test_an_error_of_the_endpoint_is_a_failure_to_try_again(server: Pages) -> None:
    found = error("ENDPOINT", {"url": f"{server.url}/status"}, ROW, allowed())
    assert (found.kind, found.retryable) == ("endpoint", True)
    assert "503" in found.message
    assert "busy" in found.message


def test_a_large_answer_is_not_kept(server: Pages) -> None:
    found = error("ENDPOINT", {"url": f"{server.url}/large"}, ROW, allowed())
    assert (found.kind, found.retryable) == ("limit", False)
    assert "larger than 2 MiB" in found.message


def test_a_server_that_sends_a_byte_now_and_then_runs_out_of_time(server: Pages) -> None:
    found = error("ENDPOINT", {"url": f"{server.url}/slow"}, ROW, allowed(seconds=0.5))
    assert (found.kind, found.retryable) == ("timeout", True)


def test_what_was_posted_is_not_sent_on_to_another_server(server: Pages) -> None:
    found = error("ENDPOINT", {"url": f"{server.url}/away"}, ROW, allowed())
    assert found.kind == "limit"
    assert "another server" in found.message


def test_a_redirect_within_the_server_is_followed_without_the_body(server: Pages) -> None:
    assert value("ENDPOINT", {"url": f"{server.url}/here"}, ROW, allowed()) == "seen"
    assert [path for path, _, _ in server.seen] == ["/here", "/seen"]


def test_a_redirect_is_checked_as_the_first_address_is(
    server: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first address counts as public here: what it redirects to does not.
    monkeypatch.setattr(
        "workbench.guarded_http.is_public",
        lambda address: address == "127.0.0.1" and not server.seen,
    )
    found = error("ENDPOINT", {"url": f"{server.url}/here"}, ROW)
    assert found.kind == "refused"
    assert [path for path, _, _ in server.seen] == ["/here"]


def test_a_server_that_is_not_there_is_a_failure_to_try_again() -> None:
    found = error("ENDPOINT", {"url": "http://127.0.0.1:1/"}, ROW, allowed())
    assert (found.kind, found.retryable) == ("endpoint", True)


@pytest.mark.parametrize("header", [{"a\r\nb": "c"}, {"a": "b\r\nInjected: 1"}])
def test_a_header_cannot_carry_another_one(header: dict[str, str]) -> None:
    kind = column_type("ENDPOINT")
    config = kind.read({"url": "https://example.com", "headers": header})
    assert [each.field for each in kind.check(config, [])] == ["headers"]
