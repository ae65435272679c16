"""`cohere.ClientV2().chat(**kwargs)`."""

from __future__ import annotations

from typing import Any

from workbench.registry.llm_kwargs import openai_chat
from workbench.registry.llm_kwargs.common import Request
from workbench.registry.llm_kwargs.parameters import as_list, response_schema, spelled

_OWN = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}


def build(request: Request) -> dict[str, Any]:
    """Keyword arguments; parameters win over what is derived."""
    kwargs = openai_chat.build_for_kin(request)
    for message in kwargs["messages"]:
        if message["role"] == "function":
            message["role"] = "tool"
            message["tool_call_id"] = message.pop("name", "")
    said = kwargs.pop("tool_choice", None)
    if said in ("required", "none"):
        kwargs["tool_choice"] = said.upper()
    elif isinstance(said, dict):
        name = said["function"]["name"]
        kwargs["tools"] = [tool for tool in kwargs["tools"] if tool["function"]["name"] == name]
        kwargs["tool_choice"] = "REQUIRED"
    found = spelled(request.parameters, _OWN)
    if "stop_sequences" in found:
        found["stop_sequences"] = as_list(found["stop_sequences"])
    schema = response_schema(found)
    if schema is not None:
        found["response_format"] = {"type": "json_object", "json_schema": schema[1]}
    return kwargs | found
