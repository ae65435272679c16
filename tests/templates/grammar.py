"""Templates built from a grammar, so that their variables and places are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

IDENTIFIERS = st.sampled_from(
    ["name", "user_id", "x", "Frage", "имя", "名前", "_hidden", "a1", "class", "order", "q", "été"]
)
_PIECES = st.one_of(
    st.sampled_from(list("abc XYZ.,:!\"'$%#@\\/()[]<>|&*-_=\t\n")),
    st.sampled_from(["\r\n", "\r", "é", "漢", "😀", "\u202e"]),
    st.characters(exclude_characters="{}", exclude_categories=["Cs"]),
)
PLAIN = st.lists(_PIECES, max_size=12).map("".join)


@dataclass
class Built:
    """A template and the input variables it reads: name and offset, in order."""

    text: str = ""
    places: list[tuple[str, int, int]] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.text += text

    def read(self, name: str) -> None:
        """Write a name that is an input variable here."""
        self.places.append((name, len(self.text), len(self.text) + len(name)))
        self.text += name


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Counted one character at a time, as a reader would."""
    line = column = 1
    at = 0
    while at < offset:
        if text.startswith("\r\n", at):
            at += 2
        elif text[at] in "\r\n":
            at += 1
        else:
            at += 1
            column += 1
            continue
        line, column = line + 1, 1
    return line, column


# f-string

FIELD_NAMES = st.one_of(
    IDENTIFIERS,
    st.sampled_from(["a b", "user-name", '"key"', " padded ", "été 2", "line\nbreak", "<tag>"]),
)
SPECS = st.sampled_from(["", ">10", ".2f", "^5", "05d", "x", "%Y-%m-%d", ",", " any words "])


@st.composite
def fstrings(draw: st.DrawFn) -> Built:
    """Places are whole fields, in order of their opening brace; nested fields come after."""
    built = Built()
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(["text", "open", "close", "field", "nested"]))
        if kind == "text":
            built.write(draw(PLAIN))
        elif kind in ("open", "close"):
            built.write("{{" if kind == "open" else "}}")
        else:
            _field(draw, built, kind == "nested")
    return built


def _field(draw: st.DrawFn, built: Built, nested: bool) -> None:
    start = len(built.text)
    name = draw(FIELD_NAMES)
    conversion = draw(st.sampled_from(["", "!r", "!s", "!a"]))
    spec = draw(SPECS)
    inner: list[tuple[str, int, int]] = []
    source = f"{{{name}{conversion}"
    if nested:
        inner_name = draw(IDENTIFIERS)
        source += ":>"
        inner.append((inner_name, start + len(source), start + len(source) + len(inner_name) + 2))
        source += f"{{{inner_name}}}"
    elif spec:
        source += f":{spec}"
    source += "}"
    built.write(source)
    built.places.append((name, start, start + len(source)))
    built.places.extend(inner)


# jinja2

_TEXT = st.lists(st.sampled_from([*"abc .,:\"'$}%#\n", "\r\n", "é", "漢"]), max_size=8).map("".join)
_LOCALS = st.sampled_from(["item", "x", "name", "row", "order"])
_CONSTANTS = st.sampled_from(["1", "'{{ x }}'", '"%}"', "true", "none", "[1, 'a']", "{'k': 2}"])
_SPACE = st.sampled_from([" ", "", "\n", "  "])


@st.composite
def jinjas(draw: st.DrawFn) -> Built:
    """Places are names. Assigned names are fresh ones; loop, macro and `with` names may shadow."""
    built = Built()
    _body(draw, built, frozenset(), 0)
    return built


