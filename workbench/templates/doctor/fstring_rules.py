"""The doctor for f-string texts: what each brace is, which variables it makes, and why."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from typing import Any

from workbench.templates import fstring
from workbench.templates.braces import Brace, Forest, scan
from workbench.templates.doctor.context import Context
from workbench.templates.doctor.diagnosis import Diagnosis, Severity
from workbench.templates.doctor.fstring_reasons import double_reason, reason
from workbench.templates.doctor.reading import Reader, Reading
from workbench.templates.limits import MAX_BRACES, MAX_TEXT
from workbench.templates.positions import Lines
from workbench.templates.problems import TemplateError
from workbench.templates.render import check_fields
from workbench.templates.variables import Variable, field_variable, merge

_NAME_END = re.compile(r"[{}:!]")
_JINJA = re.compile(
    r"[ \t]*[^\W\d][\w.]*(?:\[[^\]\n]*\])?(?:[ \t]*\|[ \t]*\w+(?:\([^()\n]*\))?)*[ \t]*"
    r"|[#/^>&][ \t]?\w[\w. ]*"
)


@dataclass(slots=True)
class _Case:
    """One text under examination."""

    text: str
    lines: Lines
    forest: Forest
    reader: Reader
    fields: dict[int, fstring.Field]
    error: TemplateError | None
    broken: bool


def examine_fstring(text: str, lines: Lines) -> tuple[list[Variable], list[Diagnosis]]:
    """Variables and diagnoses of a text, each in order of position.

    The variables are those that the author meant, and beside them, marked suspicious, those that
    the parser reads out of braces meant as text.
    """
    if len(text) > MAX_TEXT or text.count("{") > MAX_BRACES:
        sentence = (
            f"The text has more than {MAX_TEXT:,} characters or {MAX_BRACES:,} opening braces, "
            "so it was not examined."
        )
        return [], [Diagnosis("limit", "error", sentence, 0, 0, 1, 1)]
    forest = scan(text)
    case = _parse(text, lines, forest)
    variables: list[Variable] = []
    diagnoses: list[Diagnosis] = []
    for brace in forest.braces:
        reading = case.reader.readings[brace.index]
        if reading.role == "field":
            variables.append(_variable(case, brace, reading))
            if reading.rule is not None and not _is_filled_item(case, brace):
                diagnoses.append(_diagnose(case, brace, reading.rule))
        elif reading.role == "literal" and not case.reader.inside_literal[brace.index]:
            variables.append(replace(_variable(case, brace, reading), suspicious=True))
            diagnoses.append(_diagnose(case, brace, reading.rule or "prose-in-braces"))
        elif reading.role == "open":
            diagnoses.append(_diagnose(case, brace, "unclosed-brace"))
        elif reading.role == "escape" and _is_jinja(case, brace):
            diagnoses.append(_double(case, brace))
    diagnoses.extend(_stray(case, at) for at in forest.strays)
    variables.sort(key=lambda one: one.occurrences[0].start)
    return merge(variables), sorted(diagnoses, key=lambda one: one.start)


def _parse(text: str, lines: Lines, forest: Forest) -> _Case:
    reader = Reader(text, forest, Context(text))
    error: TemplateError | None = None
    fields: dict[int, fstring.Field] = {}
    try:
        pieces = [piece for piece in fstring.parse(text) if isinstance(piece, fstring.Field)]
        fields = {piece.start: piece for piece in pieces}
    except TemplateError as caught:
        error = caught
    meant = {
        brace.start
        for brace, reading in zip(forest.braces, reader.readings, strict=True)
        if reading.role == "field"
    }
    broken = error is not None or not _fillable(fields, meant)
    return _Case(text, lines, forest, reader, fields, error, broken)


_SAMPLES: tuple[Any, ...] = ("x", 1, 1.5, datetime.date(2020, 1, 1))


def _fillable(fields: dict[int, fstring.Field], meant: set[int]) -> bool:
    """Whether a text whose suspicious variables have no value can be filled in at all."""
    try:
        check_fields(list(fields.values()))
    except TemplateError:
        return False
    valued = {field.name for field in fields.values() if field.start in meant}
    for field in fields.values():
        samples: tuple[Any, ...] = _SAMPLES if field.name in valued else ("",)
        if field.simple and not field.nested and not _prints(field, samples):
            return False
    return True


def _prints(field: fstring.Field, samples: tuple[Any, ...]) -> bool:
    if field.conversion not in (None, "r", "s", "a"):
        return False
    if not field.spec:
        return True
    if any(len(number) > 4 for number in re.findall(r"\d+", field.spec)):
        return True
    for sample in samples:
        try:
            format(sample, field.spec)
        except (ValueError, TypeError):
            continue
        return True
    return False


def _is_filled_item(case: _Case, brace: Brace) -> bool:
    """Whether a pair is ``{user[name]}`` in a text that can be filled in, as it may be."""
    field = case.fields.get(brace.start)
    return field is not None and "[" in field.name and "." not in field.name and not case.broken


def _variable(case: _Case, brace: Brace, reading: Reading) -> Variable:
    field = case.fields.get(brace.start) or _read_field(case.text, brace)
    variable = field_variable(field, case.lines)
    if reading.role == "field" and brace.parent >= 0:
        above = case.reader.readings[brace.parent]
        if above.rule == "nested-field":
            return replace(variable, hints=(*variable.hints, "nested"))
    return variable


def _read_field(text: str, brace: Brace) -> fstring.Field:
    """The field as the parser would read it if it came that far."""
    end = brace.end or brace.start + 1
    try:
        field = fstring.parse(text[brace.start : end])[0] if end - brace.start < 20_000 else None
    except TemplateError:
        field = None
    if isinstance(field, fstring.Field):
        return replace(field, start=brace.start, end=end, spec_start=field.spec_start + brace.start)
    found = _NAME_END.search(text, brace.start + 1)
    stop = min(found.start() if found else end - 1, end)
    return fstring.Field(brace.start, end, text[brace.start + 1 : stop], None, "", stop, False)


def _escapes(case: _Case, brace: Brace) -> tuple[tuple[int, int], ...]:
    """The braces of a literal pair and of the literal pairs inside it."""
    found: list[tuple[int, int]] = []
    stack = [brace]
    while stack:
        one = stack.pop()
        if case.reader.readings[one.index].role == "literal" and one.end is not None:
            found.append((one.start, one.start + 1))
            found.append((one.end - 1, one.end))
        stack.extend(case.forest.children(one))
    return tuple(sorted(found))


_NO_FIX = frozenset(
    {"jinja-in-fstring", "positional", "attribute-access", "nested-field", "spaces-in-name"}
)
_ADVICE = {
    "positional": "Give the variable a name.",
    "attribute-access": "Use a plain name such as {user_name}, or switch the text to jinja2.",
    "nested-field": "Write the width or precision as a number.",
    "spaces-in-name": "Remove the spaces inside the braces.",
    "unclosed-brace": "Close the brace where the variable's name ends, or escape it.",
    "jinja-in-fstring": "Switch the parser to jinja2, or write the variable in single braces.",
}


def _diagnose(case: _Case, brace: Brace, rule: str) -> Diagnosis:
    end = brace.end or brace.start + 1
    line, column = case.lines.locate(brace.start)
    variable = None
    if rule != "unclosed-brace":
        field = case.fields.get(brace.start) or _read_field(case.text, brace)
        variable = field.name
    spans: tuple[tuple[int, int], ...] = ((brace.start, brace.start + 1),)
    if brace.end is not None:
        spans = (*spans, (end - 1, end))
    if rule in _NO_FIX:
        escapes: tuple[tuple[int, int], ...] = ()
    else:
        escapes = _escapes(case, brace) if brace.end is not None else spans
    severity: Severity = "error" if case.broken else "warning"
    sentence = reason(rule, case.text, brace.start, end, variable, case.broken, line)
    advice = _ADVICE.get(rule)
    return Diagnosis(
        rule, severity, sentence, brace.start, end, line, column, variable, spans, escapes, advice
    )


def _stray(case: _Case, at: int) -> Diagnosis:
    line, column = case.lines.locate(at)
    span = ((at, at + 1),)
    sentence = reason("stray-brace", case.text, at, at + 1, None, True, line)
    return Diagnosis("stray-brace", "error", sentence, at, at + 1, line, column, None, span, span)


def _is_jinja(case: _Case, brace: Brace) -> bool:
    """Whether a doubled pair looks like a jinja2 variable rather than an escape.

    With a space inside it always does; without one only where the text has no single-brace field,
    since an author who writes ``{order_id}`` knows what doubling a brace means.
    """
    if brace.end is None or brace.children or brace.end - brace.start > 200:
        return False
    content = case.text[brace.start + 2 : brace.end - 2]
    if not _JINJA.fullmatch(content) or case.reader.inside_literal[brace.index]:
        return False
    before = case.reader.context.before(brace.start)
    if before[-1:] in ("$", "\\", "`", "#") or case.reader.context.fence(brace.start):
        return False
    if case.reader.context.latex(brace.start, brace.end) or before.endswith("}"):
        return False
    if content != content.strip():
        return True
    return not case.reader.has_field


def _double(case: _Case, brace: Brace) -> Diagnosis:
    end = brace.end or brace.start + 2
    line, column = case.lines.locate(brace.start)
    content = case.text[brace.start + 2 : end - 2]
    spans = ((brace.start, brace.start + 2), (end - 2, end))
    return Diagnosis(
        "jinja-in-fstring",
        "warning",
        double_reason(content, line),
        brace.start,
        end,
        line,
        column,
        None,
        spans,
        (),
        _ADVICE["jinja-in-fstring"],
    )
