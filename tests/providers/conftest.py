"""Servers and hosts that the tests of all providers share: packages are imported once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.scripted import Server, scripted
from tests.providers.vendors import Asked, aimock, asking, reaching
from workbench.providers import retry


@pytest.fixture(scope="session")
def _stand_in() -> Iterator[Asked]:
    with aimock() as url, asking(url) as asked:
        yield asked


@pytest.fixture(scope="session")
def _scripted() -> Iterator[tuple[Server, Asked]]:
    with scripted() as server, asking(server.url, model_retries=1) as asked:
        yield server, asked


@pytest.fixture
def stand_in(_stand_in: Asked, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A host that asks the stand-in vendors; its log is empty."""
    return reaching(monkeypatch, _stand_in)


@pytest.fixture
def server(_scripted: tuple[Server, Asked]) -> Server:
    """The server that answers as the test says."""
    return _scripted[0]


@pytest.fixture
def asked(_scripted: tuple[Server, Asked], monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A host that asks `server` and tries once again, at once; its log is empty."""
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)
    return reaching(monkeypatch, _scripted[1])
