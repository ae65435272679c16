"""Writing a text for the other parser, or with more of its braces literal.

Nothing here is trusted: `fixes.py` renders what comes out beside what went in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from jinja2 import nodes

from workbench.templates import fstring, jinja
from workbench.templates.jinja_scope import GLOBALS

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_RESERVED = frozenset({"and", "or", "not", "is", "in", "if", "else", "elif", "for", "recursive"})
_CONSTANTS = frozenset({"true", "false", "none", "True", "False", "None", "self"})
# The start of a tag, or a brace that would meet the tag which prints a carriage return.
_DANGER = re.compile(r"\{+(?:[{%#]|(?=\r))")


class ConversionError(ValueError):
    """A text says something that the other format cannot; `start` is where."""

    def __init__(self, reason: str, start: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start


def escape_fstring(text: str, spans: Collection[tuple[int, int]]) -> str:
    """The text with the braces at `spans` doubled."""
    pieces, position = [], 0
    for start, end in sorted(spans):
        pieces.append(text[position:start])
        pieces.append("".join(char * 2 for char in text[start:end]))
        position = end
    return "".join(pieces) + text[position:]


def escape_jinja(text: str, spans: Collection[tuple[int, int]]) -> str:
    """The text with what stands at `spans` in ``{% raw %}``."""
    pieces, position = [], 0
    for start, end in sorted(spans):
        pieces.append(text[position:start])
        pieces.append(f"{{% raw %}}{text[start:end]}{{% endraw %}}")
        position = end
    return "".join(pieces) + text[position:]


def to_jinja(text: str, none_names: Collection[str] = ()) -> str:
    """An f-string text written for jinja2.

    `none_names` are variables that may be None: an f-string prints None as nothing, jinja2 as
    ``None``, so these get a guard. Raises ConversionError, or TemplateError where the text does
    not parse.
    """
    pieces = fstring.parse(text)
    written: list[str] = []
    for literal, field in _runs(pieces):
        written.append(_literal_to_jinja(literal, before_tag=field is not None))
        if field is not None:
            written.append(_field_to_jinja(field, none_names))
    result = "".join(written)
    # jinja2 drops one line end at the end of a text.
    return result + "\n" if result.endswith("\n") else result


def _runs(
    pieces: Sequence[fstring.Literal | fstring.Field],
) -> list[tuple[str, fstring.Field | None]]:
    """Stretches of plain text, each with the field that follows it, if any."""
    runs: list[tuple[str, fstring.Field | None]] = []
    parts: list[str] = []
    for piece in pieces:
        if isinstance(piece, fstring.Literal):
            parts.append(piece.text)
            continue
        runs.append(("".join(parts), piece))
        parts = []
    literal = "".join(parts)
    if literal:
        runs.append((literal, None))
    return runs


def _literal_to_jinja(text: str, *, before_tag: bool) -> str:
    """Text that jinja2 prints as it stands; ``{% raw %}`` only around what it would read."""
    spans = [found.span() for found in _DANGER.finditer(text)]
    if before_tag and text.endswith("{"):
        start = len(text.rstrip("{"))
        spans = [span for span in spans if span[0] < start]
        spans.append((start, len(text)))
    if not spans:
        return _carriage_returns(text)
    if len(spans) > 1 and "endraw" not in text:
        spans = [(spans[0][0], spans[-1][1])]
    pieces, position = [], 0
    for start, end in spans:
        pieces.append(_carriage_returns(text[position:start]))
        pieces.append(_raw(text[start:end]))
        position = end
    pieces.append(_carriage_returns(text[position:]))
    return "".join(pieces)


def _raw(text: str) -> str:
    parts = text.split("\r")
    return '{{ "\\r" }}'.join(f"{{% raw %}}{part}{{% endraw %}}" if part else "" for part in parts)


def _carriage_returns(text: str) -> str:
    """jinja2 turns every line end into ``\\n``, so a carriage return has to be printed."""
    return text.replace("\r", '{{ "\\r" }}')


def _field_to_jinja(field: fstring.Field, none_names: Collection[str]) -> str:
    name = field.name
    if field.nested:
        raise ConversionError(f"{name!r} has a field inside its format", field.start)
    if not field.simple or not _IDENTIFIER.fullmatch(name):
        raise ConversionError(f"{name!r} is not a name that jinja2 can read", field.start)
    if name in _RESERVED | _CONSTANTS | GLOBALS or not name.isidentifier():
        raise ConversionError(f"{name!r} has a meaning of its own in jinja2", field.start)
    if field.conversion is None and not field.spec:
        guard = f" if {name} is not none" if name in none_names else ""
        return f"{{{{ {name}{guard} }}}}"
    conversion = f"!{field.conversion}" if field.conversion else ""
    spec = f":{field.spec}" if field.spec else ""
    layout = _string(f"{{{conversion}{spec}}}")
    value = f'{name}|default("")'
    if name in none_names:
        value = f'({name} if {name} is not none else "")|default("")'
    return f"{{{{ {layout}.format({value}) }}}}"


def _string(text: str) -> str:
    """A jinja2 string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = escaped.replace("\n", "\\n").replace("\r", "\\r")
    return f'"{plain}"'


def to_fstring(text: str) -> str:
    """A jinja2 text written as an f-string, where it only prints plain variables.

    Raises ConversionError where it does more, or TemplateError where it does not parse.
    """
    parsed = jinja.parse(text)
    written: list[str] = []
    for node in parsed.tree.body:
        if not isinstance(node, nodes.Output):
            raise ConversionError(
                f"an f-string has no {type(node).__name__.lower()}", parsed.offset(node.lineno)
            )
        written.extend(_node_to_fstring(child, parsed) for child in node.nodes)
    return "".join(written)


def _node_to_fstring(node: nodes.Node, parsed: jinja.Parsed) -> str:
    if isinstance(node, nodes.TemplateData):
        return _double(node.data)
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return _double(node.value)
    start = parsed.offset(node.lineno)
    if not isinstance(node, nodes.Name):
        kind = type(node).__name__.lower()
        raise ConversionError(f"an f-string prints plain names only, and this is a {kind}", start)
    if node.name in GLOBALS or node.name == "self":
        raise ConversionError(f"{node.name!r} belongs to jinja2 itself", start)
    return f"{{{node.name}}}"


def _double(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
