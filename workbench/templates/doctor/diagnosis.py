"""One finding of the doctor, and the sentence over several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

RULES: dict[str, str] = {
    "json-object": "A brace of a JSON object is read as a variable.",
    "code-block": "A brace of program code is read as a variable.",
    "latex": "A brace of a LaTeX command is read as a variable.",
    "css": "A brace of a CSS rule is read as a variable.",
    "dict-in-prose": "A dictionary written out in the text is read as a variable.",
    "set-in-prose": "A set or a choice written out in the text is read as a variable.",
    "prose-in-braces": "A remark in braces is read as a variable.",
    "regex": "A repeat count of a regular expression is read as a variable.",
    "format-spec": "What follows a colon is read as a format that does not exist.",
    "empty-braces": "Empty braces are read as a variable without a name.",
    "positional": "A number in braces is a position, and input variables have names only.",
    "attribute-access": "An attribute or item is read, which the f-string format does not fill.",
    "nested-field": "A field stands inside another field's format.",
    "spaces-in-name": "Spaces inside the braces belong to the variable's name.",
    "unclosed-brace": "A brace is opened and never closed.",
    "stray-brace": "A brace is closed that was never opened.",
    "jinja-in-fstring": "jinja2 syntax in a text that the f-string parser reads.",
    "fstring-in-jinja": "f-string syntax in a text that the jinja2 parser reads.",
    "escape-in-jinja": "Braces doubled as for an f-string open a jinja2 expression.",
    "comment-brace": "A brace and a number sign open a jinja2 comment.",
    "unknown-tag": "A jinja2 statement that does not exist.",
    "unclosed-tag": "A jinja2 tag or block that is never closed.",
    "unknown-filter": "A jinja2 filter or test that does not exist.",
    "no-loader": "include, import and extends need other files.",
    "syntax": "The template cannot be parsed.",
    "smart-quotes": "Typographic quotation marks where straight ones are needed.",
    "case-only": "Two variables whose names differ only in upper and lower case.",
    "near-duplicate": "Two variables whose names are nearly the same.",
    "mixed-formats": "Messages of one prompt use different parsers.",
    "snippet": "A snippet cannot be resolved.",
    "snippet-format": "A snippet is written for the other parser.",
    "limit": "The text is larger than what is parsed.",
}
"""Every rule with its one-line description: the catalogue that SARIF and the documentation show."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One finding, as a sentence with its place.

    `variable` is the name that the parser sees there, if it sees one. `spans` are the characters
    to underline (both braces of a pair), `escapes` the braces that the escape fix would make
    literal; offsets are code points of the text as it was handed in. `advice` says what to do
    where no fix can be proven equal. `message` and `part` count from 0, None for a bare text.
    """

    rule: str
    severity: Severity
    reason: str
    start: int
    end: int
    line: int
    column: int
    variable: str | None = None
    spans: tuple[tuple[int, int], ...] = ()
    escapes: tuple[tuple[int, int], ...] = ()
    advice: str | None = None
    message: int | None = None
    part: int | None = None


_KINDS = {
    "json-object": "JSON objects",
    "code-block": "program code",
    "latex": "LaTeX",
    "css": "CSS",
    "dict-in-prose": "dictionaries in the text",
    "set-in-prose": "sets or choices in the text",
    "regex": "regular expressions",
}
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def summary(diagnoses: Sequence[Diagnosis]) -> str | None:
    """One sentence over all extra variables of a text; None where there are none.

    "Four extra variables come from JSON objects, where the f-string parser reads a brace as the
    start of a variable: "reply" (line 3, column 1), "tone" (line 9, column 1), …"
    """
    extra = [one for one in diagnoses if one.escapes and one.variable is not None]
    if not extra:
        return None
    count = _NUMBERS[len(extra)] if len(extra) < len(_NUMBERS) else str(len(extra))
    kinds = list(dict.fromkeys(_KINDS.get(one.rule, "braces meant as text") for one in extra))
    places = [f"{_named(one)} (line {one.line}, column {one.column})" for one in extra[:12]]
    if len(extra) > len(places):
        places.append(f"and {len(extra) - len(places)} more")
    noun = "variable comes" if len(extra) == 1 else "variables come"
    sources = kinds[0] if len(kinds) == 1 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"
    return (
        f"{count} extra {noun} from {sources}, where the f-string parser reads a brace as "
        f"the start of a variable: {', '.join(places)}."
    )


def _named(one: Diagnosis) -> str:
    return shown(one.variable or "") or "empty braces"


def shown(name: str) -> str:
    """A variable's name as a sentence shows it: on one line and not too long."""
    flat = " ".join(name.split())
    return flat if len(flat) <= 40 else f"{flat[:39]}…"
