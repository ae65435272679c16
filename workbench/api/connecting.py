"""Connected endpoints of a running server, for the command line, which reaches models by itself."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from workbench.api.operation import Answer, Operation, Sent
from workbench.store import connections

PATH = "/api/workbench/connections"


class Endpoint(BaseModel):
    """An endpoint and the name of its key's variable: no key is kept."""

    name: str
    kind: str
    base_url: str
    key_variable: str
    models: list[str]
    headers: dict[str, str]


class Endpoints(BaseModel):
    items: list[Endpoint]


def _nothing(_sent: Sent) -> None:
    return None


async def _list(sent: Sent, _read: None) -> Answer:
    found = await asyncio.to_thread(connections.listed, sent.store.connection)
    items = [
        {
            "name": one.name,
            "kind": one.kind,
            "base_url": one.base_url,
            "key_variable": one.key_variable,
            "models": list(one.models),
            "headers": dict(one.headers),
        }
        for one in found
    ]
    return Answer({"items": items})


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation("GET", PATH, "The connected endpoints", _nothing, _list, Endpoints),
)
