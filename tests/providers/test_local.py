"""A real model on this machine, where requirements-local.txt is installed:

pip install -r requirements-local.txt && python -m pytest -m local_model
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.providers.vendors import ORIGIN, call, said, user
from workbench.providers import about, local
from workbench.providers.adapter import Access
from workbench.providers.call import Tuning
from workbench.providers.errors import ProviderError
from workbench.providers.host import Host
from workbench.settings import Settings
from workbench.store.rows import NewRequest


@pytest.mark.local_model
@pytest.mark.skipif(not local.installed(), reason="requirements-local.txt is not installed")
def test_a_real_model_streams_stops_and_ends_with_its_host() -> None:
    rows: list[NewRequest] = []

    async def keep(row: NewRequest, _body: Mapping[str, Any]) -> int:
        rows.append(row)
        return len(rows)

    host = Host(Settings(), keep, list)
    try:
        few = Tuning(max_tokens=12, temperature=0.0)
        one = call("local", user("Name three colours."), model=local.MODEL, tuning=few)
        answer = host.start(one, ORIGIN).result(180)
        assert answer.error is None, str(answer.error)
        assert said(answer.messages).strip()
        assert answer.usage.output_tokens == 12
        assert answer.finish == "length"
        again = host.start(one, ORIGIN).result(60)
        assert said(again.messages) == said(answer.messages)
        long = call("local", user("Go on and on."), model=local.MODEL)
        run = host.start(long, ORIGIN)
        while not run.state().text:
            assert not run.state().has_ended
        run.stop()
        assert run.result(60).status == "stopped"
        assert [row.provider for row in rows] == ["local"] * 3
        assert rows[0].cost is None
        assert [model.id for model in about.models(host, "local")] == [local.MODEL]
    finally:
        host.close()


@pytest.mark.skipif(local.installed(), reason="requirements-local.txt is installed")
def test_without_it_the_reason_says_what_to_install() -> None:
    async def ask() -> None:
        made = local.ADAPTER
        client = made.client(Access())
        wire = made.to_wire(call("local", user("Hi"), model=local.MODEL))
        async for _ in made.send(client, wire, True):
            pass

    with pytest.raises(ProviderError, match=r"requirements-local\.txt"):
        asyncio.run(ask())
