"""What stands in front of everything: slashes, headers of pages, nothing of the API's for pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.server import KEY, log_body
from workbench import browser_id
from workbench.api.middleware import middleware
from workbench.api.routes import find
from workbench.store.store import Store


async def page(request: Request) -> Response:
    return PlainTextResponse(request.url.path, headers={"X-Frame-Options": "ALLOWALL"})


@pytest.fixture
def site(store: Store) -> Iterator[TestClient]:
    """Pages at every path, as Streamlit has them."""
    site = Starlette(routes=[Route("/{path:path}", page)], middleware=middleware())
    with TestClient(site, base_url="http://localhost") as client:
        yield client


def policy(response: Any) -> dict[str, str]:
    parts = response.headers["content-security-policy"].split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts)}


def test_a_page_may_load_nothing_from_elsewhere(site: TestClient) -> None:
    answer = site.get("/logs")
    assert answer.status_code == 200
    rules = policy(answer)
    assert rules["default-src"] == "'self'"
    assert rules["img-src"] == "'self' data: blob:"
    assert rules["object-src"] == "'none'"
    everything = answer.headers["content-security-policy"]
    assert "http" not in everything
    assert "*" not in everything
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_a_logged_file_runs_nothing_when_it_is_opened(site: TestClient) -> None:
    rules = policy(site.get("/media/abc.svg"))
    assert rules["default-src"] == "'none'"
    assert "sandbox" in rules
    assert "script-src" not in rules


@pytest.mark.parametrize("path", ["//track-request", "///track-request", "/track-request"])
def test_double_slashes_reach_the_api(site: TestClient, path: str) -> None:
    assert site.post("http://localhost" + path, json=log_body()).status_code == 200


def test_double_slashes_of_a_page_are_one(site: TestClient) -> None:
    assert site.get("http://localhost//logs//x").text == "/logs/x"


def test_encoded_slashes_belong_to_a_name(site: TestClient) -> None:
    assert site.get("http://localhost/a%2F%2Fb//c").text == "/a//b/c"


@pytest.mark.parametrize(
    "path",
    ["/", "/logs", "/logs/x", "/settings", "/templates", "/playground", "/apiary", "/static/a"],
)
def test_pages_are_not_the_apis(path: str) -> None:
    assert find(path) is None


def test_api_paths_are_never_pages(site: TestClient) -> None:
    for path in ("/api/public/v2/requests/1", "/rest/track-score", "/v1/traces", "/track-anything"):
        answer = site.get(path, headers={"X-API-KEY": KEY})
        assert answer.headers["content-type"] == "application/json"
        assert answer.status_code in (404, 405)


def test_the_api_lets_no_other_site_in(site: TestClient) -> None:
    answer = site.post("/track-request", json=log_body(), headers={"Origin": "https://evil.test"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def html(request: Request) -> Response:
    return HTMLResponse("<p>a page</p>")


@pytest.fixture
def browser(store: Store) -> Iterator[TestClient]:
    """Pages of HTML, at every path but one."""
    routes = [Route("/plain", page), Route("/{path:path}", html)]
    with TestClient(
        Starlette(routes=routes, middleware=middleware()), base_url="http://localhost"
    ) as client:
        yield client


def test_a_browser_gets_a_name_once_with_its_first_page(browser: TestClient) -> None:
    first = browser.get("/logs").headers["set-cookie"]
    pair, *rules = first.split("; ")
    assert pair.startswith(f"{browser_id.COOKIE}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rules)
    assert "Secure" not in rules
    assert "set-cookie" not in browser.get("/settings").headers


def test_each_browser_gets_another_name(browser: TestClient) -> None:
    names = set()
    for _ in range(3):
        browser.cookies.clear()
        names.add(browser.get("/").headers["set-cookie"].split("; ")[0])
    assert len(names) == 3


def test_a_name_that_was_made_up_is_replaced(browser: TestClient) -> None:
    browser.cookies.set(browser_id.COOKIE, "page")
    assert "set-cookie" in browser.get("/").headers


def test_only_pages_bring_the_name(browser: TestClient) -> None:
    assert "set-cookie" not in browser.get("/plain").headers
    assert "set-cookie" not in browser.get("/healthz").headers
    assert "set-cookie" not in browser.get("/api/nothing").headers


def test_behind_https_the_name_travels_by_https_alone(browser: TestClient) -> None:
    answer = browser.get("/", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"].split("; ")
