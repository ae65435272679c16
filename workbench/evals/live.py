"""The context of a real run: the registry, the providers' host, the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any

from workbench.evals.cells import CellFailed
from workbench.evals.context import ENDPOINT_LIMITS, Context, FetchTemplate
from workbench.evals.prompts import TemplateVersion
from workbench.evals.sandbox import Sandbox, available
from workbench.guarded_http import Limits
from workbench.providers.call import Origin
from workbench.providers.host import Host
from workbench.registry import fetching, templates
from workbench.settings import Settings
from workbench.store.errors import NotFound
from workbench.store.store import Store


def live_context(
    store: Store,
    host: Host,
    settings: Settings,
    origin: Origin,
    judge: Mapping[str, Any] | None = None,
) -> Context:
    """What columns run with in this process. judge: see `Context`."""
    return Context(
        ask=host.ask,
        fetch_template=template_fetcher(store),
        origin=origin,
        connections=host.connections,
        judge=dict(judge) if judge else None,
        http=http_limits(settings),
        sandbox=_sandbox() if settings.code_columns == "on" else None,
    )


def template_fetcher(store: Store) -> FetchTemplate:
    """Versions from the registry, their snippets in place."""

    def fetch(name: str, version: int | None, label: str | None) -> TemplateVersion:
        ask = fetching.Ask(version=version, label=label, render=False, kwargs=False)
        try:
            found = fetching.fetch(store, name, ask)
            versions = templates.versions(store.connection, found.template.id, limit=1)
        except NotFound as error:
            raise CellFailed("template", str(error)) from None
        return TemplateVersion(
            template_id=found.template.id,
            name=found.template.name,
            number=found.version.number,
            newest=versions[0].number,
            prompt=found.prompt,
            metadata=found.metadata,
            base_url=found.base_url.url if found.base_url else None,
        )

    async def fetched(name: str, version: int | None, label: str | None) -> TemplateVersion:
        return await asyncio.to_thread(fetch, name, version, label)

    return fetched


def http_limits(settings: Settings) -> Limits:
    """What endpoint columns may reach."""
    return Limits(
        allow_private=settings.private_endpoints == "on",
        seconds=ENDPOINT_LIMITS.seconds,
        max_bytes=ENDPOINT_LIMITS.max_bytes,
    )


def code_columns_off(settings: Settings) -> str | None:
    """Why code columns do not run here: a sentence for people; None where they do. The first call
    tries it and takes some 100 ms."""
    if settings.code_columns != "on":
        return (
            "Code columns are off: an administrator turns them on with WORKBENCH_CODE_COLUMNS=on."
        )
    return available()


@cache
def _sandbox() -> Sandbox:
    """One for the process: it bounds how much code runs at once."""
    return Sandbox()
