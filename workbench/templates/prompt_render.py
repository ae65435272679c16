"""Rendering a whole prompt template with input variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from workbench.messages import image_part, text_part
from workbench.templates.pool import RenderPool
from workbench.templates.problems import Problem
from workbench.templates.prompt import template_format, text_parts
from workbench.templates.render import OnMissing, fills_at_once, missing_sentence, render
from workbench.templates.snippets import Resolve, expand

_FEW_TEXTS = 50
_IMAGE_STARTS = {
    "/9j/": "image/jpeg",
    "iVBORw0KGgo": "image/png",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi0": "application/pdf",
}


@dataclass(frozen=True, slots=True)
class PlacedProblem:
    """A problem and the text it is in: `message` and `part` count from 0."""

    message: int | None
    part: int | None
    problem: Problem

    def __str__(self) -> str:
        if self.message is None:
            return str(self.problem)
        text = str(self.problem)
        return f"Message {self.message + 1}, {text[0].lower()}{text[1:]}"


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """`prompt` is a new blueprint. A text with a problem stands in it unrendered, whole; a caller
    that must not send such a prompt looks at `ok`."""

    prompt: dict[str, Any]
    problems: tuple[PlacedProblem, ...] = ()
    missing: tuple[str, ...] = ()
    on_missing: OnMissing = "empty"

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def warning(self) -> str | None:
        """What a compatible API answers in ``warning``; None when all is well."""
        sentences = [f"Text left unrendered. {one}." for one in self.problems]
        sentences.append(missing_sentence(self.missing, self.on_missing) or "")
        return " ".join(sentence for sentence in sentences if sentence) or None


def render_prompt(
    prompt: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    on_missing: OnMissing = "empty",
    *,
    resolve: Resolve | None = None,
    pool: RenderPool | None = None,
) -> RenderedPrompt:
    """Fill every text part, placeholder message, media variable and tool variable.

    What a placeholder or media variable brings is a value: no parser reads it. Missing lists are
    left out of the prompt, left as they are, or refused, as `on_missing` says.
    """
    return _Rendering(values or {}, on_missing, resolve, pool).run(prompt)


def prompt_fills_at_once(prompt: Mapping[str, Any]) -> bool:
    """Whether `render_prompt` fills it within a fraction of a millisecond, so that a loop need not
    hand it to a thread. Snippets must be in place already."""
    parts = list(text_parts(prompt))
    return (
        not prompt.get("tools")
        and len(parts) <= _FEW_TEXTS
        and all(fills_at_once(part.text, part.format) for part in parts)
    )


class _Rendering:
    def __init__(
        self,
        values: Mapping[str, Any],
        on_missing: OnMissing,
        resolve: Resolve | None,
        pool: RenderPool | None,
    ) -> None:
        self.values = values
        self.on_missing = on_missing
        self.resolve = resolve
        self.pool = pool
        self.problems: list[PlacedProblem] = []
        self.missing: list[str] = []

    def run(self, prompt: Mapping[str, Any]) -> RenderedPrompt:
        result = deepcopy(dict(prompt))
        if result.get("type") == "chat":
            messages: list[Any] = []
            for index, message in enumerate(result.get("messages") or ()):
                if isinstance(message, dict) and message.get("role") == "placeholder":
                    messages.extend(self._placeholder(message, index))
                else:
                    messages.append(self._owner(message, index))
            result["messages"] = messages
        else:
            self._owner(result, None)
        if result.get("tools"):
            result["tools"] = self._tools(result["tools"])
        missing = tuple(dict.fromkeys(self.missing))
        return RenderedPrompt(result, tuple(self.problems), missing, self.on_missing)

    def _owner(self, owner: Any, message: int | None) -> Any:
        content = owner.get("content") if isinstance(owner, dict) else None
        if not isinstance(content, list):
            return owner
        chosen = template_format(owner)
        parts: list[Any] = []
        for index, part in enumerate(content):
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "text" and isinstance(part.get("text"), str):
                parts.append(self._text(part, chosen, message, index))
            elif kind == "media_variable":
                parts.extend(self._media(part, message, index))
            else:
                parts.append(part)
        owner["content"] = parts
        return owner

    def _text(self, part: dict[str, Any], chosen: Any, message: int | None, index: int) -> Any:
        expanded = expand(part["text"], self.resolve)
        self.problems.extend(PlacedProblem(message, index, one) for one in expanded.problems)
        if expanded.problems:
            return part
        done = render(expanded.text, chosen, self.values, self.on_missing, pool=self.pool)
        self.missing.extend(done.missing)
        if done.problem is not None:
            problem = done.problem
            segment, origin = expanded.locate(problem.start)
            if segment is not None and segment.path:
                reason = f"in the snippet {segment.path[-1]}: {problem.reason}"
                problem = replace(problem, reason=reason, start=segment.host, end=segment.host_end)
            elif segment is not None:
                length = problem.end - problem.start
                problem = replace(problem, start=origin, end=origin + length)
            self.problems.append(PlacedProblem(message, index, problem))
        return {**part, "text": done.text}

    def _placeholder(self, message: dict[str, Any], index: int) -> list[Any]:
        name = message.get("name") or ""
        given = self._list(name, index, None, "a list of messages")
        if given is None:
            return [message] if self.on_missing != "empty" else []
        return [_as_message(one) for one in given]

    def _media(self, part: dict[str, Any], message: int | None, index: int) -> list[Any]:
        name = part.get("name") or ""
        given = self._list(name, message, index, "a list of URLs or base64 files")
        if given is None:
            return [part] if self.on_missing != "empty" else []
        return [_as_media(one) for one in given]

    def _tools(self, tools: Sequence[Any]) -> list[Any]:
        found: list[Any] = []
        for tool in tools:
            if not isinstance(tool, dict) or tool.get("type") != "variable":
                found.append(tool)
                continue
            given = self._list(tool.get("name") or "", None, None, "a list of tools")
            if given is not None:
                found.extend(deepcopy(given))
            elif self.on_missing != "empty":
                found.append(tool)
        return found

    def _list(
        self, name: str, message: int | None, part: int | None, wanted: str
    ) -> list[Any] | None:
        value = self.values.get(name)
        if value is None:
            self.missing.append(name)
            if self.on_missing == "refuse":
                reason = f"no value for {name}, and missing variables are refused"
                self._problem("missing", reason, message, part)
            return None
        if isinstance(value, str | Mapping):
            value = [value]
        if not isinstance(value, list | tuple):
            self._problem("value", f"{name!r} takes {wanted}", message, part)
            return None
        return deepcopy(list(value))

    def _problem(self, kind: str, reason: str, message: int | None, part: int | None) -> None:
        self.problems.append(PlacedProblem(message, part, Problem(kind, reason, 0, 0, 1, 1)))


def _as_message(value: Any) -> Any:
    """A message of the blueprint; a text stands for a user's message, plain content for a part."""
    if isinstance(value, str):
        return {"role": "user", "content": [text_part(value)]}
    if isinstance(value, dict) and isinstance(value.get("content"), str):
        return {**value, "content": [text_part(value["content"])]}
    return value


def _as_media(value: Any) -> Any:
    """A content part for a URL, a data URL or base64; a part that is one already stays."""
    if not isinstance(value, str):
        return value
    if value.startswith(("http://", "https://", "data:")):
        return image_part(value)
    kind = next((mime for start, mime in _IMAGE_STARTS.items() if value.startswith(start)), None)
    return image_part(f"data:{kind or 'image/png'};base64,{value}")
