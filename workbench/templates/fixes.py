"""Fixes that are proven before they are offered.

What a fix must keep is the text with the diagnosed braces read as plain text. That meaning is
rendered without the fix: the braces are replaced by characters that no parser knows, the text is
rendered, and the braces are put back. The fixed text is then rendered by the real renderer on
generated values and on logged inputs, and compared byte for byte.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.messages import TemplateFormat
from workbench.templates.analysis import Analysis, analyse
from workbench.templates.convert import (
    ConversionError,
    escape_fstring,
    escape_jinja,
    to_fstring,
    to_jinja,
)
from workbench.templates.doctor import Diagnosis
from workbench.templates.pool import RenderPool
from workbench.templates.positions import Lines
from workbench.templates.problems import TemplateError
from workbench.templates.render import Rendered, render
from workbench.templates.samples import names_with_none, sample_values

FixKind = Literal["escape", "convert"]
_STAND_INS = [chr(code) for code in range(0xFDD0, 0xFDF0)]


@dataclass(frozen=True, slots=True)
class Fix:
    """A text that renders the same and that the parser reads as it was meant.

    `generated` and `logged` count value sets: equal ones, and all that were tried.
    """

    kind: FixKind
    title: str
    before: str
    text: str
    format: TemplateFormat
    generated: tuple[int, int]
    logged: tuple[int, int]

    @property
    def proof(self) -> str:
        """ "equal on 50 of 50 logged inputs", or on generated ones where there are none."""
        equal, total = self.logged
        if total:
            return f"equal on {equal} of {total} logged inputs"
        equal, total = self.generated
        return f"equal on {equal} of {total} generated inputs"

    @property
    def diff(self) -> str:
        """A unified diff of what the fix changes."""
        old, new = self.before.splitlines(), self.text.splitlines()
        return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a fix is not offered."""

    kind: FixKind
    reason: str


def propose(
    analysis: Analysis,
    logged: Sequence[Mapping[str, Any]] = (),
    *,
    diagnoses: Collection[Diagnosis] | None = None,
    pool: RenderPool | None = None,
) -> list[Fix]:
    """The fixes of a text that are proven equal, the one that changes least first.

    `diagnoses` chooses findings whose braces become text; by default all of them, so that the
    first click leaves a text without extra variables. `logged` are input variables of requests
    that used the text.
    """
    kinds: tuple[FixKind, ...] = ("escape", "convert")
    outcomes = [attempt(kind, analysis, logged, diagnoses=diagnoses, pool=pool) for kind in kinds]
    return [outcome for outcome in outcomes if isinstance(outcome, Fix)]


def attempt(
    kind: FixKind,
    analysis: Analysis,
    logged: Sequence[Mapping[str, Any]] = (),
    *,
    diagnoses: Collection[Diagnosis] | None = None,
    pool: RenderPool | None = None,
) -> Fix | Refusal:
    """One fix, proven, or the sentence that says why it is not offered."""
    chosen = analysis.diagnoses if diagnoses is None else diagnoses
    spans = sorted({span for one in chosen for span in one.escapes})
    if kind == "escape" and not spans:
        return Refusal(kind, "There is no brace to escape.")
    target: TemplateFormat = analysis.format
    if kind == "convert":
        target = "f-string" if analysis.format == "jinja2" else "jinja2"
    try:
        text = _rewrite(kind, analysis, spans, logged)
    except ConversionError as error:
        line = Lines(analysis.text).locate(error.start)[0]
        return Refusal(kind, f"Line {line}: {error.reason}, so the text cannot be converted.")
    except TemplateError as error:
        return Refusal(kind, f"{error.reason[0].upper()}{error.reason[1:]}.")
    return _prove(kind, analysis, spans, text, target, logged, pool)


def _rewrite(
    kind: FixKind,
    analysis: Analysis,
    spans: Sequence[tuple[int, int]],
    logged: Sequence[Mapping[str, Any]],
) -> str:
    escape = escape_fstring if analysis.format == "f-string" else escape_jinja
    escaped = escape(analysis.text, spans)
    if kind == "escape":
        return escaped
    if analysis.format == "jinja2":
        return to_fstring(escaped)
    return to_jinja(escaped, names_with_none(logged))


def _prove(
    kind: FixKind,
    analysis: Analysis,
    spans: Sequence[tuple[int, int]],
    text: str,
    target: TemplateFormat,
    logged: Sequence[Mapping[str, Any]],
    pool: RenderPool | None,
) -> Fix | Refusal:
    after = analyse(text, target)
    kept = [one for one in analysis.variables if not one.suspicious]
    generated = sample_values(kept)
    meaning = _Meaning(analysis, spans, pool)
    counts = [0, 0]
    for index, sets in enumerate((generated, logged)):
        for values in sets:
            wanted, got = meaning.render(values), render(text, target, values, pool=pool)
            # Where both refuse the values, both leave their text alone.
            same = got.text == wanted.text if got.ok and wanted.ok else got.ok == wanted.ok
            counts[index] += same
    if not any(render(text, target, values, pool=pool).ok for values in [*generated[:3], *logged]):
        return Refusal(kind, "The text could not be filled in even then.")
    if counts[0] < len(generated):
        return Refusal(
            kind, f"It would change the result on {len(generated) - counts[0]} generated inputs."
        )
    if counts[1] < len(logged):
        changed = len(logged) - counts[1]
        return Refusal(kind, f"It would change the result on {changed} of {len(logged)} inputs.")
    names = {one.name for one in after.variables}
    if not names <= {one.name for one in kept}:
        return Refusal(kind, "Another extra variable would remain.")
    title = _title(kind, spans, target)
    generated_count, logged_count = (counts[0], len(generated)), (counts[1], len(logged))
    return Fix(kind, title, analysis.text, text, target, generated_count, logged_count)


def _title(kind: FixKind, spans: Sequence[tuple[int, int]], target: TemplateFormat) -> str:
    if kind == "convert":
        return f"Convert to {target}"
    count = sum(end - start for start, end in spans)
    return "Escape 1 brace" if count == 1 else f"Escape {count} braces"


class _Meaning:
    """The text with some braces read as plain text, rendered without rewriting it for a parser."""

    def __init__(
        self, analysis: Analysis, spans: Sequence[tuple[int, int]], pool: RenderPool | None
    ) -> None:
        self._format = analysis.format
        self._pool = pool
        self._text = analysis.text
        self._spans = spans

    def render(self, values: Mapping[str, Any]) -> Rendered:
        marks = self._marks(values)
        pieces, position = [], 0
        for start, end in self._spans:
            pieces.append(self._text[position:start])
            pieces.append(self._text[start:end].translate(marks))
            position = end
        source = "".join(pieces) + self._text[position:]
        done = render(source, self._format, values, pool=self._pool)
        back = {ord(mark): chr(char) for char, mark in marks.items()}
        return Rendered(done.text.translate(back), done.problem, done.missing, done.on_missing)

    def _marks(self, values: Mapping[str, Any]) -> dict[int, str]:
        """Characters that stand neither in the text nor in the values, one for each brace mark."""
        printed = self._text + "".join(_strings(values))
        free = [char for char in _STAND_INS if char not in printed]
        return {ord(char): free[index] for index, char in enumerate("{}%#")}


def _strings(value: Any) -> list[str]:
    """Every text inside a value."""
    found: list[str] = []
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Mapping):
            stack.extend(one.keys())
            stack.extend(one.values())
        elif isinstance(one, list | tuple | set | frozenset):
            stack.extend(one)
        else:
            found.append(one if isinstance(one, str) else str(one))
    return found
