"""A whole prompt template ("blueprint"): its variables, its diagnoses, its rendering.

Text parts are read by the parser of their message. Beside them, variables are placeholder
messages (their value is a list of messages), ``media_variable`` parts (a list of URLs, data URLs
or base64 images) and tools of type ``variable`` (a list of tools).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.messages import TemplateFormat
from workbench.templates.analysis import Analysis, analyse
from workbench.templates.doctor import Diagnosis, examine_names, summary
from workbench.templates.positions import Lines
from workbench.templates.snippets import Expanded, Reference, Resolve, expand
from workbench.templates.variables import Occurrence, Variable, merge

NAME_RULES = frozenset({"case-only", "near-duplicate"})


@dataclass(frozen=True, slots=True)
class TextPart:
    """One text of a prompt: `message` and `part` are its place, None for `message` in a
    completion template."""

    message: int | None
    part: int
    text: str
    format: TemplateFormat


@dataclass(frozen=True, slots=True)
class PromptAnalysis:
    """What the parsers see in a prompt. `texts` pairs each text part with its own analysis, whose
    positions count in the text with its snippets in place; `variables` and `diagnoses` are those
    of the whole prompt, with positions in the parts as they are written."""

    variables: tuple[Variable, ...]
    diagnoses: tuple[Diagnosis, ...]
    texts: tuple[tuple[TextPart, Analysis], ...]
    snippets: tuple[Reference, ...]

    @property
    def input_variables(self) -> list[str]:
        """Names that the author meant, of every kind, in order of appearance."""
        return list(dict.fromkeys(one.name for one in self.variables if not one.suspicious))

    @property
    def broken(self) -> bool:
        return any(one.severity == "error" for one in self.diagnoses)

    @property
    def summary(self) -> str | None:
        return summary(self.diagnoses)


def template_format(owner: Mapping[str, Any]) -> TemplateFormat:
    """The parser that a message or completion template names; f-string is the default."""
    return "jinja2" if owner.get("template_format") == "jinja2" else "f-string"


def text_parts(prompt: Mapping[str, Any]) -> Iterator[TextPart]:
    """Texts of a prompt in order; what is not text has none."""
    for message, owner in _owners(prompt):
        for index, part in enumerate(owner.get("content") or ()):
            is_text = isinstance(part, Mapping) and part.get("type") == "text"
            if is_text and isinstance(part.get("text"), str):
                yield TextPart(message, index, part["text"], template_format(owner))


def _owners(prompt: Mapping[str, Any]) -> Iterator[tuple[int | None, Mapping[str, Any]]]:
    if prompt.get("type") != "chat":
        yield None, prompt
        return
    for index, message in enumerate(prompt.get("messages") or ()):
        if isinstance(message, Mapping) and message.get("role") != "placeholder":
            yield index, message


def analyse_prompt(prompt: Mapping[str, Any], resolve: Resolve | None = None) -> PromptAnalysis:
    """Variables and diagnoses of a whole prompt; `resolve` fetches snippets.

    Raises only what `resolve` raises.
    """
    variables: list[Variable] = []
    diagnoses: list[Diagnosis] = []
    texts: list[tuple[TextPart, Analysis]] = []
    used: list[Reference] = []
    for part in text_parts(prompt):
        expanded = expand(part.text, resolve)
        analysis = analyse(expanded.text, part.format)
        texts.append((part, analysis))
        used.extend(expanded.used)
        place = _Placer(part, expanded)
        variables.extend(place.variable(one) for one in analysis.variables)
        diagnoses.extend(
            place.diagnosis(one) for one in analysis.diagnoses if one.rule not in NAME_RULES
        )
        diagnoses.extend(place.problems())
    variables.extend(_other_variables(prompt))
    merged = merge(variables)
    diagnoses.extend(examine_names([one for one in merged if one.kind == "text"]))
    mixed = _mixed(prompt)
    if mixed is not None:
        diagnoses.append(mixed)
    diagnoses.sort(key=lambda one: (one.message or 0, one.part or 0, one.start))
    return PromptAnalysis(tuple(merged), tuple(diagnoses), tuple(texts), tuple(dict.fromkeys(used)))


class _Placer:
    """Moves positions from an expanded text to the part as it is written."""

    def __init__(self, part: TextPart, expanded: Expanded) -> None:
        self.part = part
        self.expanded = expanded
        self.lines = Lines(part.text)
        self._inner: dict[str, Lines] = {}

    def variable(self, variable: Variable) -> Variable:
        places = tuple(self._occurrence(one) for one in variable.occurrences)
        return replace(variable, occurrences=places)

    def _occurrence(self, one: Occurrence) -> Occurrence:
        segment, origin = self.expanded.locate(one.start)
        message, part = self.part.message, self.part.part
        if segment is None:
            return replace(one, message=message, part=part)
        if not segment.path:
            line, column = self.lines.locate(origin)
            shift = origin - one.start
            return replace(
                one,
                start=origin,
                end=one.end + shift,
                line=line,
                column=column,
                tag_start=one.tag_start + shift,
                tag_end=one.tag_end + shift,
                message=message,
                part=part,
            )
        line, column = self.lines.locate(segment.host)
        inner_line, inner_column = self._lines_of(segment.path[-1]).locate(origin)
        return Occurrence(
            segment.host,
            segment.host_end,
            line,
            column,
            segment.host,
            segment.host_end,
            message,
            part,
            segment.path[-1],
            inner_line,
            inner_column,
        )

    def _lines_of(self, name: str) -> Lines:
        if name not in self._inner:
            self._inner[name] = Lines(self.expanded.sources.get(name, ""))
        return self._inner[name]

    def diagnosis(self, one: Diagnosis) -> Diagnosis:
        segment, origin = self.expanded.locate(one.start)
        message, part = self.part.message, self.part.part
        if segment is None:
            return replace(one, message=message, part=part)
        if not segment.path:
            shift = origin - one.start
            line, column = self.lines.locate(origin)
            reason = one.reason.replace(f"Line {one.line}:", f"Line {line}:", 1)
            spans = tuple((start + shift, end + shift) for start, end in one.spans)
            escapes = tuple((start + shift, end + shift) for start, end in one.escapes)
            return replace(
                one,
                reason=reason,
                start=origin,
                end=one.end + shift,
                line=line,
                column=column,
                spans=spans,
                escapes=escapes,
                message=message,
                part=part,
            )
        line, column = self.lines.locate(segment.host)
        name = segment.path[-1]
        inner = self._lines_of(name).locate(origin)[0]
        reason = one.reason.replace(
            f"Line {one.line}:", f"Line {line}: in the snippet {name}, line {inner},", 1
        )
        return replace(
            one,
            reason=reason,
            start=segment.host,
            end=segment.host_end,
            line=line,
            column=column,
            spans=((segment.host, segment.host_end),),
            escapes=(),
            message=message,
            part=part,
        )

    def problems(self) -> Iterator[Diagnosis]:
        message, part = self.part.message, self.part.part
        for one in self.expanded.problems:
            reason = f"Line {one.line}: {one.reason}."
            yield Diagnosis(
                "snippet",
                "error",
                reason,
                one.start,
                one.end,
                one.line,
                one.column,
                spans=((one.start, one.end),),
                message=message,
                part=part,
            )
        for name, written in self.expanded.formats.items():
            if written == self.part.format:
                continue
            segment = next((s for s in self.expanded.segments if name in s.path), None)
            start, end = (segment.host, segment.host_end) if segment else (0, 0)
            line, column = self.lines.locate(start)
            reason = (
                f"Line {line}: the snippet {name} is written for {written}, and this text is read "
                f"as {self.part.format}."
            )
            yield Diagnosis(
                "snippet-format",
                "warning",
                reason,
                start,
                end,
                line,
                column,
                spans=((start, end),),
                message=message,
                part=part,
            )


def _other_variables(prompt: Mapping[str, Any]) -> Iterator[Variable]:
    """Placeholder messages, media variables and tool variables."""
    for index, message in enumerate(prompt.get("messages") or ()):
        if isinstance(message, Mapping) and message.get("role") == "placeholder":
            name = message.get("name")
            if isinstance(name, str) and name:
                yield Variable(name, (_whole(index, None),), "messages")
    for message_index, owner in _owners(prompt):
        for index, part in enumerate(owner.get("content") or ()):
            if isinstance(part, Mapping) and part.get("type") == "media_variable":
                name = part.get("name")
                if isinstance(name, str) and name:
                    yield Variable(name, (_whole(message_index, index),), "media")
    for tool in prompt.get("tools") or ():
        if isinstance(tool, Mapping) and tool.get("type") == "variable":
            name = tool.get("name")
            if isinstance(name, str) and name:
                yield Variable(name, (_whole(None, None),), "tools")


def _whole(message: int | None, part: int | None) -> Occurrence:
    return Occurrence(0, 0, 1, 1, 0, 0, message, part)


def _mixed(prompt: Mapping[str, Any]) -> Diagnosis | None:
    """Messages with text that name different parsers."""
    places: dict[str, int] = {}
    for part in text_parts(prompt):
        places.setdefault(part.format, part.message or 0)
    if len(places) < 2:
        return None
    (first, first_at), (second, second_at) = places.items()
    reason = (
        f"Message {first_at + 1} is read as {first} and message {second_at + 1} as {second}; "
        "a prompt is easier to read, and renders the same everywhere, with one parser."
    )
    return Diagnosis("mixed-formats", "warning", reason, 0, 0, 1, 1, message=second_at, part=0)


def with_format(prompt: Mapping[str, Any], chosen: TemplateFormat) -> dict[str, Any]:
    """A copy of the prompt in which every message names one parser: what the editor's toggle sets.

    Texts are not rewritten; ``prompt_fixes.attempt_prompt`` does that.
    """
    changed = dict(prompt)
    if prompt.get("type") != "chat":
        return {**changed, "template_format": chosen}
    changed["messages"] = [
        {**message, "template_format": chosen} for message in prompt.get("messages") or ()
    ]
    return changed
