"""Cohere v2's stream events put together into one answer."""

from __future__ import annotations

from typing import Any

from workbench.logs.normalise.shape import mapping, text

EVENTS = frozenset(
    {
        "message-start",
        "content-start",
        "content-delta",
        "content-end",
        "tool-plan-delta",
        "tool-call-start",
        "tool-call-delta",
        "tool-call-end",
        "citation-start",
        "citation-end",
        "message-end",
    }
)


def merge_events(events: list[Any]) -> dict[str, Any]:
    """The answer of `message`, `finish_reason` and `usage` that a stream tells piece by piece."""
    answer: dict[str, Any] = {}
    content: dict[int, dict[str, list[str]]] = {}
    calls: dict[int, tuple[dict[str, Any], list[str]]] = {}
    plan: list[str] = []
    citations: list[Any] = []
    for event in map(mapping, events):
        delta = mapping(event.get("delta"))
        said = mapping(delta.get("message"))
        index = event["index"] if isinstance(event.get("index"), int) else 0
        match event.get("type"):
            case "message-start":
                answer["id"] = event.get("id")
            case "content-start" | "content-delta":
                part = content.setdefault(index, {"text": [], "thinking": []})
                for kind, pieces in part.items():
                    pieces.append(text(mapping(said.get("content")).get(kind)))
            case "tool-plan-delta":
                plan.append(text(said.get("tool_plan")))
            case "tool-call-start":
                calls[index] = (mapping(said.get("tool_calls")), [])
            case "tool-call-delta" if index in calls:
                function = mapping(mapping(said.get("tool_calls")).get("function"))
                calls[index][1].append(text(function.get("arguments")))
            case "citation-start":
                citations.append(said.get("citations"))
            case "message-end":
                answer |= delta
    answer["message"] = {
        "role": "assistant",
        "tool_plan": "".join(plan),
        "content": [part for at in sorted(content) for part in _parts(content[at])],
        "tool_calls": [_call(*calls[at]) for at in sorted(calls)],
        "citations": citations,
    }
    return answer


def _parts(pieces: dict[str, list[str]]) -> list[dict[str, str]]:
    return [
        {"type": kind, kind: joined}
        for kind in ("thinking", "text")
        if (joined := "".join(pieces[kind]))
    ]


def _call(start: dict[str, Any], pieces: list[str]) -> dict[str, Any]:
    function = mapping(start.get("function"))
    arguments = text(function.get("arguments")) + "".join(pieces)
    return {**start, "function": {**function, "arguments": arguments}}
