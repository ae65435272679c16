"""A request as an example of a conversation: what every format is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.export.tuning.reasons import EMPTY, UNSUPPORTED, Unfit
from workbench.messages import tool_calls

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Image:
    """url: http(s), data: or a bucket's. detail: of OpenAI's images."""

    url: str
    detail: str | None = None


@dataclass(slots=True)
class Turn:
    """One message. role: system, user, assistant or tool; call_id and name are a tool's."""

    role: str
    text: str
    images: list[Image] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    call_id: str = ""
    name: str = ""
    refusal: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.text.strip() or self.images or self.calls or self.refusal)


@dataclass(slots=True)
class Example:
    """turns: what went in. answer: what is to be learnt. tools: OpenAI's function tools.

    parallel: whether tools may be called in parallel, where the call said so.
    """

    turns: list[Turn]
    answer: Turn
    tools: list[dict[str, Any]]
    parallel: bool | None = None


def example_of(
    prompt: Mapping[str, Any] | None,
    output: Iterable[Mapping[str, Any]] | None,
    parameters: Mapping[str, Any] | None = None,
    corrected: str | None = None,
) -> Example:
    """The example of a stored conversation; `corrected` stands for the answer where it is given.

    Raises Unfit for what is empty, and for content that no format carries (audio, files …).
    Thinking is left out: no vendor takes it.
    """
    turns = _turns(prompt or {})
    if corrected is not None and corrected.strip():
        answer = Turn("assistant", corrected)
    else:
        answer = _answer(output or ())
    if not any(turn.role == "user" and not turn.is_empty for turn in turns):
        raise Unfit(EMPTY, "there is no message of a user")
    parallel = (parameters or {}).get("parallel_tool_calls")
    tools = _tools(prompt or {})
    return Example(turns, answer, tools, parallel if isinstance(parallel, bool) else None)


def _turns(prompt: Mapping[str, Any]) -> list[Turn]:
    if prompt.get("type") == "completion":
        messages: list[Any] = [{"role": "user", "content": prompt.get("content") or []}]
    else:
        messages = prompt.get("messages") or []
    turns = [turn_of(message) for message in messages]
    return [turn for turn in turns if turn.role == "tool" or not turn.is_empty]


def _answer(output: Iterable[Mapping[str, Any]]) -> Turn:
    """The first message that says anything: further choices are other answers."""
    for message in output:
        turn = turn_of(message)
        if turn.role == "assistant" and not turn.is_empty:
            return turn
    raise Unfit(EMPTY, "there is no answer")


def turn_of(message: Mapping[str, Any]) -> Turn:
    """Raises Unfit for content that cannot be carried."""
    given = message.get("role")
    role = _ROLES.get(given) if isinstance(given, str) else None
    if role is None:
        raise Unfit(UNSUPPORTED, f"a message of the role {str(given)[:40]!r}")
    texts: list[str] = []
    turn = Turn(role, "")
    for part in message.get("content") or ():
        # Nearly all are texts, and there are many of them.
        kind = part.get("type")
        if kind == "text":
            texts.append(part.get("text") or "")
            continue
        match kind:
            case "image_url":
                turn.images.append(_image(part))
            case "refusal":
                turn.refusal += part.get("refusal") or ""
            case "thinking":
                continue
            case other:
                raise Unfit(UNSUPPORTED, f"a part of the type {str(other)[:40]!r}")
    # An answer comes in pieces of one text; a person's parts are paragraphs.
    if len(texts) == 1:
        turn.text = texts[0]
    else:
        turn.text = ("" if role == "assistant" else "\n").join(texts)
    if role == "assistant":
        if message.get("tool_calls") or message.get("function_call"):
            turn.calls = _calls(message)
    elif role == "tool":
        turn.name = message.get("name") or ""
        turn.call_id = message.get("tool_call_id") or (turn.name and f"call_{turn.name}")
    return turn


def _image(part: Mapping[str, Any]) -> Image:
    given = part.get("image_url")
    url = given.get("url") if isinstance(given, Mapping) else None
    if not isinstance(url, str) or not url:
        raise Unfit(UNSUPPORTED, "an image without an address")
    detail = given.get("detail") if isinstance(given, Mapping) else None
    return Image(url, detail if isinstance(detail, str) else None)


def _calls(message: Mapping[str, Any]) -> list[Call]:
    given = message.get("tool_calls")
    if given:
        return [
            Call(one.get("id") or "", one["function"]["name"], one["function"]["arguments"])
            for one in given
        ]
    # The older single call has no id: its answer names the function instead.
    return [
        Call(f"call_{one['name']}", one["name"], one["arguments"]) for one in tool_calls(message)
    ]


def _tools(prompt: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for tool in prompt.get("tools") or ():
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            kind = tool.get("type") if isinstance(tool, Mapping) else None
            raise Unfit(UNSUPPORTED, f"a tool of the type {str(kind)[:40]!r}")
        found.append(_function(function))
    for function in prompt.get("functions") or ():
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise Unfit(UNSUPPORTED, "a function without a name")
        found.append(_function(function))
    return found


def _function(function: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(function.get("parameters"), Mapping | None):
        told = f"parameters of {function['name'][:60]} that are no JSON object"
        raise Unfit(UNSUPPORTED, told)
    return {"type": "function", "function": dict(function)}
