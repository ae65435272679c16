"""Sessions run on the echo, in a host and a store of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.playground import calls, running, sessions
from workbench.playground.opening import blank
from workbench.playground.session import Column, Session
from workbench.providers.host import Host, store_sink
from workbench.providers.run import Answer
from workbench.registry import publishing
from workbench.registry.publishing import Draft
from workbench.settings import Settings
from workbench.store import connections
from workbench.store.store import Store

ACTOR = "user:ada"
SECONDS = 30


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return Settings(database=str(tmp_path / "workbench.duckdb"))


@pytest.fixture
def store(chosen: Settings) -> Iterator[Store]:
    opened = Store(chosen)
    yield opened
    opened.close()


@pytest.fixture
def host(store: Store) -> Iterator[Host]:
    made = Host(store.settings, store_sink(store), lambda: connections.listed(store.connection))
    yield made
    made.close()


def asking(store: Store, text: str, *models: str) -> Session:
    """A kept session that asks one thing of these models."""
    session = blank(store, models or ("echo/echo",))
    session.shared.remove(0)
    session.shared.set_text(0, 0, text)
    sessions.keep(store, ACTOR, session)
    return session


def run(store: Store, host: Host, session: Session, *columns: Column, **more: Any) -> list[Answer]:
    """Run columns (all of them where none is named) to their ends."""
    given = columns or tuple(session.columns)
    prepared = [calls.prepare(store, (), session, one) for one in given]
    ids = running.start(store, host, session, prepared, ACTOR, **more)
    return finish(store, host, ids)


def finish(store: Store, host: Host, ids: list[str]) -> list[Answer]:
    """Wait until runs have ended and their ends are kept."""
    found = []
    for id_ in ids:
        run = host.run(id_)
        assert run is not None
        found.append(run.result(SECONDS))
    # The writer takes changes in turn: after this one the ends are there.
    store.change(lambda cursor: None).result()
    return found


def publish(store: Store, template: str, *texts: str, **model: Any) -> int:
    """model: provider, name, parameters."""
    for text in texts:
        prompt = {"type": "chat", "messages": [{"role": "user", "content": text}]}
        metadata = {"model": model} if model else None
        done = publishing.publish(
            store, ACTOR, Draft(name=template, prompt=prompt, metadata=metadata)
        )
    return done.template.id
