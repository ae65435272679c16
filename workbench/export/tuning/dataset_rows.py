"""Rows of a dataset, or of a grid, as examples: columns say what is asked and what is expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.export.spec import Spec
from workbench.export.tuning import own_splits, reasons
from workbench.export.tuning.candidates import Candidate, Row
from workbench.export.tuning.example import Example, example_of
from workbench.export.tuning.judging import is_declined
from workbench.export.tuning.reasons import Unfit
from workbench.export.tuning.row_columns import RowColumns, row_columns
from workbench.export.tuning.row_values import messages_of, parsed, tools_of, value_of, written
from workbench.export.tuning_options import COLUMN, NEAR, TAG
from workbench.messages import Message
from workbench.store.export_columns import Column
from workbench.store.export_datasets import SPLIT, TAGS, DatasetSnapshot


class DatasetRows:
    """`Candidates` of rows."""

    def __init__(self, spec: Spec, snapshot: DatasetSnapshot) -> None:
        """Raises FieldError for a column that is not there."""
        self._tuning = tuning = spec.tuning
        self._by = by = row_columns(tuning, snapshot.columns, is_preference=spec.is_preference)
        self._together = [name for name in tuning.together if name != NEAR]
        self.columns: Sequence[Column] = by.all
        self.texts: Sequence[Column] = [column for column in by.spoken if column.holds_text]
        self.encoded: frozenset[str] = frozenset()
        self.told: Mapping[str, Any] = {
            "dataset": {"id": snapshot.dataset_id, "version": snapshot.as_of},
            "columns": _told(by),
        }

    def candidate(self, row: Row, masked: Callable[[str], str]) -> Candidate:
        tuning, by = self._tuning, self._by
        held = None
        if tuning.split == "own":
            held = own_splits.is_held_back(_text(row[SPLIT]), tuning)
        asked, answer = self._conversation(row)
        prompt: dict[str, Any] = {"type": "chat", "messages": asked}
        if by.tools is not None and _text(row[by.tools.name]).strip() not in ("", "[]"):
            prompt["tools"] = tools_of(value_of(row[by.tools.name], by.tools), by.tools)
        example = example_of(prompt, answer)
        if tuning.refusals and is_declined(None, example.answer):
            raise Unfit(reasons.REFUSAL)
        return Candidate(
            example=example,
            other=self._other(prompt, row),
            class_=self._class(row),
            keys=[
                f"{name}={value}"
                for name in self._together
                if (value := _text(row[name.removeprefix(COLUMN)]))
            ],
            held=held,
        )

    def _conversation(self, row: Row) -> tuple[list[Message], list[Message]]:
        """What was asked, and the messages of the answer."""
        by = self._by
        asked: list[Message] = []
        if by.system is not None and _text(row[by.system.name]).strip():
            asked += messages_of(value_of(row[by.system.name], by.system), by.system, "system")
        asked += messages_of(value_of(row[by.prompt.name], by.prompt), by.prompt, "user")
        if by.answer is None:
            if asked[-1]["role"] != "assistant":
                told = f'column "{by.prompt.name}" holds no conversation that ends with an answer'
                raise Unfit(reasons.ILL_FORMED, told)
            return asked[:-1], asked[-1:]
        answer = _answer(row, by.answer)
        if any(one["role"] != "assistant" for one in answer):
            # A conversation that goes on: its last message is what is to be learnt.
            return [*asked, *answer[:-1]], answer[-1:]
        return asked, answer

    def _other(self, prompt: dict[str, Any], row: Row) -> Example | None:
        by = self._by
        return None if by.rejected is None else example_of(prompt, _answer(row, by.rejected))

    def _class(self, row: Row) -> str | None:
        by = self._tuning.balance_by
        if by is None:
            return None
        if by.startswith(COLUMN):
            return _text(row[by.removeprefix(COLUMN)])
        names = sorted(_tags(row[TAGS]))
        if by.startswith(TAG):
            name = by.removeprefix(TAG)
            return name if name in names else f"without {name}"
        return ", ".join(names)


def _tags(given: Any) -> list[str]:
    """A column of that name may hold anything: its text is then a tag."""
    found = parsed(given) if isinstance(given, str) else given
    if isinstance(found, list):
        return [written(one) for one in found]
    return [_text(given)] if _text(given) else []


def _answer(row: Row, column: Column) -> list[Message]:
    found = messages_of(value_of(row[column.name], column), column, "assistant")
    if found[-1]["role"] != "assistant":
        told = f'column "{column.name}" ends with a message that is not the assistant\'s'
        raise Unfit(reasons.ILL_FORMED, told)
    return found


def _text(value: Any) -> str:
    return "" if value is None else written(value)


def _told(by: RowColumns) -> dict[str, str | None]:
    named = {
        "prompt": by.prompt,
        "system": by.system,
        "answer": by.answer,
        "rejected": by.rejected,
        "tools": by.tools,
    }
    return {name: None if one is None else one.name for name, one in named.items()}
