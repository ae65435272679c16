"""Which columns of a dataset, or of a grid, hold what an example is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.export.tuning_options import COLUMN, NEAR, Tuning
from workbench.jsontext import FieldError
from workbench.store.dataset_values import EXPECTED, INPUT
from workbench.store.export_columns import Column
from workbench.store.export_datasets import SPLIT, TAGS

#: The options that name a column, with the names by which it is guessed, the likeliest first.
GUESSED: dict[str, tuple[str, ...]] = {
    "prompt_column": ("messages", "prompt", "question", "input", "query", "conversation"),
    "system_column": ("system", "system prompt", "system message"),
    "answer_column": (
        "expected",
        "expected answer",
        "expected output",
        "chosen",
        "preferred",
        "ideal",
        "reference",
        "answer",
        "output",
        "completion",
        "response",
    ),
    "rejected_column": ("rejected", "rejected answer", "worse", "worse answer"),
    "tools_column": ("tools", "functions"),
}
_CONVERSATIONS = ("messages", "conversation")


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


def guess(columns: Sequence[Column], *, is_preference: bool) -> dict[str, str]:
    """The columns that the options most likely mean, by option; "" for none."""
    usual = [one for one in columns if one.default]
    named = {_plain(one.name): one.name for one in reversed(usual)}
    found = {
        option: next((named[name] for name in names if name in named), "")
        for option, names in GUESSED.items()
    }
    if not is_preference:
        found["rejected_column"] = ""
    for option, role in (("answer_column", EXPECTED), ("prompt_column", INPUT)):
        if not found[option]:
            found[option] = _only(
                one.name for one in usual if one.role == role and one.name not in found.values()
            )
    if _holds_conversations(found["prompt_column"], columns):
        # Its system messages stand in it; a column of that name is a variable of the prompt.
        found["system_column"] = ""
    return found


def row_columns(tuning: Tuning, columns: Sequence[Column], *, is_preference: bool) -> RowColumns:
    """columns: all that there are. Raises FieldError for one that is not there, or is needed."""
    guessed = guess(columns, is_preference=is_preference)

    def of(option: str) -> Column | None:
        given: str | None = getattr(tuning, option)
        name = guessed[option] if given is None else given
        return _named(f"tuning.{option}", name, columns) if name else None

    prompt, answer, rejected = of("prompt_column"), of("answer_column"), of("rejected_column")
    if prompt is None:
        raise _needed("tuning.prompt_column", "the prompt", columns)
    is_guessed = tuning.answer_column is None
    if answer is None and (
        is_preference or (is_guessed and not _holds_conversations(prompt.name, columns))
    ):
        raise _needed("tuning.answer_column", "the expected answer", columns)
    if is_preference and rejected is None:
        raise _needed("tuning.rejected_column", "the answer that is not preferred", columns)
    return RowColumns(
        prompt=prompt,
        answer=answer,
        system=of("system_column"),
        rejected=rejected,
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


def _needed(field: str, what: str, columns: Sequence[Column]) -> FieldError:
    return FieldError(
        field, f"which column holds {what} is to be said; columns are {_names(columns)}"
    )


def _names(columns: Sequence[Column]) -> str:
    return ", ".join([one.name for one in columns if one.default][:50]) or "none"


def _holds_conversations(name: str, columns: Sequence[Column]) -> bool:
    kinds = {one.name: one.kind for one in columns}
    return _plain(name) in _CONVERSATIONS or kinds.get(name) == "json"


def _only(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else ""


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())
