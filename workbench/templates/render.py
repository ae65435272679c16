"""The one door to rendering: a text, its format and values in; text, problem and warning out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from jinja2 import nodes

from workbench.messages import TemplateFormat
from workbench.templates import engine, fstring, jinja, safety
from workbench.templates.limits import IN_PROCESS_WORK, MAX_OUTPUT
from workbench.templates.pool import PoolClosedError, RenderPool, shared_pool
from workbench.templates.positions import Lines
from workbench.templates.problems import Problem, TemplateError
from workbench.templates.variables import Occurrence, jinja_variables

OnMissing = Literal["empty", "leave", "refuse"]
_PLAIN_VALUES = (str, int, float, bool, type(None))
_CACHED_TEXT = 50_000


@dataclass(frozen=True, slots=True)
class Rendered:
    """Outcome of rendering one text.

    Where `problem` is set, `text` is the template as it was: never a half-filled one. `missing`
    names the required variables that have no value, in order of appearance; `on_missing` is what
    happened to them.
    """

    text: str
    problem: Problem | None = None
    missing: tuple[str, ...] = ()
    on_missing: OnMissing = "empty"

    @property
    def ok(self) -> bool:
        return self.problem is None

    @property
    def warning(self) -> str | None:
        """A sentence for an answer's ``warning`` field; None when all is well."""
        if self.problem is not None:
            return f"Nothing was filled in. {self.problem}."
        return missing_sentence(self.missing, self.on_missing)


def missing_sentence(missing: tuple[str, ...], on_missing: OnMissing) -> str | None:
    if not missing:
        return None
    names = ", ".join(missing)
    did = "left as written" if on_missing == "leave" else "filled with nothing"
    if len(missing) == 1:
        return f"The input variable {names} has no value and was {did}."
    return f"{len(missing)} input variables have no value and were {did}: {names}."


def render(
    text: str,
    template_format: TemplateFormat,
    values: Mapping[str, Any] | None = None,
    on_missing: OnMissing = "empty",
    *,
    pool: RenderPool | None = None,
    limit: int = MAX_OUTPUT,
) -> Rendered:
    """Fill a text with values.

    `on_missing` says what becomes of a variable without a value: "empty" prints nothing, as
    PromptLayer does; "leave" keeps the field or tag as written; "refuse" makes it a problem.
    Texts that may loop or grow are filled in `pool`, by default one that the process shares.
    Never raises for what a template or a value does.
    """
    values = {} if values is None else values
    try:
        if template_format == "jinja2":
            return _render_jinja(text, values, on_missing, pool, limit)
        return _render_fstring(text, values, on_missing, pool, limit)
    except TemplateError as error:
        return Rendered(text, error.at(Lines(text)), on_missing=on_missing)
    except PoolClosedError as error:
        return Rendered(text, Problem("limit", str(error), 0, 0, 1, 1), on_missing=on_missing)


def fills_at_once(text: str, template_format: TemplateFormat) -> bool:
    """Whether filling a text is a matter of microseconds, whatever the values are like but for
    their length: nothing of it loops, and nothing is handed to the pool."""
    if template_format != "f-string" or len(text) > _CACHED_TEXT:
        return False
    try:
        return _plan_fields(text).in_process
    except TemplateError:
        return True


# f-string


@dataclass(frozen=True, slots=True)
class _FieldPlan:
    pieces: list[fstring.Literal | fstring.Field]
    names: tuple[str, ...]
    in_process: bool