def _body(draw: st.DrawFn, built: Built, bound: frozenset[str], depth: int) -> None:
    kinds = ["text", "print", "comment", "raw", "set", "default"]
    if depth < 3:
        kinds += ["if", "for", "macro", "with", "filter"]
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(kinds))
        if kind == "text":
            built.write(draw(_TEXT))
        elif kind == "print":
            minus = draw(st.sampled_from(["", "-"]))
            built.write("{{" + minus + draw(_SPACE))
            _expression(draw, built, bound, 0)
            built.write(draw(_SPACE) + minus + "}}")
        elif kind == "comment":
            built.write("{# {{ not_read }} {% if %} #}")
        elif kind == "raw":
            built.write("{% raw %}{{ not_read }} {% nothing %}{% endraw %}")
        elif kind == "set":
            name = f"set_{draw(st.integers(0, 3))}_{len(built.text)}"
            built.write(f"{{% set {name} = ")
            _expression(draw, built, bound, 0)
            built.write(" %}")
            bound |= {name}
            built.write("{{ " + name + " }}")
        elif kind == "default":
            built.write("{{ ")
            _name(draw, built, bound)
            built.write("|default('d') }}")
        else:
            _block(draw, built, bound, depth, kind)


def _block(draw: st.DrawFn, built: Built, bound: frozenset[str], depth: int, kind: str) -> None:
    target = draw(_LOCALS)
    if kind == "if":
        built.write("{% if ")
        _expression(draw, built, bound, 0)
        built.write(" %}")
        _body(draw, built, bound, depth + 1)
        if draw(st.booleans()):
            built.write("{% elif ")
            _expression(draw, built, bound, 0)
            built.write(" %}")
            _body(draw, built, bound, depth + 1)
        if draw(st.booleans()):
            built.write("{% else %}")
            _body(draw, built, bound, depth + 1)
        built.write("{% endif %}")
    elif kind == "for":
        built.write(f"{{% for {target} in ")
        _expression(draw, built, bound, 0)
        built.write(" %}{{ loop.index }}")
        _body(draw, built, bound | {target}, depth + 1)
        if draw(st.booleans()):
            built.write("{% else %}")
            _body(draw, built, bound, depth + 1)
        built.write("{% endfor %}")
    elif kind == "macro":
        macro = f"macro_{len(built.text)}"
        built.write(f"{{% macro {macro}({target}, other=")
        _expression(draw, built, bound | {target}, 0)
        built.write(") %}")
        _body(draw, built, bound | {target, "other"}, depth + 1)
        built.write("{% endmacro %}{{ " + macro + "(")
        _expression(draw, built, bound, 0)
        built.write(") }}")
    elif kind == "with":
        built.write(f"{{% with {target} = ")
        _expression(draw, built, bound, 0)
        built.write(" %}")
        _body(draw, built, bound | {target}, depth + 1)
        built.write("{% endwith %}")
    else:
        built.write("{% filter upper %}")
        _body(draw, built, bound, depth + 1)
        built.write("{% endfilter %}")


def _name(draw: st.DrawFn, built: Built, bound: frozenset[str]) -> None:
    name = draw(st.one_of(IDENTIFIERS, _LOCALS, st.sampled_from(sorted(bound) or ["x"])))
    if name in bound:
        built.write(name)
    else:
        built.read(name)


def _expression(draw: st.DrawFn, built: Built, bound: frozenset[str], depth: int) -> None:
    kinds = ["name", "name", "attribute", "item", "filter", "constant", "test", "call"]
    if depth < 2:
        kinds += ["and", "compare", "concat", "choice", "tuple"]
    kind = draw(st.sampled_from(kinds))
    if kind == "constant":
        built.write(draw(_CONSTANTS))
    elif kind in ("name", "attribute", "item", "filter", "test", "call"):
        built.write("(")
        _name(draw, built, bound)
        tails = {
            "name": "",
            "attribute": ".name.order",
            "item": "['name'][0]",
            "filter": "|upper|replace('x', 'name')",
            "test": " is string",
            "call": ".items()",
        }
        built.write(tails[kind] + ")")
    elif kind == "choice":
        built.write("(")
        _expression(draw, built, bound, depth + 1)
        built.write(" if ")
        _name(draw, built, bound)
        built.write(" else ")
        _name(draw, built, bound)
        built.write(")")
    else:
        built.write("(")
        _expression(draw, built, bound, depth + 1)
        built.write({"and": " and ", "compare": " == ", "concat": " ~ ", "tuple": ", "}[kind])
        _expression(draw, built, bound, depth + 1)
        built.write(")")
