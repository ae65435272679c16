"""Filling a text with values: the code that runs in process and in the rendering processes alike.

Semantics are PromptLayer's (`docs/templates.md` has the table). An f-string field is looked up
under its whole name; missing and None print as nothing. jinja2 is the plain sandbox with
`ChainableUndefined`, without loader or autoescape. One pass: nothing in a value is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from workbench.templates.fstring import Field, Literal

ENVIRONMENT = SandboxedEnvironment(undefined=ChainableUndefined)
_SHORT = 50_000


class FillError(Exception):
    """A text cannot be filled. `offset` is the field's (f-string); `line` the line (jinja2)."""

    def __init__(
        self, reason: str, offset: int | None = None, line: int | None = None, kind: str = "value"
    ):
        super().__init__(reason)
        reason = reason.rstrip(".")
        self.reason = reason if len(reason) <= 500 else f"{reason[:500]}…"
        self.offset = offset
        self.line = line
        self.kind = kind


def resolve(pieces: Sequence[Literal | Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by whole field name; missing and None become the empty string."""
    resolved: dict[str, Any] = {}
    for piece in pieces:
        if isinstance(piece, Field) and piece.name:
            value = values.get(piece.name)
            resolved[piece.name] = "" if value is None else value
    return resolved


def fill_fstring(
    text: str,
    pieces: Sequence[Literal | Field],
    resolved: Mapping[str, Any],
    leave: Collection[str],
    limit: int,
) -> str:
    """Text with its fields filled; fields whose name is in `leave` stay as they were written.

    Equal to ``text.format(**resolved)`` where nothing is left, field by field so that an error
    knows its field. Raises FillError.
    """
    written: list[str] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, Literal):
            filled = piece.text
        elif piece.name in leave:
            filled = text[piece.start : piece.end]
        else:
            filled = _fill_field(text, piece, resolved)
        size += len(filled)
        if size > limit:
            raise FillError(
                f"the filled text is longer than {limit:,} characters", piece.start, kind="limit"
            )
        written.append(filled)
    return "".join(written)


def _fill_field(text: str, field: Field, resolved: Mapping[str, Any]) -> str:
    try:
        if field.nested or not field.simple:
            return text[field.start : field.end].format(**resolved)
        value = resolved[field.name]
        if field.conversion is not None:
            value = _CONVERSIONS[field.conversion](value)
        return format(value, field.spec)
    except Exception as error:
        kind = "limit" if isinstance(error, MemoryError) else "value"
        reason = _field_reason(field, resolved, error)
        raise FillError(reason, field.start, kind=kind) from error


_CONVERSIONS: dict[str, Any] = {"s": str, "r": repr, "a": ascii}


def _field_reason(field: Field, resolved: Mapping[str, Any], error: Exception) -> str:
    name = field.name
    if field.conversion is not None and field.conversion not in _CONVERSIONS:
        return f"{name!r} has the conversion !{field.conversion}; there are !r, !s and !a"
    if isinstance(error, MemoryError):
        return f"printing {name!r} takes more memory than is allowed"
    if field.nested and isinstance(error, KeyError):
        return (
            f"the format of {name!r} holds a field of its own, {{{error.args[0]}}}, "
            "which is filled only where that name also stands as a field by itself"
        )
    if field.spec:
        shown = resolved.get(name)
        what = "an empty value" if shown == "" else f"a value of type {type(shown).__name__}"
        return f"the format {field.spec!r} of {name!r} cannot print {what}"
    return f"{name!r} cannot be printed: {type(error).__name__}: {error}"


def compile_jinja(text: str) -> Template:
    """Compiling evaluates constant expressions, so only safe templates are compiled in process."""
    return _compile_short(text) if len(text) <= _SHORT else ENVIRONMENT.from_string(text)


@lru_cache(maxsize=256)
def _compile_short(text: str) -> Template:
    return ENVIRONMENT.from_string(text)


def fill_jinja(text: str, values: Mapping[str, Any], limit: int) -> str:
    """Text rendered by jinja2; `values` may be changed by it. Raises FillError."""
    written: list[str] = []
    size = 0
    try:
        template = compile_jinja(text)
        for piece in template.root_render_func(template.new_context(dict(values))):
            size += len(piece)
            if size > limit:
                raise FillError(
                    f"the filled text is longer than {limit:,} characters", kind="limit"
                )
            written.append(piece)
    except FillError:
        raise
    except TemplateSyntaxError as error:
        raise FillError(
            f"jinja2 says: {error.message}", line=error.lineno, kind="syntax"
        ) from error
    except Exception as error:
        kind = "limit" if isinstance(error, MemoryError | RecursionError) else "value"
        line = _template_line(error.__traceback__)
        raise FillError(_jinja_reason(error), line=line, kind=kind) from error
    return "".join(written)


def _jinja_reason(error: Exception) -> str:
    if isinstance(error, SecurityError):
        return f"the sandbox refuses this: {error}"
    if isinstance(error, MemoryError):
        return "rendering takes more memory than is allowed"
    if isinstance(error, RecursionError):
        return "the template is nested too deeply"
    if isinstance(error, TypeError) and "no loader" in str(error):
        return "include, import and extends need other files, and a template here has none"
    if isinstance(error, TemplateError):
        return f"jinja2 says: {error}"
    return f"{type(error).__name__}: {error}"


def _template_line(trace: TracebackType | None) -> int | None:
    """The template's line that an exception came from; None when it came from compiling."""
    line = None
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
