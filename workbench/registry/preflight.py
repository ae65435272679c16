"""Before a label moves: the newest logged inputs of the template, filled into the version to come.

What a template or a value does stays in the rendering processes: a loop without an end is a failure
of that one request, and the whole takes a bounded time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.messages import conversation_text
from workbench.registry import finding
from workbench.registry.compare import Names, compare_names
from workbench.registry.snippets import SnippetFinder
from workbench.store import registry_labels as label_rows
from workbench.store import registry_usage as usage_rows
from workbench.store.registry_rows import LoggedInput, Template, Version, VersionInfo
from workbench.store.store import Store
from workbench.templates import RenderPool, analyse_prompt, render_prompt

LAST = 50
MAX_LAST = 1000
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One logged request's values in both versions.

    missing: variables of the new version that the request has no value for. unused: values that
    the new version does not read, though the old one does. problem: why the new version does not
    render with them, `problem_before` the same of the old one. chars: of all texts, rendered.
    tokens: input tokens, as used then and as estimated for the new version (the share of the
    texts' lengths); None where the log does not say.
    """

    request_id: int
    started_at: datetime
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    problem: str | None
    problem_before: str | None
    chars_before: int | None
    chars_after: int
    tokens_before: int | None
    tokens_after: int | None


@dataclass(frozen=True, slots=True)
class Preflight:
    """What moving a label would do to the requests that were logged last.

    before: the version that the label points at, None where it is new. variables: of the two
    versions. found: logged requests with input variables, at most as many as were asked for;
    `outcomes` are fewer where time ran out. missing, unused: how many requests lack a variable or
    send one in vain.
    """

    template: Template
    label: str | None
    before: VersionInfo | None
    after: VersionInfo
    variables: Names
    found: int
    outcomes: tuple[Outcome, ...]
    missing: tuple[tuple[str, int], ...]
    unused: tuple[tuple[str, int], ...]

    @property
    def tried(self) -> int:
        return len(self.outcomes)

    @property
    def failing(self) -> int:
        """Requests that the new version does not render."""
        return sum(one.problem is not None for one in self.outcomes)

    @property
    def newly_failing(self) -> int:
        """Of those, the ones that the old version renders."""
        return sum(one.problem is not None and one.problem_before is None for one in self.outcomes)

    @property
    def chars(self) -> tuple[float, float] | None:
        """Mean length before and after; None where there is nothing to compare."""
        pairs = [
            (one.chars_before, one.chars_after)
            for one in self.outcomes
            if one.chars_before is not None
        ]
        return _means(pairs)

    @property
    def tokens(self) -> tuple[float, float] | None:
        """Mean input tokens before and, estimated, after."""
        pairs = [
            (one.tokens_before, one.tokens_after)
            for one in self.outcomes
            if one.tokens_before is not None and one.tokens_after is not None
        ]
        return _means(pairs)

    @property
    def lacking(self) -> int:
        """Requests that have no value for a variable of the new version."""
        return sum(bool(one.missing) for one in self.outcomes)

    @property
    def is_clear(self) -> bool:
        return self.tried > 0 and not (self.failing or self.missing)

    @property
    def sentence(self) -> str:
        """What a person reads first."""
        if not self.outcomes:
            return "No logged request of this template has input variables to try."
        of = f"of {self.tried} logged request{'s' if self.tried != 1 else ''}"
        if self.failing:
            return f"{self.failing} {of} would not render with version {self.after.number}."
        if self.missing:
            names = ", ".join(name for name, _ in self.missing[:5])
            lack = "lacks" if self.lacking == 1 else "lack"
            return (
                f"{self.lacking} {of} {lack} a value for {names}: it would be filled with nothing."
            )
        return f"All {of[3:]} render with version {self.after.number}."

    @property
    def remarks(self) -> list[str]:
        """What is to be known beside `sentence`, whether something fails or not."""
        said = []
        already = self.failing - self.newly_failing
        if already and self.before is not None:
            said.append(
                f"{already} of them do not render with version {self.before.number} either."
            )
        if self.before is not None and self.variables.added:
            said.append(f"New variables: {', '.join(self.variables.added)}.")
        if self.variables.removed:
            said.append(f"Variables that are gone: {', '.join(self.variables.removed)}.")
        if self.missing:
            said.append(f"Without a value: {_counted(self.missing)}.")
        if self.unused:
            said.append(f"Sent in vain: {_counted(self.unused)}.")
        for title, pair in (("characters", self.chars), ("input tokens", self.tokens)):
            if pair is not None:
                said.append(f"Mean {title}: {pair[0]:,.0f} → {pair[1]:,.0f}.")
        if self.tried < self.found:
            said.append(f"Time ran out after {self.tried} of {self.found} requests.")
        return said


