"""What surrounds a brace: code fences, LaTeX, string literals of program code."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t>*-]*(```+|~~~+)[ \t]*([\w+#.-]*)[^\n`]*$", re.M)
_BACK = 100
_COMMAND = re.compile(r"\\(?:[A-Za-z@]{2,}|[^\W\d_ntr])\*?(?:\[[^\]\n]{0,60}\])?$")
_POWER = re.compile(r"[\w)\]}|]\^$")
_INDEX = re.compile(r"(?:^|[^\w])[A-Za-z]_$")
_MATH = re.compile(
    r"\\(?:frac|sum|int|prod|lim|sqrt|alpha|beta|gamma|delta|epsilon|theta|lambda|mu|sigma|phi|omega"
    r"|pi|infty|partial|nabla|mathbb|mathbf|mathcal|mathrm|left|right|begin|cdot|times|leq|geq|log"
    r"|max|min|sup|hat|bar|vec|text)(?![A-Za-z])"
)
_F_LITERAL = re.compile(r"""(?:^|[^\w])(?:[fF]|[rR][fF]|[fF][rR]|\$@?)(["'])(?:(?!\1).)*$""")
_RUST = re.compile(r"\b(?:e?print(?:ln)?|format|panic|write(?:ln)?|debug|info|warn|error)!\([^)]*$")
_BINDING = re.compile(r"(?:^|[^\w])(?:import|export|const|let|var|type)\s*$")
_SCRIPTS = frozenset(("js", "javascript", "jsx", "ts", "typescript", "tsx", "vue", "svelte", "mjs"))
_RUBY = frozenset(["ruby", "rb", "crystal", "elixir", "ex", "coffeescript"])
_TEX = frozenset(["tex", "latex"])


@dataclass(frozen=True, slots=True)
class Fence:
    start: int
    end: int
    language: str


class Context:
    """Looks around places of one text; every look reaches a bounded number of characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fences = _fences(text) if "```" in text or "~~~" in text else []
        self._starts = [fence.start for fence in self.fences]

    def fence(self, offset: int) -> Fence | None:
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self.fences[index].end:
            return self.fences[index]
        return None

    def before(self, offset: int) -> str:
        """The rest of the line before an offset, at most 100 characters of it."""
        start = max(self.text.rfind("\n", max(0, offset - _BACK), offset) + 1, offset - _BACK, 0)
        return self.text[start:offset]

    def after(self, offset: int) -> str:
        stop = self.text.find("\n", offset, offset + _BACK)
        return self.text[offset : offset + _BACK if stop < 0 else stop]

    def alone(self, start: int, end: int) -> bool:
        """Whether nothing else stands on the line."""
        return not self.before(start).strip() and not self.after(end).strip()

    def latex(self, start: int, end: int) -> bool:
        """Whether a brace at `start` is an argument, exponent or index of LaTeX."""
        before = self.before(start)
        if before.endswith("\\"):
            return False
        if _COMMAND.search(before) or _POWER.search(before):
            return True
        if before.endswith("_"):
            after = self.after(end)
            between_dollars = before.count("$") % 2 == 1 and "$" in after
            short = end - start <= 4 and _INDEX.search(before)
            return bool(short or between_dollars or _MATH.search(before + after))
        fence = self.fence(start)
        return fence is not None and fence.language in _TEX and not self.alone(start, end)

    def code(self, start: int, end: int) -> bool:
        """Whether ``{name}`` belongs to program code that fills it in itself."""
        before, after = self.before(start), self.after(end)
        if _F_LITERAL.search(before) or _BINDING.search(before) or ".format(" in after:
            return True
        fence = self.fence(start)
        if fence is None:
            return False
        if (
            before.endswith(("$", "return "))
            or _RUST.search(before)
            or self._long_literal(fence, start)
        ):
            return True
        last = before.rstrip()[-1:]
        if fence.language in _SCRIPTS:
            return last in ("=", ">", "(") and not self.alone(start, end)
        if fence.language in _RUBY:
            return last == "#"
        return False

    def _long_literal(self, fence: Fence, offset: int) -> bool:
        begin = max(fence.start, offset - 2000)
        for quotes in ('"""', "'''"):
            opened = self.text.rfind(f"f{quotes}", begin, offset)
            if opened >= 0 and self.text.find(quotes, opened + 4, offset) < 0:
                return True
        return False


def _fences(text: str) -> list[Fence]:
    fences: list[Fence] = []
    opened: re.Match[str] | None = None
    for found in _FENCE.finditer(text):
        if opened is None:
            opened = found
        elif found.group(1).startswith(opened.group(1)) and not found.group(2):
            fences.append(Fence(opened.end(), found.start(), opened.group(2).lower()))
            opened = None
    if opened is not None:
        fences.append(Fence(opened.end(), len(text), opened.group(2).lower()))
    return fences
