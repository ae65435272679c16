"""Azure OpenAI's chat completions: the model's name is that of a deployment."""

from __future__ import annotations

from typing import Any

from workbench.providers.adapter import Access
from workbench.providers.openai_chat import OpenAIChat, client_options
from workbench.providers.openai_wire import Dialect

DEFAULT_VERSION = "2024-10-21"


class AzureOpenAI(OpenAIChat):
    function_name = "openai.AzureOpenAI.chat.completions.create"
    stream_name = function_name
    dialect = Dialect("Azure OpenAI", limit="max_tokens")

    def client(self, access: Access) -> Any:
        from openai import AsyncAzureOpenAI

        return AsyncAzureOpenAI(
            api_key=access.key,
            azure_endpoint=access.base_url or "",
            api_version=access.options.get("OPENAI_API_VERSION") or DEFAULT_VERSION,
            **client_options(access),
        )

    async def models(self, client: Any) -> list[str]:
        # Azure lists the models of a region, not one's deployments, whose names a call needs.
        del client
        return []


ADAPTER = AzureOpenAI()