def _counted(names: Sequence[tuple[str, int]]) -> str:
    """ "year (2 requests), city (1 request)"."""
    said = [f"{name} ({count} request{'s' if count != 1 else ''})" for name, count in names[:12]]
    return ", ".join(said) + (", …" if len(names) > 12 else "")


def _means(pairs: Sequence[tuple[int, int]]) -> tuple[float, float] | None:
    if not pairs:
        return None
    return sum(a for a, _ in pairs) / len(pairs), sum(b for _, b in pairs) / len(pairs)


def preflight(
    store: Store,
    identifier: str | int,
    number: int,
    label: str | None = None,
    *,
    last: int = LAST,
    seconds: float = SECONDS,
    pool: RenderPool | None = None,
) -> Preflight:
    """Try version `number` on the `last` logged inputs of its template; raises NotFound.

    label: the one that would move; the version that it points at is what the new one is compared
    with. Nothing is written and no model is called.
    """
    template, after = finding.version(store.connection, identifier, number)
    return preflight_version(store, template, after, label, last=last, seconds=seconds, pool=pool)


def preflight_version(
    store: Store,
    template: Template,
    after: Version,
    label: str | None = None,
    *,
    last: int = LAST,
    seconds: float = SECONDS,
    pool: RenderPool | None = None,
) -> Preflight:
    """The same for a version at hand, such as one that is not saved yet."""
    connection = store.connection
    with connection.cursor() as cursor:
        stands = label_rows.named(cursor, template.id, label) if label else None
        before = finding.version_in(cursor, template, stands.number) if stands else None
    logged = usage_rows.newest_inputs(connection, template.id, template.name, last)
    finder = SnippetFinder(store.registry_reader)
    new = _Side(finder, after, pool)
    old = _Side(finder, before, pool) if before else None
    outcomes = _try_all(old, new, logged, seconds)
    missing = Counter(name for one in outcomes for name in one.missing)
    unused = Counter(name for one in outcomes for name in one.unused)
    return Preflight(
        template,
        label,
        before.info if before else None,
        after.info,
        compare_names(before.info.variables if before else (), after.info.variables),
        len(logged),
        tuple(outcomes),
        tuple(missing.most_common()),
        tuple(unused.most_common()),
    )


def _try_all(
    old: _Side | None, new: _Side, logged: Sequence[LoggedInput], seconds: float
) -> list[Outcome]:
    until = time.monotonic() + seconds
    outcomes: list[Outcome] = []
    for one in logged:
        if time.monotonic() > until:
            break
        outcomes.append(_try(one, old, new))
    return outcomes


class _Side:
    """One version, ready to be rendered many times."""

    def __init__(self, resolve: SnippetFinder, version: Version, pool: RenderPool | None) -> None:
        self._prompt = version.prompt
        self._pool = pool
        self._resolve = resolve
        found = analyse_prompt(version.prompt, self._resolve).variables
        self.reads = {one.name for one in found}
        self._needs = [one.name for one in found if one.required and not one.suspicious]

    def render(self, values: Mapping[str, Any]) -> tuple[str, str | None, tuple[str, ...]]:
        """The texts, why they are not filled in, and what is missing."""
        done = render_prompt(self._prompt, values, resolve=self._resolve, pool=self._pool)
        messages = done.prompt.get("messages") or [{"content": done.prompt.get("content") or []}]
        known = [each for each in messages if isinstance(each, Mapping)]
        problem = f"{done.problems[0]}." if done.problems else None
        # A text that does not parse is not filled in, and then nothing is told to be missing.
        missing = done.missing
        if problem and not missing:
            missing = tuple(name for name in self._needs if name not in values)
        return conversation_text(known), problem, missing


def _try(one: LoggedInput, old: _Side | None, new: _Side) -> Outcome:
    text, problem, missing = new.render(one.values)
    chars_before = problem_before = tokens_after = None
    unused: tuple[str, ...] = ()
    if old is not None:
        text_before, problem_before, _ = old.render(one.values)
        chars_before = len(text_before)
        unused = tuple(name for name in one.values if name in old.reads - new.reads)
        if one.input_tokens is not None and chars_before:
            tokens_after = round(one.input_tokens * len(text) / chars_before)
    return Outcome(
        one.request_id,
        one.started_at,
        missing,
        unused,
        problem,
        problem_before,
        chars_before,
        len(text),
        one.input_tokens,
        tokens_after,
    )
