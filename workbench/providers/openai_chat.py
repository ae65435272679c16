"""OpenAI's chat completions, through the package `openai`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from functools import lru_cache
from typing import Any

from workbench.providers import openai_wire
from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call
from workbench.providers.errors import ProviderError
from workbench.providers.events import Event
from workbench.providers.openai_wire import Dialect
from workbench.providers.transport import posted, stainless_failure

#: Addresses that are kept of a client: it calls a few paths, and lists of models a page at a time.
_PATHS = 16


class OpenAIChat:
    """Also the base of everyone who speaks this dialect through the same package."""

    function_name = "openai.chat.completions.create"
    stream_name = function_name
    wants_content = False
    dialect = Dialect("OpenAI's chat API")

    def to_wire(self, call: Call) -> Wire:
        return openai_wire.to_wire(call, self.dialect)

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return openai_wire.from_wire(chunk)

    def client(self, access: Access) -> Any:
        from openai import AsyncOpenAI

        client = AsyncOpenAI(
            # Servers of one's own often want no key, but the package does.
            api_key=access.key or "none",
            base_url=access.base_url,
            default_headers=dict(access.headers),
            **client_options(access),
        )
        return with_kept_addresses(client)

    async def close(self, client: Any) -> None:
        await client.close()

    def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        return posted(client, "/chat/completions", wire.kwargs, stream=stream)

    def failure(self, error: Exception) -> ProviderError | None:
        return stainless_failure(error)

    async def models(self, client: Any) -> list[str]:
        return [model.id async for model in client.models.list()]


def client_options(access: Access) -> dict[str, Any]:
    """What every client of this package gets. The host does the retries."""
    from openai import Timeout

    from workbench.providers.aiohttp_transport import client_over_aiohttp

    timeout = Timeout(access.read_seconds, connect=access.connect_seconds)
    http_client = client_over_aiohttp(timeout)
    return {"max_retries": 0, "timeout": timeout, "http_client": http_client}


def with_kept_addresses(client: Any) -> Any:
    """The client, putting the address of each of its few paths together once: that is a tenth of
    what the package does for a call. Its base URL must not change any more."""
    client._prepare_url = lru_cache(maxsize=_PATHS)(client._prepare_url)
    return client


ADAPTER = OpenAIChat()
