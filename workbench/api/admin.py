"""Our own routes for the command line: keys, sample and backup of a running server.

They are not part of the interface that applications use, so the OpenAPI document leaves them out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from workbench.api import wire
from workbench.api.operation import Answer, Operation, Sent
from workbench.jsontext import FieldError
from workbench.registry import sample
from workbench.store import keys
from workbench.store.files import backup, backup_path, identity
from workbench.store.keys import ApiKey

BASE = "/api/workbench"
R = TypeVar("R")


class StoreAnswer(BaseModel):
    """Which store this server has open, so that a command changes no other one."""

    identity: str


class KeyRow(BaseModel):
    id: int
    name: str
    hint: str
    created_at: str
    created_by: str
    revoked_at: str | None


class KeyList(BaseModel):
    items: list[KeyRow]


class KeyMade(BaseModel):
    key: str


class Revoked(BaseModel):
    revoked: int


class Requests(BaseModel):
    """How many requests were loaded or removed."""

    requests: int


class Backup(BaseModel):
    path: str
    bytes: int


class MakeKey(wire.Keyed):
    name: Annotated[str, Field(min_length=1, max_length=200)]


def key_row(key: ApiKey) -> dict[str, Any]:
    """A key as it may be told: never the key itself."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "created_by": key.created_by,
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
    }


def _nothing(_sent: Sent) -> None:
    return None


def _key_id(sent: Sent) -> int:
    text = sent.path["key_id"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise FieldError("key_id", "a whole number is needed")
    return int(text)


async def _aside(work: Callable[[], R]) -> R:
    """Run what may take minutes without keeping anyone waiting for a thread of the pool."""
    return await asyncio.to_thread(work)


async def _store(sent: Sent, _read: None) -> Answer:
    return Answer({"identity": identity(sent.store.settings)})


async def _list_keys(sent: Sent, _read: None) -> Answer:
    rows = await _aside(lambda: keys.listed(sent.store.connection))
    return Answer({"items": [key_row(each) for each in rows]})


async def _make_key(sent: Sent, read: MakeKey) -> Answer:
    return Answer({"key": await _aside(lambda: sent.store.make_key(sent.actor, read.name))}, 201)


async def _revoke_key(sent: Sent, key_id: int) -> Answer:
    await _aside(lambda: sent.store.revoke_key(sent.actor, key_id))
    return Answer({"revoked": key_id})


async def _load_sample(sent: Sent, _read: None) -> Answer:
    now = datetime.now(UTC)
    return Answer({"requests": await _aside(lambda: sample.load(sent.store, sent.actor, now))}, 201)


async def _remove_sample(sent: Sent, _read: None) -> Answer:
    now = datetime.now(UTC)
    return Answer({"requests": await _aside(lambda: sample.remove(sent.store, sent.actor, now))})


async def _back_up(sent: Sent, _read: None) -> Answer:
    path = backup_path(sent.store.settings, datetime.now(UTC))
    size = await _aside(lambda: backup(sent.store.connection, path))
    return Answer({"path": str(path), "bytes": size}, 201)


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation("GET", f"{BASE}/store", "Which store is open", _nothing, _store, StoreAnswer),
    Operation("GET", f"{BASE}/keys", "The API keys", _nothing, _list_keys, KeyList),
    Operation(
        "POST",
        f"{BASE}/keys",
        "Make an API key",
        lambda sent: wire.read(MakeKey, sent.body),
        _make_key,
        KeyMade,
        request=MakeKey,
        status=201,
    ),
    Operation(
        "DELETE",
        f"{BASE}/keys/{{key_id}}",
        "Revoke an API key",
        _key_id,
        _revoke_key,
        Revoked,
        problems=(404, 422),
    ),
    Operation(
        "POST", f"{BASE}/sample", "Load the sample", _nothing, _load_sample, Requests, status=201
    ),
    Operation("DELETE", f"{BASE}/sample", "Remove it", _nothing, _remove_sample, Requests),
    Operation("POST", f"{BASE}/backup", "Write a backup", _nothing, _back_up, Backup, status=201),
)
