"""Bedrock ConverseStream events put together into one answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.logs.normalise.shape import items, mapping, parsed, text


@dataclass(slots=True)
class _Block:
    tool: dict[str, Any] | None = None
    texts: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    citations: list[Any] = field(default_factory=list)

    def add(self, delta: dict[str, Any]) -> None:
        self.texts.append(text(delta.get("text")))
        self.inputs.append(text(mapping(delta.get("toolUse")).get("input")))
        thought = mapping(delta.get("reasoningContent"))
        self.thoughts.append(text(thought.get("text")))
        self.signatures.append(text(thought.get("signature")))
        self.redacted.append(text(thought.get("redactedContent")))
        if isinstance(delta.get("citation"), dict):
            self.citations.append(delta["citation"])

    def whole(self) -> dict[str, Any]:
        if self.tool is not None:
            given = "".join(self.inputs)
            return {"toolUse": {**self.tool, "input": parsed(given) if given else {}}}
        thought, signature = "".join(self.thoughts), "".join(self.signatures)
        if thought or signature:
            signed = {"text": thought, "signature": signature or None}
            return {"reasoningContent": {"reasoningText": signed}}
        redacted = "".join(self.redacted)
        if redacted:
            return {"reasoningContent": {"redactedContent": redacted}}
        said = "".join(self.texts)
        if self.citations:
            return {"citationsContent": {"content": [{"text": said}], "citations": self.citations}}
        return {"text": said}


def merge_events(events: list[Any]) -> dict[str, Any]:
    """One Converse answer from its stream, in order; an exception event becomes an error."""
    answer: dict[str, Any] = {}
    blocks: dict[Any, _Block] = {}
    role = "assistant"
    for event in map(mapping, items(events)):
        role = text(mapping(event.get("messageStart")).get("role")) or role
        start, delta = mapping(event.get("contentBlockStart")), event.get("contentBlockDelta")
        if start:
            tool = mapping(start.get("start")).get("toolUse")
            block = blocks.setdefault(_index(start), _Block())
            block.tool = tool if isinstance(tool, dict) else block.tool
        if isinstance(delta, dict):
            blocks.setdefault(_index(delta), _Block()).add(mapping(delta.get("delta")))
        if "messageStop" in event:
            answer["stopReason"] = mapping(event["messageStop"]).get("stopReason")
        answer |= mapping(event.get("metadata"))
        for key, value in event.items():
            if key.endswith("Exception"):
                answer["error"] = {"type": key, "message": mapping(value).get("message")}
    content = [block.whole() for block in blocks.values()]
    answer["output"] = {"message": {"role": role, "content": content}}
    return answer


def _index(event: dict[str, Any]) -> int:
    index = event.get("contentBlockIndex")
    return index if isinstance(index, int) else 0
