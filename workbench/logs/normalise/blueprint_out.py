"""A conversation as the `prompt_blueprint` that PromptLayer's `/track-request` answers.

The shape and the null fields are those that the service sends: clients compare them exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.logs.call import Conversation
from workbench.messages import Message, Part


def prompt_blueprint(
    conversation: Conversation,
    *,
    provider: str | None = None,
    model: str | None = None,
    parameters: dict[str, Any] | None = None,
    commit_message: str | None = None,
    display_roles: bool = True,
) -> dict[str, Any]:
    """`prompt_template` (input messages, then the answer), `metadata.model` and the null fields.

    provider, model, parameters: as the caller sent them; else those of the conversation, where
        the model is the one that was asked for.
    display_roles: whether `raw_request_display_role` repeats the role (`/track-request`) or is
        empty (`/log-request`); a message that carries its own keeps it.
    """
    return {
        "prompt_template": prompt_template(conversation, display_roles=display_roles),
        "commit_message": commit_message,
        "metadata": {
            "model": {
                "provider": provider or conversation.provider,
                "name": model or conversation.requested_model or conversation.model,
                "parameters": conversation.parameters if parameters is None else parameters,
            }
        },
        "provider_base_url_name": None,
        "report_id": None,
        "inference_client_name": None,
    }


def prompt_template(conversation: Conversation, *, display_roles: bool = True) -> dict[str, Any]:
    """Input and answer as one template; a completion stays one, with the answer appended."""
    prompt = conversation.prompt
    if prompt["type"] == "completion":
        return {
            "content": [*prompt.get("content", []), *_answered(conversation.output)],
            "input_variables": prompt.get("input_variables", []),
            "template_format": prompt.get("template_format", "f-string"),
            "type": "completion",
        }
    messages = [*prompt.get("messages", []), *conversation.output]
    return {
        "messages": [template_message(message, display_roles) for message in messages],
        "functions": prompt.get("functions") or [],
        "tools": prompt.get("tools") or [],
        "function_call": prompt.get("function_call"),
        "tool_choice": prompt.get("tool_choice"),
        "type": "chat",
        "input_variables": prompt.get("input_variables", []),
        "dataset_examples": [],
    }


def _answered(output: Iterable[Message]) -> list[Part]:
    return [part for message in output for part in message["content"]]


def template_message(message: Message, display_roles: bool = True) -> dict[str, Any]:
    """A message with every field that the service adds."""
    role = message["role"]
    result: dict[str, Any] = {
        "input_variables": [],
        "template_format": "f-string",
        "content": [],
        "raw_request_display_role": role if display_roles else "",
        "dataset_examples": [],
        "role": role,
        "name": None,
    }
    if role == "assistant":
        result |= {"function_call": None, "tool_calls": None}
    return result | message
