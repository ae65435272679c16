"""Fuzz targets: any bytes are a text, and no text may raise or break an invariant."""

from __future__ import annotations

import contextlib
from string import Formatter

import jinja2

from workbench.templates import TemplateError, analyse, detect, render
from workbench.templates.convert import ConversionError, to_fstring, to_jinja
from workbench.templates.fstring import Field, parse

_REFERENCE = jinja2.Environment()


def text_of(data: bytes) -> str:
    return data[:4000].decode("utf-8", "surrogateescape")


def fuzz_fstring(data: bytes) -> None:
    """The f-string parser, its doctor, rendering and conversion."""
    text = text_of(data)
    _check_places(text, "f-string")
    try:
        expected: list[str] | None = [
            name for _, name, _, _ in Formatter().parse(text) if name is not None
        ]
    except ValueError:
        expected = None
    try:
        found: list[str] | None = [piece.name for piece in parse(text) if isinstance(piece, Field)]
    except TemplateError:
        found = None
    assert found == expected
    if found is not None and not any(char.isdigit() for char in text):
        done = render(text, "f-string", dict.fromkeys(found, "{v}"), limit=100_000)
        assert done.ok or done.text == text
    with contextlib.suppress(ConversionError, TemplateError):
        to_jinja(text)


def fuzz_jinja(data: bytes) -> None:
    """The jinja2 parser, its doctor and conversion."""
    text = text_of(data)
    _check_places(text, "jinja2")
    try:
        detect(text, "jinja2")
        parsed = True
    except TemplateError:
        parsed = False
    try:
        _REFERENCE.parse(text)
        expected = True
    except (jinja2.TemplateSyntaxError, ValueError, SyntaxError, OverflowError):
        expected = False
    except RecursionError:
        return
    assert parsed == expected
    with contextlib.suppress(ConversionError, TemplateError):
        to_fstring(text)


def _check_places(text: str, template_format: str) -> None:
    analysis = analyse(text, template_format)  # type: ignore[arg-type]
    for one in analysis.diagnoses:
        assert 0 <= one.start <= one.end <= len(text)
        assert one.line >= 1
        assert one.column >= 1
        assert one.reason.startswith("Line ")
    for variable in analysis.variables:
        for place in variable.occurrences:
            assert 0 <= place.start < place.end <= len(text)
            assert place.tag_start <= place.start
            assert place.end <= place.tag_end


TARGETS = {"f-string": fuzz_fstring, "jinja2": fuzz_jinja}
DICTIONARY = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "-%}", "{%-", "!r", ":>", "[", "]", ".", "|"),
    *("if ", "endif", "for ", " in ", "endfor", "set ", "endset", "macro ", "endmacro", "raw"),
    *(
        "endraw",
        "block ",
        "endblock",
        "call ",
        "endcall",
        "filter ",
        "endfilter",
        "with ",
        "endwith",
    ),
    *("include ", "import ", "from ", " as ", "extends ", "autoescape ", "else", "elif ", "not "),
    *("is defined", "default('')", "loop", "self", "caller", "namespace", "'", '"', "\\", "\r\n"),
    *("\\frac", "```", "@@@", "0x", "1e9", "**", "~", "recursive", "scoped", "ignore missing"),
]