def _render_fstring(
    text: str,
    values: Mapping[str, Any],
    on_missing: OnMissing,
    pool: RenderPool | None,
    limit: int,
) -> Rendered:
    plan = _plan_fields(text) if len(text) <= _CACHED_TEXT else _make_field_plan(text)
    missing = tuple(name for name in plan.names if name not in values)
    if missing and on_missing == "refuse":
        fields = [piece for piece in plan.pieces if isinstance(piece, fstring.Field)]
        first = next(field for field in fields if field.name == missing[0])
        return Rendered(text, _refusal(missing, text, first.start, first.end), missing, on_missing)
    leave = missing if on_missing == "leave" else ()
    try:
        if plan.in_process:
            resolved = engine.resolve(plan.pieces, values)
            filled = engine.fill_fstring(text, plan.pieces, resolved, leave, limit)
        else:
            needed = {name: values[name] for name in plan.names if name in values}
            filled = (pool or shared_pool()).fill("f-string", text, needed, leave, limit)
    except engine.FillError as error:
        start = error.offset or 0
        end = next((piece.end for piece in plan.pieces if piece.start == start), start)
        problem = TemplateError(error.reason, start, end, error.kind).at(Lines(text))
        return Rendered(text, problem, missing, on_missing)
    return Rendered(filled, None, missing, on_missing)


def _make_field_plan(text: str) -> _FieldPlan:
    pieces = fstring.parse(text)
    fields = [piece for piece in pieces if isinstance(piece, fstring.Field)]
    check_fields(fields)
    names = tuple(dict.fromkeys(field.name for field in fields))
    safe = not any(field.nested or _wide(field.spec) for field in fields)
    return _FieldPlan(pieces, names, safe)


_plan_fields = lru_cache(maxsize=512)(_make_field_plan)


def check_fields(fields: Sequence[fstring.Field]) -> None:
    """Raise TemplateError for the first field that the f-string format never fills.

    ``{user[name]}`` and ``{x:{width}}`` are filled where ``{user}`` and ``{width}`` stand in the
    text too, as in the reference. Attributes are refused even then: a template reads none.
    """
    names = {field.name for field in fields}
    for field in fields:
        _check_field(field, names)
        for inner in fstring.nested_fields(field):
            _check_field(inner, names)
            if inner.root not in names:
                reason = (
                    f"{{{inner.name}}} stands inside the format of {field.name!r}, where it is "
                    "filled only if it also stands as a field by itself"
                )
                raise TemplateError(reason, inner.start, inner.end)


def _check_field(field: fstring.Field, names: Collection[str]) -> None:
    if field.simple:
        return
    try:
        root, rest = fstring.name_parts(field.name)
    except ValueError as error:
        raise TemplateError(
            f"this field cannot be read: {error}", field.start, field.end
        ) from error
    if field.name == "":
        raise TemplateError("an empty pair of braces names no variable", field.start, field.end)
    if isinstance(root, int) or root == "":
        reason = f"{field.name!r} is a position, and input variables have names only"
        raise TemplateError(reason, field.start, field.end)
    if any(attribute for attribute, _ in rest):
        reason = f"{field.name!r} reads an attribute, which the f-string format does not fill"
        raise TemplateError(reason, field.start, field.end)
    if root not in names:
        reason = (
            f"{field.name!r} reads an item of {root!r}, which the f-string format fills only "
            f"where {{{root}}} stands too"
        )
        raise TemplateError(reason, field.start, field.end)


def _wide(spec: str) -> bool:
    """Whether a format spec could pad or print to more than 9,999 characters."""
    digits = 0
    for char in spec:
        digits = digits + 1 if char.isdigit() else 0
        if digits > 4:
            return True
    return False


# jinja2


@dataclass(frozen=True, slots=True)
class _TagPlan:
    parsed: jinja.Parsed
    required: dict[str, tuple[Occurrence, ...]]
    in_process: bool


def _make_tag_plan(text: str) -> _TagPlan:
    parsed = jinja.parse(text)
    try:
        variables = jinja_variables(parsed, Lines(text))
    except RecursionError:
        variables = jinja.on_fresh_stack(jinja_variables, parsed, Lines(text))
    required = {one.name: one.occurrences for one in variables if one.required}
    safe = safety.in_process(parsed.tree) and unknown_name(parsed) is None
    return _TagPlan(parsed, required, safe)


_plan_tags = lru_cache(maxsize=256)(_make_tag_plan)


