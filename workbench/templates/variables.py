"""The input variables of a text: every name, where it stands and what its use says about it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from workbench.messages import TemplateFormat
from workbench.templates import fstring, jinja
from workbench.templates.jinja_scope import find_uses
from workbench.templates.jinja_uses import Findings, Use
from workbench.templates.positions import Lines


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place where a variable is read.

    In an f-string `start` and `end` span the whole field, braces included; in jinja2 they span the
    name, since one tag may read several. `tag_start` and `tag_end` span the braces or the tag in
    both, which is what an editor marks. `message` and `part` count from 0 and are None for a
    bare text. `snippet` names the snippet that the place stands in, if any; line and column are
    then those of the reference to it, and `snippet_line`, `snippet_column` those inside it.
    """

    start: int
    end: int
    line: int
    column: int
    tag_start: int
    tag_end: int
    message: int | None = None
    part: int | None = None
    snippet: str | None = None
    snippet_line: int | None = None
    snippet_column: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """An input variable.

    `kind` is "text", "messages" (a placeholder message), "media" or "tools". `hints` say how it is
    used: "iterated", "compared", "condition", "attribute", "indexed", "called", "filter:upper",
    "test:none", "conversion:r", "format:.2f", "nested". `attributes` are the paths read from it:
    "address.city", "[].title". `required` is false where the template copes with its absence.
    `suspicious` is the doctor's: the parser sees this variable, the author most likely does not.
    """

    name: str
    occurrences: tuple[Occurrence, ...]
    kind: str = "text"
    hints: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    required: bool = True
    suspicious: bool = False


def detect(text: str, template_format: TemplateFormat) -> list[Variable]:
    """Variables that the parser sees, in order of first occurrence.

    Raises TemplateError where the text does not parse. ``workbench.templates.analyse`` is the
    forgiving door: it still says which variables a broken text has, and why it is broken.
    """
    lines = Lines(text)
    if template_format == "jinja2":
        return jinja_variables(jinja.parse(text), lines)
    fields = [piece for piece in fstring.parse(text) if isinstance(piece, fstring.Field)]
    return fstring_variables(fields, lines)


def fstring_variables(
    fields: Iterable[fstring.Field], lines: Lines, nested: bool = True
) -> list[Variable]:
    """Variables of replacement fields; `nested` takes the fields inside format specs along."""
    found: list[Variable] = []
    for field in fields:
        found.append(field_variable(field, lines))
        if nested and field.nested:
            for inner in fstring.nested_fields(field):
                variable = field_variable(inner, lines)
                found.append(replace(variable, hints=(*variable.hints, "nested")))
    return merge(found)


def field_variable(field: fstring.Field, lines: Lines) -> Variable:
    line, column = lines.locate(field.start)
    place = Occurrence(field.start, field.end, line, column, field.start, field.end)
    hints = []
    if field.conversion:
        hints.append(f"conversion:{field.conversion}")
    if field.spec:
        hints.append(f"format:{field.spec}")
    return Variable(field.name, (place,), hints=tuple(hints))


def jinja_variables(parsed: jinja.Parsed, lines: Lines) -> list[Variable]:
    return variables_of(find_uses(parsed), parsed, lines)


def variables_of(findings: Findings, parsed: jinja.Parsed, lines: Lines) -> list[Variable]:
    """The variables among what a walk found."""
    uses, paths = findings.uses, findings.paths
    starts = [tag.start for tag in parsed.tags]
    gathered: dict[str, list[Use]] = {}
    for use in uses:
        gathered.setdefault(use.name, []).append(use)
    found = []
    for name, group in gathered.items():
        places = tuple(_place(use, parsed, starts, lines) for use in group)
        attributes = dict.fromkeys(use.attribute for use in group if use.attribute)
        attributes |= dict.fromkeys(sorted(paths.get(name, ())))
        hints = dict.fromkeys(hint for use in group for hint in use.hints)
        required = not all(use.optional for use in group)
        found.append(
            Variable(name, places, "text", tuple(hints), tuple(attributes), required=required)
        )
    return found


def _place(use: Use, parsed: jinja.Parsed, starts: list[int], lines: Lines) -> Occurrence:
    start = parsed.offset(use.start)
    end = start + len(use.name)
    line, column = lines.locate(start)
    index = bisect_right(starts, start) - 1
    tag = parsed.tags[index] if index >= 0 else jinja.Tag("variable", start, end)
    return Occurrence(start, end, line, column, tag.start, tag.end)


def merge(variables: Iterable[Variable]) -> list[Variable]:
    """One variable a name and kind, occurrences and hints together, in order of appearance.

    A variable is required when one of its parts is, and suspicious only when all are.
    """
    groups: dict[tuple[str, str], list[Variable]] = {}
    for variable in variables:
        groups.setdefault((variable.name, variable.kind), []).append(variable)
    return [
        group[0]
        if len(group) == 1
        else replace(
            group[0],
            occurrences=tuple(place for one in group for place in one.occurrences),
            hints=tuple(dict.fromkeys(hint for one in group for hint in one.hints)),
            attributes=tuple(dict.fromkeys(path for one in group for path in one.attributes)),
            required=any(one.required for one in group),
            suspicious=all(one.suspicious for one in group),
        )
        for group in groups.values()
    ]
