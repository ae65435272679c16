"""The sentences of the f-string doctor."""

from __future__ import annotations

import re

from workbench.templates.doctor.diagnosis import shown

_KEY = re.compile(r"[\s{]*[\"'“”„‟‘’«»]([^\"'“”„‟‘’«»\n]{0,60})[\"'“”„‟‘’«»]\s*:")
_COMMAND = re.compile(r"(\\[A-Za-z@]+)\*?(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})*$")

_READS = "the f-string parser reads {%(name)s} as a variable"
_WHAT = {
    "json-object": (
        "this brace opens a JSON object, so the f-string parser reads %(key)s as a variable"
    ),
    "smart-quotes": (
        "this brace opens an object in typographic quotation marks, which is no JSON either, and "
        + _READS
    ),
    "code-block": f"this brace belongs to program code, so {_READS}",
    "latex": f"this brace belongs to %(command)s, so {_READS}",
    "css": f"this brace opens a CSS rule, so {_READS}",
    "dict-in-prose": (
        "this brace opens a dictionary, so the f-string parser reads {%(name)s} as a variable and "
        "the rest as its format"
    ),
    "set-in-prose": (
        "these braces hold a set or a choice, so the f-string parser reads {%(name)s} as one "
        "variable"
    ),
    "prose-in-braces": f"these braces hold a remark, so {_READS}",
    "regex": f"this brace belongs to a regular expression, so {_READS}",
    "format-spec": (
        "the f-string parser reads {%(name)s} as a variable and what follows the colon as its "
        "format, which does not exist"
    ),
    "empty-braces": "the f-string parser reads these empty braces as a variable without a name",
    "positional": (
        "{%(name)s} is a position in a list of values, and input variables have names only"
    ),
    "attribute-access": (
        "{%(name)s} reads an attribute or item, and the f-string format fills plain names only"
    ),
    "nested-field": (
        "the format of %(name)s holds a field of its own, which the f-string format does not fill"
    ),
    "spaces-in-name": "the spaces inside the braces belong to the variable's name, %(inside)r",
    "unclosed-brace": "%(opened)s never closed",
    "stray-brace": "this closing brace has no opening one",
    "jinja-in-fstring": "this is a jinja2 %(tag)s, which the f-string parser reads as a variable",
}


def reason(
    rule: str, text: str, start: int, end: int, variable: str | None, broken: bool, line: int
) -> str:
    """One sentence: the line, what the brace is, how the parser reads it, and what follows."""
    key = _KEY.match(text, start, min(end, start + 400))
    words = {
        "name": shown(variable or ""),
        "key": f'its first key, "{key.group(1)}",' if key else "everything up to the next brace",
        "command": _command(text, start),
        "inside": text[start + 1 : min(end - 1, start + 200)],
        "opened": _opened(text, start),
        "tag": "comment" if text[start + 1 : start + 2] == "#" else "statement",
    }
    return f"Line {line}: {_WHAT[rule] % words}; {_effect(rule, broken)}."


def _effect(rule: str, broken: bool) -> str:
    if broken:
        return "nothing in this text would be filled in"
    if rule == "spaces-in-name":
        return "a value given under the name without them is not found"
    return "it would print as nothing"


def _command(text: str, start: int) -> str:
    line_start = text.rfind("\n", 0, start) + 1
    found = _COMMAND.search(text, max(line_start, start - 100), start)
    return f"the LaTeX command {found.group(1)}" if found else "LaTeX"


def _opened(text: str, start: int) -> str:
    if _KEY.match(text, start, start + 400):
        return "this brace opens a JSON object that is"
    return "this brace is opened and"


def double_reason(content: str, line: int) -> str:
    """For ``{{ name }}`` in an f-string text."""
    name = content.strip()
    return (
        f"Line {line}: {{{{{content}}}}} is jinja2 syntax; the f-string parser prints it as the "
        f"text {{{content}}} and fills in no value for {shown(name)}."
    )
