"""How a fine-tuning pack is made: the options of a spec that are about its examples."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.store.export_columns import METADATA
from workbench.store.export_ratings import HUMAN

# What together and balance_by name beside columns.
NEAR, TAG, COLUMN = "near_duplicates", "tag.", "column."
LIKENESS = 0.8
# What a pack of preference pairs cannot take: it has one pair for each input, of its best and its
# worst answer, which is all that is learnt.
NOT_OF_PAIRS = {
    "near_duplicates": "pairs have different inputs; near duplicates among them are not looked for",
    "balance_by": "pairs are not balanced",
    "duplicates": "there is one pair for each input, so a duplicate always leaves",
    "train_on": "of a pair the two answers alone are compared",
}
# What is known of requests alone.
NOT_OF_ROWS = {
    "answer": "the expected answer of a row is in the column that answer_column names",
    "evaluation": "the expected answer of a row is in the column that answer_column names",
    "errors": "rows have no status",
    "truncated": "rows have no finish reason",
    "pairs": "a row holds both answers, in the columns answer_column and rejected_column",
    "score": "a row holds both answers, in the columns answer_column and rejected_column",
    "min_gap": "a row holds both answers, in the columns answer_column and rejected_column",
}
# What is known of the rows of datasets and grids alone.
NOT_OF_REQUESTS = dict.fromkeys(
    ("prompt_column", "system_column", "answer_column", "rejected_column", "tools_column"),
    "requests have no columns to choose from",
) | dict.fromkeys(("split", "training_splits", "validation_splits"), "requests are in no splits")
Key = Annotated[str, Field(min_length=1, max_length=1024)]
_Name = Annotated[str, Field(max_length=1024)]
_Splits = Annotated[tuple[_Name, ...], Field(max_length=100)]


def _one_of(field: str, name: str, names: tuple[str, ...]) -> None:
    is_key = any(
        name.startswith(prefix) and len(name) > len(prefix) for prefix in (METADATA, COLUMN)
    )
    if name not in names and not is_key:
        raise problem(
            f"tuning.{field}",
            f'"{name[:60]}" is none of {", ".join(names)}, metadata.KEY, column.NAME',
        )


def problem(field: str, reason: str) -> PydanticCustomError:
    return PydanticCustomError("place", "{reason}", {"reason": reason, "at": field})


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tuning(Part):
    """How a fine-tuning pack is made.

    answer: where the expected answer is: "output", "metadata.KEY" (a corrected answer; a request
    without the key keeps its output), or "human.NAME" (what people wrote into the human column of
    an evaluation; a request without it is left out). evaluation: the evaluation whose column that
    is; without one the newest rating of any counts. train_on: the last answer alone, or all
    answers.
    errors, truncated, refusals, duplicates: whether requests that are such are left out.
    near_duplicates: how alike (0.5 to 1, by Jaccard similarity) two conversations may be before
    one is left out; None keeps them. max_tokens: longer examples are left out.
    validation: the share that is held back. together: what must lie on one side of the split:
    "group_id", "trace_id", "metadata.KEY", "near_duplicates" (as alike as near_duplicates says, or
    LIKENESS, without being left out). seed: decides every choice that is left to chance.
    balance_by: "tags" (all of a request's), "tag.NAME" (with it and without), "prompt_name",
    "model" or "metadata.KEY": no class has more than balance_to examples (None: the size of the
    smallest class).
    pairs: where preference pairs come from (`tuning.pairs`): "scores", answers to the same input
    whose scores of the name `score` lie at least `min_gap` apart; "votes", what people preferred
    in the playground, as far as both answers are among what the filter finds.
    prompt_column, answer_column: of rows of a dataset or a grid, where the prompt is (messages, or
    a text of the user) and where the expected answer is (text, a message or messages; "": the
    prompt ends with it). system_column, tools_column: where these are; "": nowhere.
    rejected_column: of pairs, where the answer is that is not preferred. None: guessed from the
    columns' names. Rows have the classes "tags", "tag.NAME" and "column.NAME", and belong together
    by "column.NAME".
    split: "chance", by the share and the seed; or "own", by the splits that the rows are in:
    validation_splits (None: validation, valid, val, dev, eval, evaluation) and training_splits
    (None: all others but test and holdout); "" are the rows without one.
    epochs, price_per_million: for the estimate of the cost, in dollars.
    """

    answer: Key = "output"
    evaluation: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    train_on: Literal["last", "all"] = "last"
    errors: bool = True
    truncated: bool = True
    refusals: bool = True
    duplicates: bool = True
    near_duplicates: Annotated[float, Field(ge=0.5, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10**7)] | None = None
    validation: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    together: tuple[Key, ...] = Field(default=(), max_length=8)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    balance_by: Key | None = None
    balance_to: Annotated[int, Field(ge=1)] | None = None
    pairs: Literal["scores", "votes"] = "scores"
    score: Key = "default"
    min_gap: Annotated[float, Field(gt=0)] = 1.0
    prompt_column: Key | None = None
    system_column: _Name | None = None
    answer_column: _Name | None = None
    rejected_column: _Name | None = None
    tools_column: _Name | None = None
    split: Literal["chance", "own"] = "chance"
    training_splits: _Splits | None = None
    validation_splits: _Splits | None = None
    epochs: Annotated[int, Field(ge=1, le=100)] = 3
    price_per_million: Annotated[Decimal, Field(ge=0, le=10**6)] | None = None

    @model_validator(mode="after")
    def _fields_exist(self) -> Tuning:
        if self.human is None:
            _one_of("answer", self.answer, ("output", f"{HUMAN}NAME"))
            if self.evaluation is not None:
                raise problem(
                    "tuning.evaluation", "an evaluation is named where the answer is human.NAME"
                )
        for key in self.together:
            _one_of("together", key, ("group_id", "trace_id", NEAR))
        if self.balance_by is not None and not self.balances_tag:
            _one_of("balance_by", self.balance_by, ("tags", "prompt_name", "model"))
        return self

    @property
    def holds_back(self) -> bool:
        """Whether there is a file to validate with."""
        return self.validation > 0 or self.split == "own"

    @property
    def human(self) -> str | None:
        """The name of the human column that the answer is in; None where it is not in one."""
        name = self.answer.removeprefix(HUMAN)
        return name if name and name != self.answer else None

    @property
    def balances_tag(self) -> bool:
        """Whether the two classes are those with one tag and those without."""
        return (self.balance_by or "").startswith(TAG) and len(self.balance_by or "") > len(TAG)

    @property
    def likeness(self) -> float | None:
        """From where on examples count as near duplicates; None where none are looked for."""
        if self.near_duplicates is None and self.validation and NEAR in self.together:
            return LIKENESS
        return self.near_duplicates


def check_tuning(tuning: Tuning, *, of_requests: bool, is_preference: bool) -> None:
    """Raises FieldError for what a pack of this source cannot take."""
    _check_usual(tuning, NOT_OF_REQUESTS if of_requests else NOT_OF_ROWS)
    _check_keys(tuning, of_requests=of_requests)
    if not of_requests:
        _check_splits(tuning)
        if is_preference:
            _check_usual(tuning, {"train_on": NOT_OF_PAIRS["train_on"]})
        elif tuning.rejected_column:
            raise FieldError("tuning.rejected_column", "preference pairs alone have such an answer")
    elif is_preference:
        _check_usual(tuning, NOT_OF_PAIRS)
        if tuning.human is not None:
            raise FieldError("tuning.answer", "a pair is of two answers that were given")
        if NEAR in tuning.together:
            raise FieldError("tuning.together", NOT_OF_PAIRS["near_duplicates"])


def _check_usual(tuning: Tuning, others: Mapping[str, str]) -> None:
    usual = Tuning()
    for name, reason in others.items():
        if getattr(tuning, name) != getattr(usual, name):
            raise FieldError(f"tuning.{name}", reason)


def _check_keys(tuning: Tuning, *, of_requests: bool) -> None:
    """What classes and the split go by is of the source."""
    shared = (NEAR, "tags")
    for field, names in (("together", tuning.together), ("balance_by", (tuning.balance_by,))):
        for name in names:
            if name is None or name in shared or name.startswith(TAG):
                continue
            if name.startswith(COLUMN) is of_requests:
                what = "requests have no columns" if of_requests else "rows have column.NAME alone"
                raise FieldError(f"tuning.{field}", f'"{name[:60]}": {what}')


def _check_splits(tuning: Tuning) -> None:
    if tuning.split != "own":
        for name in ("training_splits", "validation_splits"):
            if getattr(tuning, name) is not None:
                raise FieldError(f"tuning.{name}", 'they are chosen where split is "own"')
        return
    for name in ("validation", "together"):
        if getattr(tuning, name):
            raise FieldError(f"tuning.{name}", "the dataset's own splits decide the sides")
    both = {*(tuning.training_splits or ())} & {*(tuning.validation_splits or ())}
    if both:
        raise FieldError(
            "tuning.validation_splits", f'"{min(both)[:60]}" is among what is trained on'
        )