def _render_jinja(
    text: str,
    values: Mapping[str, Any],
    on_missing: OnMissing,
    pool: RenderPool | None,
    limit: int,
) -> Rendered:
    plan = _plan_tags(text) if len(text) <= _CACHED_TEXT else _make_tag_plan(text)
    missing = tuple(name for name in plan.required if name not in values)
    if missing and on_missing == "refuse":
        place = plan.required[missing[0]][0]
        return Rendered(text, _refusal(missing, text, place.start, place.end), missing, on_missing)
    if "self" in values:
        raise TemplateError("jinja2 takes no input variable of the name self", 0, 0, "value")
    source = text
    in_process = plan.in_process
    if missing and on_missing == "leave":
        source = _leave(text, plan, missing)
    if in_process:
        work = plan.parsed.operations * (safety.weigh(values, IN_PROCESS_WORK) + 1) + len(text)
        in_process = work <= IN_PROCESS_WORK
    try:
        if in_process:
            filled = engine.fill_jinja(source, copy_values(values), limit)
        else:
            # A name that a template reads stands in it; other values need not travel.
            needed = {name: value for name, value in values.items() if name in text}
            filled = (pool or shared_pool()).fill("jinja2", source, needed, output=limit)
    except engine.FillError as error:
        problem = _locate(error, text, plan.parsed)
        return Rendered(text, problem, missing, on_missing)
    return Rendered(filled, None, missing, on_missing)


def copy_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that a template may change without the caller noticing."""
    return {name: _copy(value) for name, value in values.items()}


def _copy(value: Any) -> Any:
    if type(value) in _PLAIN_VALUES:
        return value
    try:
        return deepcopy(value)
    except Exception:  # noqa: BLE001 - a value's own __deepcopy__ may raise anything
        # Templates that are filled in process call nothing, so they cannot change it either.
        return value


def unknown_name(parsed: jinja.Parsed) -> nodes.Filter | nodes.Test | None:
    """The first filter or test that jinja2 does not have; its ``lineno`` is the offset."""
    for node in parsed.tree.find_all(nodes.Filter):
        if node.name not in jinja.ENVIRONMENT.filters:
            return node
    for test in parsed.tree.find_all(nodes.Test):
        if test.name not in jinja.ENVIRONMENT.tests:
            return test
    return None


def _leave(text: str, plan: _TagPlan, missing: tuple[str, ...]) -> str:
    """The text with each printing tag that reads a missing variable turned into itself as text."""
    printing = {(tag.start, tag.end) for tag in plan.parsed.tags if tag.kind == "variable"}
    spans = {
        (place.tag_start, place.tag_end) for name in missing for place in plan.required[name]
    } & printing
    pieces, position = [], 0
    for start, end in sorted(spans):
        source = text[start:end]
        escaped = "".join(f"\\U{ord(char):08x}" for char in source)
        breaks = "\n" * (source.count("\n"))
        pieces.append(f'{text[position:start]}{{{{"{escaped}"{breaks}}}}}')
        position = end
    return "".join(pieces) + text[position:]


def _locate(error: engine.FillError, text: str, parsed: jinja.Parsed) -> Problem:
    lines = Lines(text)
    start = end = 0
    unknown = unknown_name(parsed) if error.kind == "syntax" else None
    if unknown is not None:
        start = parsed.offset(unknown.lineno)
        end = start + len(unknown.name)
    elif error.line is not None:
        start = lines.start_of(error.line)
        line_end = lines.start_of(error.line + 1)
        for tag in parsed.tags:
            if tag.end > start and tag.start < line_end and tag.kind in ("variable", "block"):
                start, end = tag.start, tag.end
                break
    return TemplateError(error.reason, start, max(start, end), error.kind).at(lines)


def _refusal(missing: tuple[str, ...], text: str, start: int, end: int) -> Problem:
    names = ", ".join(missing)
    reason = f"no value for {names}, and missing variables are refused"
    return TemplateError(reason, start, end, "missing").at(Lines(text))
