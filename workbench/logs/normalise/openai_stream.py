"""Streamed chat completions put together again.

Pieces are collected in lists and joined once, so that a stream of n pieces costs n.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from workbench.logs.normalise.shape import items, mapping, text

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
_LISTS = ("reasoning_details", "annotations", "images")


@dataclass(slots=True)
class _Function:
    """A function or tool call in the making."""

    id: str = ""
    type: str = "function"
    name: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    value: Any = None

    def add(self, delta: dict[str, Any]) -> None:
        self.name.append(text(delta.get("name")))
        arguments = delta.get("arguments")
        if isinstance(arguments, str):
            self.arguments.append(arguments)
        elif arguments is not None:
            self.value = arguments

    def whole(self) -> dict[str, Any]:
        arguments = self.value if self.value is not None else "".join(self.arguments)
        return {"name": "".join(self.name), "arguments": arguments}


@dataclass(slots=True)
class _Choice:
    """One answer in the making."""

    index: int
    finish_reason: Any = None
    message: dict[str, Any] = field(default_factory=dict)
    pieces: dict[str, list[Any]] = field(default_factory=dict)
    calls: list[_Function] = field(default_factory=list)
    by_index: dict[int, _Function] = field(default_factory=dict)
    function: _Function | None = None
    audio: dict[str, Any] = field(default_factory=dict)

    def whole(self) -> dict[str, Any]:
        message = dict(self.message)
        for key, pieces in self.pieces.items():
            message[key] = _whole_text(pieces) if key in _TEXTS else pieces
        if self.function is not None:
            message["function_call"] = self.function.whole()
        if self.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": call.type, "function": call.whole()} for call in self.calls
            ]
        if self.audio:
            message["audio"] = {
                **self.audio,
                "data": join_base64(self.audio.get("data", [])),
                "transcript": "".join(self.audio.get("transcript", [])),
            }
        return {"index": self.index, "finish_reason": self.finish_reason, "message": message}


def merge_chunks(chunks: list[Any]) -> dict[str, Any]:
    """One `chat.completion` from `chat.completion.chunk`s, in order; what is no chunk is skipped.

    A single last chunk is a list of one: it has no text, but finish reason, model and usage.
    """
    merged: dict[str, Any] = {}
    choices: dict[int, _Choice] = {}
    for raw in chunks:
        chunk = mapping(raw)
        # Mistral's client wraps each chunk in an event with `data`.
        if isinstance(chunk.get("data"), dict):
            chunk = chunk["data"]
        for key in ("id", "model", "usage", "service_tier", "error", "created"):
            if chunk.get(key) is not None:
                merged[key] = chunk[key]
        for position, raw_choice in enumerate(items(chunk.get("choices"))):
            choice = mapping(raw_choice)
            index = choice.get("index")
            if not isinstance(index, int):
                index = position
            _add_choice(choices.setdefault(index, _Choice(index)), choice)
    merged["choices"] = [choices[index].whole() for index in sorted(choices)]
    return merged


def _add_choice(target: _Choice, choice: dict[str, Any]) -> None:
    if choice.get("finish_reason") is not None:
        target.finish_reason = choice["finish_reason"]
    if isinstance(choice.get("message"), dict):
        target.message.update(choice["message"])
        return
    # Older PromptLayer packages logged {"role", "content"} in place of the choice itself.
    delta = choice["delta"] if isinstance(choice.get("delta"), dict) else choice
    if isinstance(delta.get("role"), str) and delta["role"]:
        target.message["role"] = delta["role"]
    for key in _TEXTS:
        piece = delta.get(key)
        if isinstance(piece, str):
            target.pieces.setdefault(key, []).append(piece)
        elif isinstance(piece, list):
            target.pieces.setdefault(key, []).extend(piece)
    for key in _LISTS:
        if isinstance(delta.get(key), list):
            target.pieces.setdefault(key, []).extend(delta[key])
    if isinstance(delta.get("function_call"), dict):
        target.function = target.function or _Function()
        target.function.add(delta["function_call"])
    for raw_call in items(delta.get("tool_calls")):
        _add_call(target, mapping(raw_call))
    if isinstance(delta.get("audio"), dict):
        _add_audio(target.audio, delta["audio"])


def _add_call(choice: _Choice, delta: dict[str, Any]) -> None:
    """A piece belongs to the call of its index; without one, to the last, unless it has an id."""
    index = delta.get("index")
    last = choice.calls[-1] if choice.calls else None
    if isinstance(index, int):
        target = choice.by_index.get(index)
    else:
        target = last if last and delta.get("id") in (None, "", last.id) else None
    if target is None:
        target = _Function()
        choice.calls.append(target)
        if isinstance(index, int):
            choice.by_index[index] = target
    target.id = text(delta.get("id")) or target.id
    target.type = text(delta.get("type")) or target.type
    target.add(mapping(delta.get("function")))


def _add_audio(audio: dict[str, Any], delta: dict[str, Any]) -> None:
    for key in ("id", "expires_at"):
        if delta.get(key) is not None:
            audio[key] = delta[key]
    for key in ("data", "transcript"):
        if isinstance(delta.get(key), str):
            audio.setdefault(key, []).append(delta[key])


def _whole_text(pieces: list[Any]) -> Any:
    """The pieces as one text, or, where a vendor streams parts, as a list of joined parts."""
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    runs: list[tuple[str, list[str]]] = []
    parts: list[Any] = []
    for piece in pieces:
        kind, words = _words(piece)
        if kind and runs and parts[-1] is None and runs[-1][0] == kind:
            runs[-1][1].append(words)
        elif kind:
            runs.append((kind, [words]))
            parts.append(None)
        else:
            parts.append(piece)
    joined = iter(runs)
    return [_part(*next(joined)) if part is None else part for part in parts]


def _words(piece: Any) -> tuple[str, str]:
    """("text" or "thinking", its words) of a streamed part; ("", "") of any other."""
    if isinstance(piece, str):
        return "text", piece
    part = mapping(piece)
    if part.get("type") == "text":
        return "text", text(part.get("text"))
    if part.get("type") == "thinking":
        thought = part.get("thinking")
        if isinstance(thought, list):
            thought = "".join(text(mapping(inner).get("text")) for inner in thought)
        return "thinking", text(thought)
    return "", ""


def _part(kind: str, words: list[str]) -> dict[str, Any]:
    return {"type": kind, kind: "".join(words)}


def join_base64(pieces: list[str]) -> str:
    """Base64 of all contents in a row; each piece of a stream is encoded on its own."""
    try:
        whole = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except (binascii.Error, ValueError):
        return "".join(pieces)
    return base64.b64encode(whole).decode()
