"""Which columns of a dataset, or of a grid, hold what an example is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.export.tuning_options import COLUMN, NEAR, Tuning
from workbench.jsontext import FieldError
from workbench.store.dataset_values import EXPECTED, INPUT
from workbench.store.export_columns import Column
from workbench.store.export_datasets import SPLIT, TAGS

#: The options that name a column, with the names by which it is guessed, the likeliest first.
GUESSED: dict[str, tuple[str, ...]] = {
    "prompt_column": ("messages", "prompt", "input", "question", "query", "conversation"),
    "system_column": ("system", "system prompt", "system message"),
    "answer_column": (
        "expected",
        "expected answer",
        "expected output",
        "chosen",
        "preferred",
        "ideal",
        # Of a dataset that was made from logs, in which variables may have the names below.
        "output",
        "answer",
        "reference",
        "completion",
        "response",
    ),
    "rejected_column": ("rejected", "rejected answer", "worse", "worse answer"),
    "tools_column": ("tools", "functions"),
}
_CONVERSATIONS = ("messages", "conversation")
#: What the columns hold without which there is no example.
NEEDED = {
    "prompt_column": "the prompt",
    "answer_column": "the expected answer",
    "rejected_column": "the answer that is not preferred",
}
_OF_PAIRS = ("answer_column", "rejected_column")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowColumns:
    """answer: None where the last message of the prompt is the answer. rejected: of pairs.

    others: what a row is told apart by (tags, its split, columns of classes and of the split).
    """

    prompt: Column
    answer: Column | None
    system: Column | None = None
    rejected: Column | None = None
    tools: Column | None = None
    others: tuple[Column, ...] = ()

    @property
    def spoken(self) -> list[Column]:
        """Those that examples are made of, each once."""
        found = (self.prompt, self.system, self.answer, self.rejected, self.tools)
        return list({one.name: one for one in found if one is not None}.values())

    @property
    def all(self) -> list[Column]:
        return list({one.name: one for one in (*self.spoken, *self.others)}.values())


def guess(
    tuning: Tuning, columns: Sequence[Column], *, is_preference: bool
) -> dict[str, str | None]:
    """The columns that options most likely mean which say nothing: "" for none, None where one is
    needed and cannot be guessed. What another option names is not among them."""
    usual = [one for one in columns if one.default]
    chosen = {option: getattr(tuning, option) for option in GUESSED}
    found: dict[str, str | None] = {}
    for option, names in GUESSED.items():
        others = {name for each, name in chosen.items() if each != option}
        named = {_plain(one.name): one.name for one in reversed(usual) if one.name not in others}
        found[option] = next((named[name] for name in names if name in named), None)
    for option, role in (("answer_column", EXPECTED), ("prompt_column", INPUT)):
        taken = {name for each, name in (found | _said(chosen)).items() if each != option}
        left = [one.name for one in usual if one.role == role and one.name not in taken]
        if found[option] is None and len(left) == 1:
            found[option] = left[0]
    found["tools_column"] = found["tools_column"] or ""
    talks = _holds_conversations(tuning.prompt_column or found["prompt_column"], columns)
    # Its system messages stand in it; a column of that name is a variable of the prompt.
    found["system_column"] = "" if talks else found["system_column"] or ""
    if not is_preference:
        found["rejected_column"] = ""
        if talks:
            found["answer_column"] = found["answer_column"] or ""
    return found


def _said(chosen: Mapping[str, str | None]) -> dict[str, str | None]:
    return {option: name for option, name in chosen.items() if name is not None}


def row_columns(tuning: Tuning, columns: Sequence[Column], *, is_preference: bool) -> RowColumns:
    """columns: all that there are. Raises FieldError for one that is not there, or is needed."""
    guessed = guess(tuning, columns, is_preference=is_preference)

    def of(option: str) -> Column | None:
        given: str | None = getattr(tuning, option)
        name = guessed[option] if given is None else given
        if name is None or (is_preference and name == "" and option in _OF_PAIRS):
            raise FieldError(
                f"tuning.{option}",
                f"which column holds {NEEDED[option]} is to be said; columns are {_names(columns)}",
            )
        return _named(f"tuning.{option}", name, columns) if name else None

    prompt = of("prompt_column")
    assert prompt is not None
    return RowColumns(
        prompt=prompt,
        answer=of("answer_column"),
        system=of("system_column"),
        rejected=of("rejected_column"),
        tools=of("tools_column"),
        others=tuple(_others(tuning, columns)),
    )


def _others(tuning: Tuning, columns: Sequence[Column]) -> Iterable[Column]:
    for name in tuning.together:
        if name != NEAR:
            yield _named("tuning.together", name.removeprefix(COLUMN), columns)
    if tuning.balance_by is not None:
        is_column = tuning.balance_by.startswith(COLUMN)
        name = tuning.balance_by.removeprefix(COLUMN) if is_column else TAGS
        yield _named("tuning.balance_by", name, columns)
    if tuning.split == "own":
        yield _named("tuning.split", SPLIT, columns)


def _named(field: str, name: str, columns: Sequence[Column]) -> Column:
    found = next((one for one in columns if one.name == name), None)
    if found is None:
        raise FieldError(field, f'there is no column "{name[:80]}"; columns are {_names(columns)}')
    return found


def _names(columns: Sequence[Column]) -> str:
    return ", ".join([one.name for one in columns if one.default][:50]) or "none"


def _holds_conversations(name: str | None, columns: Sequence[Column]) -> bool:
    if name is None:
        return False
    kinds = {one.name: one.kind for one in columns}
    return _plain(name) in _CONVERSATIONS or kinds.get(name) == "json"


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
