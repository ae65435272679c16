"""Anthropic stream events put together into one message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.logs.normalise.shape import mapping, parsed, text

#: Where each delta's piece stands, and in which field of the block it belongs.
_PIECES = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}

EVENTS = frozenset(
    {
        "message_start",
        "message_delta",
        "message_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    }
)


@dataclass(slots=True)
class _Block:
    start: dict[str, Any]
    pieces: dict[str, list[str]] = field(default_factory=dict)
    citations: list[Any] = field(default_factory=list)

    def whole(self) -> dict[str, Any]:
        block = dict(self.start)
        for key, pieces in self.pieces.items():
            joined = "".join(pieces)
            if key == "input":
                block[key] = parsed(joined) if joined else block.get(key)
            else:
                block[key] = text(block.get(key)) + joined
        if self.citations:
            block["citations"] = self.citations
        return block


def merge_events(events: list[Any]) -> dict[str, Any]:
    """One message from raw stream events, in order; helper events of the package are skipped."""
    message: dict[str, Any] = {}
    blocks: dict[Any, _Block] = {}
    for raw in events:
        event = mapping(raw)
        index = event.get("index")
        key = index if isinstance(index, int) else None
        match event.get("type"):
            case "message_start":
                message.update(mapping(event.get("message")))
            case "content_block_start":
                blocks[key] = _Block(mapping(event.get("content_block")))
            case "content_block_delta":
                _add(blocks.setdefault(key, _Block({})), mapping(event.get("delta")))
            case "message_delta":
                _end(message, event)
            case "error":
                message["error"] = event.get("error")
    started = message.get("content")
    content = started if isinstance(started, list) else []
    message["content"] = content + [block.whole() for block in blocks.values()]
    return message


def _add(block: _Block, delta: dict[str, Any]) -> None:
    kind = text(delta.get("type"))
    if kind == "citations_delta":
        block.citations.append(delta.get("citation"))
    elif kind in _PIECES:
        source, target = _PIECES[kind]
        block.start.setdefault("type", kind.removesuffix("_delta"))
        block.pieces.setdefault(target, []).append(text(delta.get(source)))


def _end(message: dict[str, Any], event: dict[str, Any]) -> None:
    """Stop reason, and counts that replace those of the start: they are cumulative."""
    message |= {k: v for k, v in mapping(event.get("delta")).items() if v is not None}
    counted = {k: v for k, v in mapping(event.get("usage")).items() if v is not None}
    if counted:
        message["usage"] = {**mapping(message.get("usage")), **counted}
