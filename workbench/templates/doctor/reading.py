"""What a pair of single braces is: a field that the author meant, or text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from workbench.templates.braces import Brace, Forest
from workbench.templates.doctor.context import Context

Role = Literal["field", "literal", "escape", "open"]

_NAME = r"[^\W\d][\w-]*(?: [\w-]+){0,2}"
_SPEC = r"(?:[^{}]?[<>=^])?[-+ ]?z?#?0?\d*[,_]?(?:\.\d+)?[bcdeEfFgGnosxX%]?"
_FIELD = re.compile(rf"({_NAME})(?:![rsa])?(?::({_SPEC}|[^{{}}]*%[A-Za-z][^{{}}]*))?")
_PADDED = re.compile(rf"[ \t]+{_NAME}[ \t]*|{_NAME}[ \t]+")
_ACCESS = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*|\[[^\]{}\n]*\])+(?:![rsa])?(?::[^{}\s]*)?")
_NESTING = re.compile(r"[^\W\d]\w*(?:![rsa])?:[^\s{}\"']*")
_INNER = re.compile(r"[^\W\d]\w*")
_QUOTE = "\"'“”„‟‘’«»"
SMART = "“”„‟‘’"
_JSON = re.compile(rf"\s*[{_QUOTE}][^\n]{{0,200}}?[{_QUOTE}]\s*:")
_JSON_LATER = re.compile(r"\"[^\"\n]{1,80}\"\s*:\s*[\"\[{\dtfn<]")
_CSS_NAMES = (
    "align|animation|background|border|bottom|box|clear|color|column|content|cursor|display|fill"
    "|flex|float|font|gap|grid|height|justify|left|letter|line|list|margin|max|min|object|opacity"
    "|order|outline|overflow|padding|place|pointer|position|right|scroll|stroke|table|text|top"
    "|transform|transition|user|vertical|visibility|white|width|word|z"
)
_CSS = re.compile(
    rf"\s*(?:/\*[^*]{{0,200}}\*/\s*)?(?:--[\w-]+|-?(?:{_CSS_NAMES})(?:-[a-z-]+)?)"
    r"\s*:\s*[^;{}\"]{1,200}(?:;|\s*$)"
)
_SELECTOR = re.compile(
    r"(?:^|[\s,>+~])(?:[.#][A-Za-z][\w-]*|body|html|div|span|p|a|h[1-6]|ul|ol|li|table|t[dhr]|img"
    r"|button|input|form|nav|header|footer|main|section|\*|:root)(?:::?[\w-]+)?\s*$"
)
_CODE = re.compile(
    r";[ \t]*(?:\n|$)|\breturn\b|=>|^\s*//|\n[ \t]*[\w.\"']+[ \t]*=[ \t]"
    r"|\b[A-Za-z_]\w*\([^)]{0,200}\);"
)
_DICT = re.compile(r"\s*[\w$-]+\s*:\s*\S")
_PAIRS = re.compile(r",\s*[\"']?[\w$-]+[\"']?\s*:")
_COMPREHENSION = re.compile(r"\bfor [^{}\n]{1,60} in ")
_COUNT = re.compile(r"\d+(?:,\d*)?")
_CLASS = re.compile(r"\\[pPuxN]$")
_DIGITS = re.compile(r"\\[dwsDSWbB.]$")
_ATOM = re.compile(r"[\]).]$")
_STATEMENT = re.compile(r"%-?\s*\S.*%|#.*#", re.S)


@dataclass(frozen=True, slots=True)
class Reading:
    """`rule` names what the braces are where they are not simply a field."""

    role: Role
    rule: str | None = None


FIELD = Reading("field")
_LOOK = 800


class Reader:
    """Reads the pairs of one text in order of opening: a pair knows its parent's reading."""

    def __init__(self, text: str, forest: Forest, context: Context) -> None:
        self.text = text
        self.forest = forest
        self.context = context
        self.readings: list[Reading] = []
        self.inside_literal: list[bool] = []
        self._latex_ends: set[int] = set()
        for brace in forest.braces:
            reading = self._read(brace)
            if reading.rule == "latex" and brace.end is not None:
                self._latex_ends.add(brace.end)
            self.readings.append(reading)
            above = brace.parent
            self.inside_literal.append(
                above >= 0
                and (self.inside_literal[above] or self.readings[above].role == "literal")
            )
        self.has_field = any(
            reading.role == "field" and reading.rule is None for reading in self.readings
        )

    def _read(self, brace: Brace) -> Reading:
        if brace.width == 2:
            return Reading("escape")
        if brace.end is None:
            return Reading("open", "unclosed-brace")
        inside = self._literal_parent(brace)
        content = self.text[brace.start + 1 : min(brace.end - 1, brace.start + _LOOK)]
        if brace.children:
            return self._branch(brace, content, inside)
        return self._leaf(brace, content, inside)

    def _literal_parent(self, brace: Brace) -> str | None:
        """The rule of the nearest enclosing literal; None outside of one."""
        if brace.parent < 0:
            return None
        reading = self.readings[brace.parent]
        if reading.role == "literal":
            return reading.rule
        # An escape's own parent was read before: one step is enough to inherit from it.
        parent = self.forest.braces[brace.parent]
        if reading.role == "escape" and parent.parent >= 0:
            above = self.readings[parent.parent]
            return above.rule if above.role == "literal" else None
        return None

    def _branch(self, brace: Brace, content: str, inside: str | None) -> Reading:
        first = self.forest.braces[brace.children[0]]
        head = content[: first.start - brace.start - 1]
        children = (self.forest.braces[index] for index in brace.children[:4])
        plain = all(
            child.width == 1
            and child.end is not None
            and _INNER.fullmatch(self.text, child.start + 1, child.end - 1)
            for child in children
        )
        if plain and _NESTING.fullmatch(head):
            return Reading("field", "nested-field")
        return Reading("literal", inside or self._kind(brace, content))

    def _leaf(self, brace: Brace, content: str, inside: str | None) -> Reading:
        start, end = brace.start, brace.end or 0
        stripped = content.strip()
        if not stripped:
            return Reading("literal", "empty-braces")
        before = self.context.before(start)
        if _CLASS.search(before) and " " not in content:
            return Reading("literal", "regex")
        if _DIGITS.search(before) and _COUNT.fullmatch(content):
            return Reading("literal", "regex")
        if self._is_latex(brace, content):
            return Reading("literal", "latex")
        if _STATEMENT.fullmatch(content):
            return Reading("literal", "jinja-in-fstring")
        matched = _FIELD.fullmatch(content)
        if matched and not (matched.group(2) or "").startswith(" "):
            if self.context.code(start, end):
                return Reading("literal", "code-block")
            if inside in ("code-block", "css", "latex") and not _INNER.fullmatch(content):
                return Reading("literal", inside)
            return FIELD
        if _COUNT.fullmatch(content):
            if _ATOM.search(self.context.before(start)):
                return Reading("literal", "regex")
            if "," not in content:
                return Reading("field", "positional")
        if _ACCESS.fullmatch(content):
            if self.context.code(start, end) or inside == "code-block":
                return Reading("literal", "code-block")
            return Reading("field", "attribute-access")
        if _PADDED.fullmatch(content):
            if inside or self.context.fence(start):
                return Reading("literal", inside or "code-block")
            return Reading("field", "spaces-in-name")
        return Reading("literal", inside or self._kind(brace, content))

    def _is_latex(self, brace: Brace, content: str) -> bool:
        if brace.start in self._latex_ends:
            return True
        if content[:1] == "\\" and content[1:2].isalpha() and content[1:3] not in ("n ", "t "):
            return True
        return self.context.latex(brace.start, brace.end or brace.start + 1)

    def _kind(self, brace: Brace, content: str) -> str:
        """Which kind of text a literal pair is."""
        if _JSON.match(content) or _JSON_LATER.search(content, 0, 400):
            return "smart-quotes" if content.lstrip()[:1] in SMART else "json-object"
        if self._is_latex(brace, content):
            return "latex"
        before = self.context.before(brace.start)
        if _CSS.match(content) and (";" in content or _SELECTOR.search(before)):
            return "css"
        if before.lstrip().startswith("@media") or before.lstrip().startswith("@keyframes"):
            return "css"
        if self.context.fence(brace.start) or _CODE.search(content, 0, 400):
            return "code-block"
        if brace.children and any(self.forest.braces[child].width == 1 for child in brace.children):
            return self._branch_kind(content)
        return self._prose_kind(content)

    def _branch_kind(self, content: str) -> str:
        if _DICT.match(content):
            return "dict-in-prose"
        return "code-block" if "\n" in content else "set-in-prose"

    def _prose_kind(self, content: str) -> str:
        stripped = content.strip()
        if stripped[0] in SMART:
            return "smart-quotes"
        if _DICT.match(content):
            several = _PAIRS.search(content) or _COMPREHENSION.search(content)
            return "dict-in-prose" if several else "format-spec"
        if stripped[0] in "\"'" or any(mark in stripped for mark in ",|/"):
            return "set-in-prose"
        return "prose-in-braces"
