"""Streamed Gemini answers put together into one."""

from __future__ import annotations

from typing import Any

from workbench.logs.normalise.gemini_parts import either
from workbench.logs.normalise.shape import items, mapping


def merge_answers(answers: list[Any]) -> dict[str, Any]:
    """The answers of a stream as one: the last one's counts, every one's parts."""
    merged: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for chunk in map(mapping, answers):
        merged |= {k: v for k, v in chunk.items() if k != "candidates" and v is not None}
        for position, raw in enumerate(items(chunk.get("candidates"))):
            index = mapping(raw).get("index")
            key = index if isinstance(index, int) else position
            _add_candidate(candidates.setdefault(key, {"parts": []}), mapping(raw))
    merged["candidates"] = [
        {**one, "content": {"role": "model", "parts": _joined(one["parts"])}}
        for _, one in sorted(candidates.items())
    ]
    return merged


def _add_candidate(target: dict[str, Any], raw: dict[str, Any]) -> None:
    target["parts"] += items(mapping(raw.get("content")).get("parts"))
    target |= {k: v for k, v in raw.items() if k not in ("content", "parts") and v is not None}


def _joined(parts: list[Any]) -> list[Any]:
    """Neighbouring pieces of one text or thought as one part."""
    runs: list[tuple[dict[str, Any], list[str]]] = []
    for part in map(mapping, parts):
        plain = isinstance(part.get("text"), str)
        if plain and runs and runs[-1][1] and _same_kind(runs[-1][0], part):
            runs[-1][1].append(part["text"])
        else:
            runs.append((part, [part["text"]] if plain else []))
    return [{**part, "text": "".join(texts)} if texts else part for part, texts in runs]


def _same_kind(before: dict[str, Any], part: dict[str, Any]) -> bool:
    signed = either(before, "thought_signature") or either(part, "thought_signature")
    return not signed and bool(before.get("thought")) == bool(part.get("thought"))
