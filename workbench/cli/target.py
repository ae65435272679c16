"""What a command works on: the store itself, or the running server that owns it."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from workbench.settings import settings
from workbench.store.errors import StoreError, StoreInUse
from workbench.store.files import identity
from workbench.store.store import Store

ACTOR = "command line"
STORE_PATH = "/api/workbench/store"
KEY_VARIABLES = ("WORKBENCH_API_KEY", "PROMPTLAYER_API_KEY")
F = TypeVar("F", bound=Callable[..., Any])


def server_option(command: F) -> F:
    """The option that says where a running server is."""
    return click.option(
        "--server",
        default="http://localhost:8501",
        show_default=True,
        help="The running server, asked when it has the store open.",
    )(command)


@contextmanager
def opened() -> Iterator[Store | None]:
    """The store, or None where a running server has it open."""
    try:
        store = Store(settings())
    except StoreInUse:
        yield None
        return
    try:
        yield store
    finally:
        store.close()


def ask(server: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the running server with the key of the environment.

    Raises StoreError where none answers, it refuses, or it has another store open than this one.
    """
    found = _call(server, "GET", STORE_PATH)
    if found.get("identity") != identity(settings()):
        raise StoreError(
            f"The server at {server} has another store open than {settings().database}: name the "
            "one that has this store with --server."
        )
    return _call(server, method, path, body)


def _call(
    server: str, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    key = next((os.environ[name] for name in KEY_VARIABLES if os.environ.get(name)), None)
    if key is None:
        raise StoreError(
            f"A server has the store open and is asked at {server}, which needs an API key: put "
            f"one into {' or '.join(KEY_VARIABLES)}."
        )
    request = urllib.request.Request(  # noqa: S310 - an address the user gave
        f"{server.rstrip('/')}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-API-KEY": key, "Content-Type": "application/json"},
    )
    try:
        with _opener.open(request, timeout=600) as answer:
            result = json.load(answer)
    except urllib.error.HTTPError as error:
        raise StoreError(f"The server at {server} refused: {_message(error)}") from error
    except (OSError, ValueError, http.client.HTTPException):
        result = None
    if not isinstance(result, dict):
        raise StoreError(
            f"The store is in use, but no workbench answers at {server}: name the server that has "
            "it open with --server, or stop the process."
        )
    return result


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key is for the server that was named, and for no other."""

    def redirect_request(self, *_args: Any) -> None:
        return None


# Neither a proxy nor another host gets to see the key.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {error.code}."
