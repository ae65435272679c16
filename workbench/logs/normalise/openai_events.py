"""Stream events of the OpenAI Responses API put together into one response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.logs.normalise.shape import items, mapping, text

_WHOLE = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.created"}
)

#: Deltas of items that never were reported as done: (key of the item, key of its part).
_PIECES = {
    "response.output_text.delta": ("content", "output_text", "text"),
    "response.refusal.delta": ("content", "refusal", "refusal"),
    "response.reasoning_summary_text.delta": ("summary", "summary_text", "text"),
    "response.reasoning_text.delta": ("content", "reasoning_text", "text"),
}
_VALUES = {
    "response.function_call_arguments.delta": "arguments",
    "response.mcp_call_arguments.delta": "arguments",
    "response.custom_tool_call_input.delta": "input",
    "response.code_interpreter_call_code.delta": "code",
}


@dataclass(slots=True)
class _Item:
    start: dict[str, Any] = field(default_factory=dict)
    done: dict[str, Any] | None = None
    pieces: dict[tuple[str, str, str, int], list[str]] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)

    def whole(self) -> dict[str, Any]:
        if self.done is not None:
            return self.done
        item = dict(self.start)
        for key, texts in self.values.items():
            item[key] = "".join(texts)
        parts: dict[str, list[Any]] = {}
        for (key, kind, name, _), texts in sorted(self.pieces.items(), key=lambda one: one[0][3]):
            made = parts.setdefault(key, list(items(item.get(key))))
            made.append({"type": kind, name: "".join(texts)})
        return item | parts


def merge_events(events: list[Any]) -> dict[str, Any]:
    """The response that a stream ended with; one that broke off is built from its pieces."""
    response: dict[str, Any] = {}
    made: dict[Any, _Item] = {}
    for raw in events:
        event = mapping(raw)
        kind = text(event.get("type"))
        if kind in _WHOLE:
            response.update(mapping(event.get("response")))
        elif kind == "error":
            said = {"code": event.get("code"), "message": event.get("message")}
            response["error"] = event.get("error") or said
        else:
            index = event.get("output_index")
            key = index if isinstance(index, int) else len(made)
            if kind in _PIECES or kind in _VALUES or kind.startswith("response.output_item."):
                _add(made.setdefault(key, _Item()), kind, event)
    if not items(response.get("output")):
        response["output"] = [made[key].whole() for key in sorted(made)]
    return response


def _add(item: _Item, kind: str, event: dict[str, Any]) -> None:
    delta = text(event.get("delta"))
    if kind == "response.output_item.added":
        item.start = mapping(event.get("item"))
    elif kind == "response.output_item.done":
        item.done = mapping(event.get("item"))
    elif kind in _VALUES:
        item.values.setdefault(_VALUES[kind], []).append(delta)
    elif kind in _PIECES:
        at = event.get("content_index", event.get("summary_index"))
        place = (*_PIECES[kind], at if isinstance(at, int) else 0)
        item.start.setdefault("type", "message")
        item.pieces.setdefault(place, []).append(delta)
