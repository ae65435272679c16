"""Provider base URLs: named addresses that calls of a provider go to."""

from __future__ import annotations

from urllib.parse import urlsplit

from workbench.jsontext import FieldError
from workbench.registry.names import check_set
from workbench.store import registry_sets as rows
from workbench.store.connection import Connection
from workbench.store.registry_rows import BaseUrl
from workbench.store.store import Store

MAX_URL = 2000


def listed(connection: Connection) -> list[BaseUrl]:
    """Every address, by name."""
    return rows.base_urls(connection)


def save(store: Store, actor: str, name: str, provider: str, url: str) -> BaseUrl:
    """Save an address under its name; one of the same name is replaced.

    Raises FieldError for what is no http address, or one with a user or password in it: callers
    and the audit read it.
    """
    check_set(name)
    check_set(provider, "provider")
    _check(url)
    return store.change_registry(
        lambda cursor: store.registry.base_urls.put(cursor, actor, name, provider, url)
    )


def remove(store: Store, actor: str, name: str) -> None:
    store.change_registry(lambda cursor: store.registry.base_urls.remove(cursor, actor, name))


def _check(url: str) -> None:
    if len(url) > MAX_URL:
        raise FieldError("url", f"{MAX_URL} characters are the limit, {len(url)} came")
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, parts.username or parts.password
        parts.port  # noqa: B018 - reading it raises for a port that is none
    except ValueError:
        raise FieldError("url", "this is no address") from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in url):
        raise FieldError("url", "an address that begins with http:// or https:// is needed")
    if user:
        raise FieldError("url", "an address with a user or a password cannot be kept")
