"""What the host is asked to do: one call to one model, in neutral terms. Pure values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.messages import Message, Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Settings of a call; None leaves the vendor's default.

    max_tokens: the most tokens that the answer may have, thinking included where the vendor
        counts it so.
    stop: texts at which the answer ends.
    thinking_budget: tokens for thinking; 0 turns it off.
    effort: how much to think, in the vendor's word ("low", "medium", "high", "none" …).
    extra: the vendor's own parameters, put into the request as they are; they win.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    thinking_budget: int | None = None
    effort: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormat:
    """The answer is JSON: of this JSON schema, or any object where `schema` is None."""

    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, to the first piece of a stream, and for the whole run with retries."""

    connect: float = 10.0
    first_token: float = 120.0
    total: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to one model.

    provider: a name of the table ("openai", "anthropic" …) or of a connected endpoint.
    model: the vendor's own name of it; any text.
    messages: in the blueprint's shape (`workbench.messages`), rendered: no placeholders.
    tools: function tools {"type": "function", "function": {name, description, parameters}} and
        the vendor's own tools in the blueprint's shape ({"type", "provider", "config", …}).
    tool_choice: "auto", "none", "required", {"type": "function", "function": {"name"}} or None.
    parallel_tool_calls: whether several calls may come in one answer; None: the vendor's default.
    timeouts: None takes those of the settings.
    """

    provider: str
    model: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    tuning: Tuning = field(default_factory=Tuning)
    stream: bool = True
    timeouts: Timeouts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a call came from: it is kept with the log record.

    place: "playground", "evaluation", "command line" …: the record's `origin`, which the log
        page filters by.
    actor: who asked for it.
    metadata: what is unique to the run (session, column, row).
    """

    place: str
    actor: str
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    prompt_name: str | None = None
    prompt_id: int | None = None
    prompt_version: int | None = None
    prompt_label: str | None = None
    input_variables: Mapping[str, Any] | None = None
    group_id: int | None = None
    span_id: str | None = None


def split_model(text: str) -> tuple[str, str]:
    """The provider and the model of "provider/model"; a model may hold further slashes.

    >>> split_model("openrouter/meta-llama/llama-4")
    ('openrouter', 'meta-llama/llama-4')
    """
    provider, slash, model = text.strip().partition("/")
    if not slash or not provider or not model:
        raise ValueError(f'"{text}" names no model: "provider/model" is needed, as in "echo/echo".')
    return provider, model


def prompt_parts(prompt: Prompt) -> dict[str, Any]:
    """`messages`, `tools` and `tool_choice` of a rendered blueprint, as fields of a `Call`.

    A completion becomes one user message; the older `functions` become tools.
    """
    if prompt["type"] == "completion":
        return {"messages": [{"role": "user", "content": prompt.get("content", [])}]}
    tools = list(prompt.get("tools") or [])
    tools += [{"type": "function", "function": one} for one in prompt.get("functions") or []]
    choice = prompt.get("tool_choice")
    older = prompt.get("function_call")
    if choice is None and isinstance(older, Mapping):
        choice = {"type": "function", "function": {"name": older.get("name")}}
    elif choice is None and tools:
        choice = older
    return {"messages": prompt.get("messages", []), "tools": tools, "tool_choice": choice or None}
