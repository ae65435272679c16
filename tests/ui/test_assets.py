"""What a browser loads first: Streamlit's own files, as Streamlit would hand them over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from workbench.ui.assets import assets

FOLDER = Path(streamlit.__file__).parent / "static"


@pytest.fixture(scope="module")
def client() -> TestClient:
    """In front of an application that answers everything with "Streamlit"."""
    behind = Route(
        "/{path:path}", lambda _: PlainTextResponse("Streamlit"), methods=["GET", "POST"]
    )
    return TestClient(Starlette(routes=[behind], middleware=assets()))


def test_all_that_the_page_names_comes_as_it_is_and_may_be_kept(client: TestClient) -> None:
    page = (FOLDER / "index.html").read_text()
    named = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)
    assert len(named) > 20
    kinds = {"js": "javascript", "css": "text/css", "woff2": "font/woff2"}
    for name in named:
        answer = client.get(f"/{name}")
        assert answer.content == (FOLDER / name).read_bytes()
        assert kinds[name.rpartition(".")[2]] in answer.headers["content-type"]
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/static/js/missing.js",
        "/static/js/..%2f..%2findex.html",
        "/static/../../app.py",
        "/logs/static/js",
    ],
)
def test_anything_else_is_answered_by_streamlit(client: TestClient, path: str) -> None:
    assert client.get(path).text == "Streamlit"


def test_a_file_is_read_and_nothing_else_done_with_it(client: TestClient) -> None:
    name = next((FOLDER / "static" / "css").iterdir()).name
    assert client.head(f"/static/css/{name}").content == b""
    assert client.post(f"/static/css/{name}").text == "Streamlit"
