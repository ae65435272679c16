"""The f-string parser: the grammar of ``str.format``, with positions.

A port of CPython's ``MarkupIterator_next`` and ``parse_field``
(Objects/stringlib/unicode_format.h), so that what parses here is what ``str.format`` parses, in
the same pieces; a test holds both against each other. Differences from Python's own parser: every
piece knows where it stands, and an error says where it is.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.templates.limits import MAX_FIELDS, MAX_TEXT
from workbench.templates.problems import TemplateError

# What string.Formatter itself splits field names with; the standard library has no public name.
_split = importlib.import_module("_string").formatter_field_name_split
_BRACE = re.compile(r"[{}]")
_NAME_STOP = re.compile(r"[{}:!\[]")


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that is printed as it stands; `text` has its escaped braces already halved."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A replacement field, braces included in `start` and `end`.

    `name` is everything up to ``!`` or ``:`` as the grammar has it, so it may hold spaces, quotes
    and line breaks. `spec` starts at `spec_start`; `nested` says that it holds a field itself.
    """

    start: int
    end: int
    name: str
    conversion: str | None
    spec: str
    spec_start: int
    nested: bool

    @property
    def root(self) -> str | int:
        """What ``str.format`` looks up: the name up to ``.`` or ``[``; an int is positional."""
        return name_parts(self.name)[0]

    @property
    def simple(self) -> bool:
        """A plain named field: no attribute, no index, no position."""
        if "." not in self.name and "[" not in self.name and not self.name[:1].isdigit():
            return self.name != ""
        try:
            return name_parts(self.name) == (self.name, ())
        except ValueError:
            return False


def name_parts(name: str) -> tuple[str | int, tuple[tuple[bool, str | int], ...]]:
    """First part and the rest of a field name; each further part says whether it is an attribute.

    Raises ValueError where ``str.format`` would ("Empty attribute in format string").
    """
    first, rest = _split(name)
    return first, tuple(rest)


def parse(text: str) -> list[Literal | Field]:
    """Pieces of a text in order; raises TemplateError with the offset of what is wrong."""
    if len(text) > MAX_TEXT:
        raise TemplateError(f"the text is longer than {MAX_TEXT:,} characters", 0, kind="limit")
    return list(_pieces(text, 0))


def nested_fields(field: Field) -> list[Field]:
    """Fields inside a format spec, with their offsets in the whole text.

    Raises TemplateError where the spec does not parse.
    """
    if not field.nested:
        return []
    pieces = _pieces(field.spec, field.spec_start)
    return [piece for piece in pieces if isinstance(piece, Field)]


def _pieces(text: str, base: int) -> Iterator[Literal | Field]:
    position, length, fields = 0, len(text), 0
    while position < length:
        found = _BRACE.search(text, position)
        if found is None:
            yield Literal(base + position, base + length, text[position:])
            return
        at = found.start()
        brace = text[at]
        if text[at + 1 : at + 2] == brace:
            yield Literal(base + position, base + at + 2, text[position : at + 1])
            position = at + 2
            continue
        if brace == "}":
            raise TemplateError("this closing brace has no opening one", base + at)
        if at + 1 >= length:
            raise TemplateError("this brace is opened and never closed", base + at)
        if at > position:
            yield Literal(base + position, base + at, text[position:at])
        field, position = _field(text, at, base)
        fields += 1
        if fields > MAX_FIELDS:
            raise TemplateError(
                f"the text has more than {MAX_FIELDS:,} fields", base + at, kind="limit"
            )
        yield field


def _field(text: str, start: int, base: int) -> tuple[Field, int]:
    position, length = start + 1, len(text)
    while True:
        found = _NAME_STOP.search(text, position)
        if found is None:
            raise TemplateError("this brace is opened and never closed", base + start)
        stop = found.start()
        char = text[stop]
        if char == "{":
            raise TemplateError(
                "a second brace opens inside a variable's name", base + stop, base + stop + 1
            )
        if char != "[":
            break
        closing = text.find("]", stop + 1)
        if closing < 0:
            raise TemplateError("this brace is opened and never closed", base + start)
        position = closing
        # CPython leaves the closing bracket to the next round, where it is an ordinary character.
    name = text[start + 1 : stop]
    if char == "}":
        return Field(base + start, base + stop + 1, name, None, "", base + stop, False), stop + 1
    conversion = None
    position = stop + 1
    if char == "!":
        if position >= length:
            raise TemplateError("a conversion is missing after the exclamation mark", base + stop)
        conversion = text[position]
        position += 1
        if position < length:
            after = text[position]
            position += 1
            if after == "}":
                end = base + position
                return Field(base + start, end, name, conversion, "", end - 1, False), position
            if after != ":":
                raise TemplateError(
                    "a conversion is one letter (!r, !s or !a), then a colon or the closing brace",
                    base + stop,
                )
    return _spec(text, start, position, base, name, conversion)


def _spec(
    text: str, start: int, position: int, base: int, name: str, conversion: str | None
) -> tuple[Field, int]:
    depth, nested = 1, False
    for found in _BRACE.finditer(text, position):
        if found.group() == "{":
            nested = True
            depth += 1
            continue
        depth -= 1
        if depth == 0:
            end = found.start()
            spec = text[position:end]
            field = Field(
                base + start, base + end + 1, name, conversion, spec, base + position, nested
            )
            return field, end + 1
    raise TemplateError("this brace is opened and never closed", base + start)
