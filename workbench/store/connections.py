"""Connected endpoints: by whom they speak like, where they are, which variable holds the key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import orjson

from workbench.store import clock
from workbench.store.audit import Audit
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.guards import guard
from workbench.store.writer import Cursor

KINDS = ("openai", "anthropic")
MAX_MODELS = 1000
MAX_HEADERS = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
#: A key goes to an address that a user types in, so only what is named like a key may be sent.
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,80}(?:KEY|TOKEN)")
_OURS = ("WORKBENCH_", "AWS_")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")
_SECRET_HEADERS = ("authorization", "cookie", "key", "token", "secret", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """An endpoint. kind: whose interface it speaks, "openai" or "anthropic"."""

    name: str
    kind: str
    base_url: str
    key_variable: str = ""
    models: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    created_by: str = ""


def checked(one: Connected, taken: Sequence[str] = ()) -> Connected:
    """The endpoint without outer space; raises Refused with the reason where it cannot be used.

    taken: names that are not to be had.
    """
    name, url = one.name.strip(), one.base_url.strip().rstrip("/")
    variable = one.key_variable.strip()
    if not _NAME.fullmatch(name):
        raise Refused(
            "The name is how its models are called, as in name/model: lower-case letters, digits, "
            f"dots, hyphens and underscores. {name[:64]!r} is not such a name."
        )
    if name in taken:
        raise Refused(f"{name!r} is the name of a provider already.")
    if one.kind not in KINDS:
        raise Refused(f"{one.kind!r} is none of {', '.join(KINDS)}.")
    _check_url(url)
    if variable and (not _VARIABLE.fullmatch(variable) or variable.startswith(_OURS)):
        raise Refused(
            "The key's variable must be a name in capitals that ends in KEY or TOKEN, and none of "
            "the workbench's own or of AWS. The key itself belongs into the environment or into "
            ".streamlit/secrets.toml."
        )
    models = tuple(dict.fromkeys(each.strip() for each in one.models if each.strip()))
    if len(models) > MAX_MODELS or any(len(each) > 256 for each in models):
        raise Refused(f"At most {MAX_MODELS} models of 256 characters can be listed.")
    _check_headers(one.headers)
    return Connected(
        name=name,
        kind=one.kind,
        base_url=url,
        key_variable=variable,
        models=models,
        headers=dict(one.headers),
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Refused(f"{url[:200]!r} is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 2000:
        raise Refused("An address that begins with http:// or https:// is needed.")
    if parts.username or parts.password:
        raise Refused("A key does not belong into the address: name its variable.")


def _check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > MAX_HEADERS:
        raise Refused(f"At most {MAX_HEADERS} headers can be sent.")
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not value.isprintable() or len(value) > 2000:
            raise Refused(f"{name[:80]!r} is not a header that can be sent.")
        if any(word in name.lower() for word in _SECRET_HEADERS):
            raise Refused(
                f"The header {name!r} looks like a secret, which is never stored: name the key's "
                "variable instead."
            )


class Connections:
    """Changes to be run by the writer."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def put(self, cursor: Cursor, actor: str, one: Connected, taken: Sequence[str] = ()) -> None:
        """Connect an endpoint, or change the one of that name."""
        one = checked(one, taken)
        guard(cursor, "connection", one.name)
        cursor.execute("DELETE FROM connections WHERE name = ?", [one.name])
        cursor.execute(
            "INSERT INTO connections VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                one.name,
                one.kind,
                one.base_url,
                one.key_variable,
                list(one.models),
                orjson.dumps(dict(one.headers)).decode(),
                clock.now(),
                actor,
            ],
        )
        detail = {"kind": one.kind, "base_url": one.base_url, "key_variable": one.key_variable}
        self._audit.record(cursor, actor, "connection.put", f"connection/{one.name}", detail)

    def remove(self, cursor: Cursor, actor: str, name: str) -> None:
        found = cursor.execute("SELECT 1 FROM connections WHERE name = ?", [name]).fetchone()
        if found is None:
            raise NotFound(f"There is no connection {name!r}.")
        guard(cursor, "connection", name)
        cursor.execute("DELETE FROM connections WHERE name = ?", [name])
        self._audit.record(cursor, actor, "connection.remove", f"connection/{name}", {})


def listed(connection: Connection) -> list[Connected]:
    """Every connected endpoint, by name."""
    with connection.cursor() as cursor:
        rows = cursor.execute(
            "SELECT name, kind, base_url, key_variable, models, headers, created_at, created_by "
            "FROM connections ORDER BY name"
        ).fetchall()
    return [
        Connected(
            name=name,
            kind=kind,
            base_url=base_url,
            key_variable=key_variable,
            models=tuple(models),
            headers=orjson.loads(headers),
            created_at=clock.from_stored(created_at),
            created_by=created_by,
        )
        for name, kind, base_url, key_variable, models, headers, created_at, created_by in rows
    ]
