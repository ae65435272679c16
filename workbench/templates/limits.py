"""What a template and its rendering may take. Past a limit there is a clear error, never a hang."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TEXT = 1_000_000
"""Code points of one text: more than any model's context window takes."""

MAX_TOKENS = 60_000
"""jinja2 tokens of one text: more than ten thousand tags, half a second of parsing."""

MAX_FIELDS = 100_000
"""Braces of one f-string text."""

MAX_BRACES = 20_000
"""Opening braces of one text that the doctor looks at."""

MAX_OUTPUT = 16_000_000
"""Code points that one text may render to."""

IN_PROCESS_WORK = 20_000_000
"""Operations times characters that rendering inside the calling process may cost: about 50 ms."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Limits of one rendering in a child process.

    `cpu_seconds` and `wall_seconds` end in a kill; `memory_bytes` is address space, the
    interpreter's own (about 60 MB) included; `output` counts code points.
    """

    cpu_seconds: float = 2.0
    wall_seconds: float = 5.0
    memory_bytes: int = 512 * 1024 * 1024
    output: int = MAX_OUTPUT
