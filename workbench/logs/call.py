"""What the normalisers read and what they return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.messages import Message, Prompt
from workbench.usage import Usage


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model as an application logged it: any JSON may stand anywhere.

    provider: the `provider_type` or `provider` as sent ("openai", "anthropic", "amazon.bedrock").
    function_name: the vendor's function, dotted ("openai.chat.completions.create").
    kwargs, args: what the application passed to it.
    response: the vendor's answer as a JSON value ({} when the call failed).
    """

    provider: str
    function_name: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    args: list[Any] = field(default_factory=list)
    response: Any = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call read into neutral terms; what the vendor did not say is None.

    prompt: messages and tools that went in, in the blueprint's shape.
    output: the messages that came back.
    model: the model that answered, else the one asked for.
    requested_model: the one asked for.
    parameters: settings of the call (temperature, max_tokens, response_format …): everything
        in the kwargs that is neither messages, tools nor model.
    finish_reason: in the vendor's own word.
    error: (kind, message) where the answer itself says that it failed, else None.
    normaliser: name and version of what read it ("openai.chat/1"); "raw/1" when nothing
        understood it, and the raw call is then all there is to show.
    """

    prompt: Prompt
    output: list[Message]
    normaliser: str
    model: str | None = None
    provider: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    finish_reason: str | None = None
    error: tuple[str, str] | None = None
    requested_model: str | None = None
