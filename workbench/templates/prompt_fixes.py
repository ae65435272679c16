"""Fixes for a whole prompt: every text part at once, each proven equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from workbench.templates.analysis import analyse
from workbench.templates.fixes import Fix, FixKind, Refusal, attempt
from workbench.templates.pool import RenderPool
from workbench.templates.prompt import TextPart, text_parts


@dataclass(frozen=True, slots=True)
class PromptFix:
    """`prompt` is the fixed blueprint, `parts` the fix of each text that changed."""

    kind: FixKind
    title: str
    prompt: dict[str, Any]
    parts: tuple[tuple[TextPart, Fix], ...]
    logged: tuple[int, int]

    @property
    def proof(self) -> str:
        equal, total = self.logged
        if total:
            return f"equal on {equal} of {total} logged inputs"
        tried = min((fix.generated[1] for _, fix in self.parts), default=0)
        return f"equal on {tried} of {tried} generated inputs"


def attempt_prompt(
    kind: FixKind,
    prompt: Mapping[str, Any],
    logged: Sequence[Mapping[str, Any]] = (),
    *,
    pool: RenderPool | None = None,
) -> PromptFix | Refusal:
    """Escape the extra braces of every text, or convert every text to the other parser.

    A conversion goes to the format that the first text does not have, and texts that have it
    already stay. Refused where one text refuses, with its place.
    """
    texts = list(text_parts(prompt))
    if not texts:
        return Refusal(kind, "The prompt has no text.")
    target = "f-string" if texts[0].format == "jinja2" else "jinja2"
    fixed = deepcopy(dict(prompt))
    parts: list[tuple[TextPart, Fix]] = []
    for part in texts:
        analysis = analyse(part.text, part.format)
        if kind == "convert" and part.format == target:
            continue
        if kind == "escape" and not any(one.escapes for one in analysis.diagnoses):
            continue
        outcome = attempt(kind, analysis, logged, pool=pool)
        if isinstance(outcome, Refusal):
            place = "" if part.message is None else f"Message {part.message + 1}: "
            return Refusal(kind, f"{place}{outcome.reason}")
        parts.append((part, outcome))
        _put(fixed, part, outcome)
    if not parts:
        return Refusal(kind, "There is nothing to change.")
    if kind == "convert":
        for message in fixed.get("messages") or ():
            message["template_format"] = target
    title = f"Convert to {target}" if kind == "convert" else _escape_title(parts)
    equal = min(fix.logged[0] for _, fix in parts)
    return PromptFix(kind, title, fixed, tuple(parts), (equal, len(logged)))


def _escape_title(parts: Sequence[tuple[TextPart, Fix]]) -> str:
    count = sum(len(fix.text) - len(fix.before) for _, fix in parts)
    return "Escape 1 brace" if count == 1 else f"Escape {count} braces"


def _put(prompt: dict[str, Any], part: TextPart, fix: Fix) -> None:
    owner = prompt if part.message is None else prompt["messages"][part.message]
    owner["content"][part.part]["text"] = fix.text
    owner["template_format"] = fix.format
