"""How a fine-tuning pack is made: the options of a spec that are about its examples."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.store.export_columns import METADATA
from workbench.store.export_ratings import HUMAN

# What together and balance_by name beside columns.
NEAR, TAG = "near_duplicates", "tag."
LIKENESS = 0.8
# What a pack of preference pairs cannot take: it has one pair for each input, of its best and its
# worst answer, which is all that is learnt.
NOT_OF_PAIRS = {
    "near_duplicates": "pairs have different inputs; near duplicates among them are not looked for",
    "balance_by": "pairs are not balanced",
    "duplicates": "there is one pair for each input, so a duplicate always leaves",
    "train_on": "of a pair the two answers alone are compared",
}
Key = Annotated[str, Field(min_length=1, max_length=1024)]


def _one_of(field: str, name: str, names: tuple[str, ...]) -> None:
    is_key = name.startswith(METADATA) and len(name) > len(METADATA)
    if name not in names and not is_key:
        raise problem(
            f"tuning.{field}", f'"{name[:60]}" is none of {", ".join(names)}, metadata.KEY'
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


def check_pairs(tuning: Tuning) -> None:
    """Raises FieldError for what a pack of preference pairs cannot take."""
    usual = Tuning()
    for name, reason in NOT_OF_PAIRS.items():
        if getattr(tuning, name) != getattr(usual, name):
            raise FieldError(f"tuning.{name}", reason)
    if tuning.human is not None:
        raise FieldError("tuning.answer", "a pair is of two answers that were given")
    if NEAR in tuning.together:
        raise FieldError("tuning.together", NOT_OF_PAIRS["near_duplicates"])
