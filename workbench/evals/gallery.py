"""Grids that are ready to be used, as plain data: columns that are filled in with what one has.

In a configuration "@expected" stands for the dataset's column with the expected (or logged) answer.
A column of prompts has the key "@prompt" instead of a template: "newest" or "previous", which is
the version before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workbench.evals.grids import NewColumn

EXPECTED, PROMPT = "@expected", "@prompt"
#: Names under which an expected answer is looked for first, in this order.
_USUAL = ("output", "expected", "expected_output", "answer", "ideal", "reference", "target")
_JUDGED = "Is the text a complete and polite answer that could be sent as it is?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A ready grid. columns: (name, type, configuration). scored: the columns of the score."""

    key: str
    title: str
    text: str
    columns: tuple[tuple[str, str, Mapping[str, Any]], ...]
    scored: tuple[str, ...] = ()

    @property
    def needs_prompt(self) -> bool:
        return any(PROMPT in spec for _, _, spec in self.columns)

    @property
    def needs_expected(self) -> bool:
        return any(EXPECTED in _texts(spec) for _, _, spec in self.columns)

    @property
    def needs_judge(self) -> bool:
        return any(type_ == "LLM_ASSERTION" for _, type_, _ in self.columns)


def _texts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield value


_ANSWER = ("answer", "PROMPT_TEMPLATE", {PROMPT: "newest"})
_SAME = (
    "same",
    "COMPARE",
    {"sources": ["answer", EXPECTED], "comparison_type": {"type": "STRING"}},
)
_CLOSE = ("similarity", "COSINE_SIMILARITY", {"sources": ["answer", EXPECTED], "method": "lexical"})

READY: Final[tuple[Ready, ...]] = (
    Ready(
        key="expected",
        title="Prompt against an expected answer",
        text="Runs a prompt on every row and compares its answer with the expected one: the same, "
        "and how similar in words.",
        columns=(_ANSWER, _SAME, _CLOSE),
        scored=("same", "similarity"),
    ),
    Ready(
        key="versions",
        title="Two versions against each other",
        text="The version before and the newest one, side by side on the same rows, with where "
        "they differ.",
        columns=(
            ("before", "PROMPT_TEMPLATE", {PROMPT: "previous"}),
            ("after", "PROMPT_TEMPLATE", {PROMPT: "newest"}),
            (
                "same",
                "COMPARE",
                {"sources": ["before", "after"], "comparison_type": {"type": "STRING"}},
            ),
            (
                "similarity",
                "COSINE_SIMILARITY",
                {"sources": ["before", "after"], "method": "lexical"},
            ),
        ),
        scored=("similarity",),
    ),
    Ready(
        key="judge",
        title="LLM judge and a regex",
        text="Runs a prompt, asks a model whether the answer is good, and checks with a regular "
        "expression that it ends as a sentence does.",
        columns=(
            _ANSWER,
            ("good", "LLM_ASSERTION", {"source": "answer", "prompt": _JUDGED}),
            ("form", "REGEX", {"source": "answer", "regex_pattern": r"[.!?]\s*$"}),
        ),
        scored=("good", "form"),
    ),
    Ready(
        key="json",
        title="JSON output is valid",
        text="Runs a prompt that answers in JSON, checks that it is an object, and reads it.",
        columns=(
            _ANSWER,
            ("parsed", "PARSE_VALUE", {"source": "answer", "type": "object"}),
            ("valid", "ASSERT_VALID", {"source": "answer", "type": "object"}),
        ),
        scored=("valid",),
    ),
    Ready(
        key="backtest",
        title="Backtest: logged output against the newest version",
        text="Runs the newest version on logged inputs and shows where it answers otherwise than "
        "what was logged.",
        columns=(_ANSWER, _SAME, _CLOSE),
        scored=("similarity",),
    ),
    Ready(
        key="logged",
        title="Judge what was logged",
        text="Calls no prompt: a model judges the answers that the dataset holds already.",
        columns=(("good", "LLM_ASSERTION", {"source": EXPECTED, "prompt": _JUDGED}),),
        scored=("good",),
    ),
    Ready(
        key="people",
        title="Rated by people",
        text="Runs a prompt; people rate each answer from 1 to 5, with the keyboard.",
        columns=(
            _ANSWER,
            (
                "rating",
                "HUMAN",
                {"data_type": "number", "ui_element": {"type": "slider", "min": 1, "max": 5}},
            ),
        ),
        scored=("rating",),
    ),
    Ready(
        key="empty",
        title="An empty grid",
        text="Only the columns of the dataset: add your own.",
        columns=(),
    ),
)


def find(key: str) -> Ready | None:
    return next((one for one in READY if one.key == key), None)


def expected_of(columns: Sequence[tuple[str, str]]) -> str | None:
    """The column of a dataset that most likely holds the expected answer. columns: (name, role)."""
    by_role = [name for name, role in columns if role == "expected"]
    if by_role:
        return by_role[0]
    names = {name.lower(): name for name, _ in columns}
    return next((names[one] for one in _USUAL if one in names), None)


def mapping_of(variables: Iterable[str], inputs: Sequence[str]) -> dict[str, str]:
    """Variables of a prompt to columns of the same name, capitals aside; a single variable without
    such a column takes the first column."""
    by_name = {name.lower(): name for name in reversed(inputs)}
    wanted = list(variables)
    found = {one: by_name[one.lower()] for one in wanted if one.lower() in by_name}
    if not found and len(wanted) == 1 and inputs:
        found = {wanted[0]: inputs[0]}
    return found


def own_prompt(column: str | None, model: tuple[str, str] = ("echo", "echo")) -> dict[str, Any]:
    """The configuration of a prompt that is no template: it sends one column as it is."""
    provider, name = model
    message = {
        "role": "user",
        "template_format": "f-string",
        "content": [{"type": "text", "text": "{text}"}],
    }
    spec: dict[str, Any] = {
        "inline_template": {
            "inline": True,
            "prompt_template": {"type": "chat", "messages": [message]},
            "metadata": {"model": {"provider": provider, "name": name, "parameters": {}}},
        }
    }
    if column is not None:
        spec["prompt_template_variable_mappings"] = {"text": column}
    return spec


def filled(
    ready: Ready,
    *,
    taken: Sequence[str],
    expected: str | None,
    newest: Mapping[str, Any],
    previous: Mapping[str, Any] | None = None,
) -> tuple[list[NewColumn], list[str]]:
    """The columns of a ready grid, and the names of those that are scored.

    taken: the dataset's columns; a computed one of the same name gets another. newest, previous:
    configurations of a prompt column. expected: its column; without one, what needs it is left out.
    """
    names: dict[str, str] = {}
    used = {one.lower() for one in taken}
    made = []
    for name, type_, spec in ready.columns:
        if EXPECTED in _texts(spec) and expected is None:
            continue
        free, number = name, 2
        while free.lower() in used:
            free, number = f"{name} {number}", number + 1
        used.add(free.lower())
        names[name] = free
        if PROMPT in spec:
            prompt = newest if spec[PROMPT] == "newest" else previous or newest
            made.append(NewColumn(free, type_, dict(prompt)))
        else:
            made.append(NewColumn(free, type_, _put(spec, {**names, EXPECTED: expected or ""})))
    return made, [names[one] for one in ready.scored if one in names]


#: Fields of a configuration that name columns.
_NAMING = ("source", "sources")


def _put(spec: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = dict(spec)
    for key in _NAMING:
        value = found.get(key)
        if isinstance(value, list):
            found[key] = [names.get(one, one) for one in value]
        elif value is not None:
            found[key] = names.get(value, value)
    return found
