"""Two requests beside each other: which messages belong together, and what else differs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.diff import Change, json_diff
from workbench.diff.matching import Budget, matches
from workbench.logs.sessions import fingerprint, prompt_messages
from workbench.messages import part_text, tool_calls
from workbench.store.rows import Detail

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A message of the left and the one of the right that stands in its place, or one alone."""

    left: Message | None
    right: Message | None

    @property
    def is_same(self) -> bool:
        return (
            self.left is not None
            and self.right is not None
            and fingerprint(self.left) == fingerprint(self.right)
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of both requests; None where it is not known."""

    name: str
    left: float | None
    right: float | None

    @property
    def difference(self) -> float | None:
        if self.left is None or self.right is None:
            return None
        return self.right - self.left


def prompt_pairs(left: Detail, right: Detail) -> list[Pair]:
    return pairs(prompt_messages(left.prompt), prompt_messages(right.prompt))


def output_pairs(left: Detail, right: Detail) -> list[Pair]:
    return pairs(_output(left), _output(right))


def pairs(left: Sequence[Message], right: Sequence[Message]) -> list[Pair]:
    """All messages of both sides in order: equal ones together, and between them those whose roles
    follow each other in the same way."""
    numbers: dict[str, int] = {}
    equal = matches(
        [numbers.setdefault(fingerprint(each), len(numbers)) for each in left],
        [numbers.setdefault(fingerprint(each), len(numbers)) for each in right],
        Budget(),
    )
    found: list[Pair] = []
    here = there = 0
    for i, j in [*equal, (len(left), len(right))]:
        found += _by_role(left[here:i], right[there:j])
        if i < len(left):
            found.append(Pair(left[i], right[j]))
        here, there = i + 1, j + 1
    return found


def _by_role(left: Sequence[Message], right: Sequence[Message]) -> list[Pair]:
    roles: dict[str, int] = {}
    alike = matches(
        [roles.setdefault(str(each.get("role")), len(roles)) for each in left],
        [roles.setdefault(str(each.get("role")), len(roles)) for each in right],
        Budget(),
    )
    found: list[Pair] = []
    here = there = 0
    for i, j in [*alike, (len(left), len(right))]:
        found += [Pair(each, None) for each in left[here:i]]
        found += [Pair(None, each) for each in right[there:j]]
        if i < len(left):
            found.append(Pair(left[i], right[j]))
        here, there = i + 1, j + 1
    return found


def _output(detail: Detail) -> list[Message]:
    return [each for each in detail.output or [] if isinstance(each, Mapping)]


def message_value(message: Message | None) -> Any:
    """The JSON value that a message is: its whole text, or its tool calls; else None."""
    if message is None:
        return None
    parts = [part for part in message.get("content") or () if isinstance(part, Mapping)]
    calls = [
        {"name": call.get("name"), "arguments": _parsed(str(call.get("arguments") or ""))}
        for call in tool_calls(message)
    ]
    text = "".join(part_text(part) for part in parts if part.get("type") == "text").strip()
    if calls:
        return calls if not text else None
    if any(part.get("type") not in {"text", "thinking"} for part in parts):
        return None
    value = _parsed(text) if text.startswith(("{", "[")) else None
    return value if isinstance(value, dict | list) else None


def message_words(message: Message | None) -> str:
    """Everything that a message says, as text: other parts than words as JSON."""
    if message is None:
        return ""
    pieces = [
        part_text(part) or _pretty(part)
        for part in message.get("content") or ()
        if isinstance(part, Mapping)
    ]
    pieces += [
        f"{call.get('name')}({_pretty(_parsed(str(call.get('arguments') or '')))})"
        for call in tool_calls(message)
    ]
    return "\n\n".join(pieces)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:
        return "(nested too deep to be shown)"


def figures(left: Detail, right: Detail) -> list[Figure]:
    """Latency in milliseconds, cost in dollars, tokens."""

    def cost(detail: Detail) -> float | None:
        return None if detail.summary.cost is None else float(detail.summary.cost)

    one, other = left.summary, right.summary
    return [
        Figure("Latency", one.latency_ms, other.latency_ms),
        Figure("Cost", cost(left), cost(right)),
        Figure("Input tokens", one.input_tokens, other.input_tokens),
        Figure("Cached tokens", left.cached_tokens, right.cached_tokens),
        Figure("Output tokens", one.output_tokens, other.output_tokens),
        Figure("Reasoning tokens", left.reasoning_tokens, right.reasoning_tokens),
    ]


def facts(detail: Detail) -> dict[str, Any]:
    """What a call was, as one JSON object: compared with another's it tells what was different."""
    summary = detail.summary
    prompt = detail.prompt if isinstance(detail.prompt, Mapping) else {}
    template = {
        "name": summary.prompt_name,
        "version": summary.prompt_version,
        "label": detail.prompt_label,
    }
    tools = [*(prompt.get("tools") or ()), *(prompt.get("functions") or ())]
    given: dict[str, Any] = {
        "model": summary.model,
        "provider": summary.provider,
        "status": summary.status,
        "error": summary.error_type,
        "finish reason": detail.finish_reason,
        "prompt template": {name: value for name, value in template.items() if value is not None},
        "settings": detail.parameters,
        "variables": detail.input_variables,
        "tools": {_tool_name(tool, place): tool for place, tool in enumerate(tools)},
        "tags": dict.fromkeys(sorted(summary.tags), True),
        "metadata": detail.metadata,
        "scores": {score.name: score.value for score in detail.scores},
    }
    return {name: value for name, value in given.items() if value not in (None, {}, [])}


def _tool_name(tool: Any, place: int) -> str:
    """Tools are compared by name, whatever their order."""
    if isinstance(tool, Mapping):
        inner = tool.get("function")
        name = inner.get("name") if isinstance(inner, Mapping) else tool.get("name")
        if isinstance(name, str) and name:
            return name
    return f"tool {place + 1}"


def fact_changes(left: Detail, right: Detail) -> list[Change]:
    return json_diff(facts(left), facts(right))
