"""Regular expressions of users, on RE2: its time grows with the text and never faster, so that no
pattern holds a run up. What RE2 does not have (looking around, references back) is refused."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 2000
#: Matches that one cell keeps.
MAX_MATCHES = 10_000
#: Steps of one search: some ten seconds at worst.
MAX_STEPS = 10_000_000_000
MAX_SECONDS = 10.0
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 16 * 2**20


class PatternError(ValueError):
    """No pattern that RE2 runs; the text is a clause that says why."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern; raises PatternError."""
    if not 0 < len(pattern) <= MAX_PATTERN:
        raise PatternError(f"a pattern has 1 to {MAX_PATTERN} characters")
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        raise PatternError(_reason(error)) from None


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if text.startswith(tuple(f"invalid perl operator: (?{sign}" for sign in "=!<")):
        return f"{text} (RE2 cannot look around)"
    if text.startswith("invalid escape sequence: \\") and text[-1:].isdigit():
        return f"{text} (RE2 cannot refer back to a group)"
    return text


def steps(pattern: str, text: str) -> int:
    """How many steps one search may take at worst: the size of the pattern for each character."""
    size: int = compiled(pattern).programsize
    return size * len(text)


def found(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere."""
    return compiled(pattern).search(text) is not None


def matches(pattern: str, text: str) -> list[Any]:
    """Every match: the whole of it, or its group, or the list of its groups where it has several.
    A group that took no part is null. Raises TimeoutError after MAX_SECONDS: each match may look
    ahead to the end of the text."""
    deadline = time.monotonic() + MAX_SECONDS
    kept: list[Any] = []
    for match in compiled(pattern).finditer(text):
        groups = list(match.groups())
        kept.append(match.group() if not groups else groups[0] if len(groups) == 1 else groups)
        if len(kept) >= MAX_MATCHES:
            break
        if time.monotonic() > deadline:
            raise TimeoutError
    return kept
