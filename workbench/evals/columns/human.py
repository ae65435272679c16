"""Human: a value that a person gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from workbench.evals.cells import Waiting
from workbench.evals.columns.base import ColumnType, Config
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.values import number_or_none
from workbench.jsontext import FieldError

MAX_TEXT = 20_000


class UiElement(Config):
    type: Literal["slider", "text"] = field(
        "choice",
        "Entered with",
        "A slider is for numbers.",
        "text",
        choices={"slider": "A slider", "text": "A box"},
    )
    min: float | None = field("number", "Smallest", "The lowest number that is taken.", None)
    max: float | None = field("number", "Largest", "The highest number that is taken.", None)


class HumanConfig(Config):
    data_type: Literal["number", "string"] = field(
        "choice",
        "Kind of value",
        "Numbers count in the score.",
        choices={"number": "A number", "string": "Text"},
    )
    ui_element: UiElement = UiElement()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        element = self.ui_element
        if self.data_type == "string" and (
            element.type == "slider" or element.min is not None or element.max is not None
        ):
            raise ValueError("a slider, a smallest and a largest value are for numbers")
        if element.type == "slider" and (element.min is None or element.max is None):
            raise ValueError("a slider needs its smallest and its largest value")
        if element.min is not None and element.max is not None and element.min >= element.max:
            raise ValueError("the smallest value has to be less than the largest")
        return self


class Human(ColumnType[HumanConfig]):
    name = "HUMAN"
    title = "Human"
    help = "A rating or a note that a person gives; the cell waits until then."
    group = "Run"
    result = "a number or a text"
    config = HumanConfig
    example: ClassVar[Mapping[str, Any]] = {
        "data_type": "number",
        "ui_element": {"type": "slider", "min": 1, "max": 5},
    }

    async def cell(
        self, config: HumanConfig, values: Mapping[str, Any], context: Context
    ) -> Waiting:
        return Waiting("person", "Waiting for a person.")

    def accept(self, config: HumanConfig, value: Any) -> float | int | str:
        """The value of the cell from what a person entered; raises FieldError."""
        if config.data_type == "string":
            if not isinstance(value, str) or not value.strip():
                raise FieldError("value", "a text is needed")
            if len(value) > MAX_TEXT:
                raise FieldError("value", f"at most {MAX_TEXT:,} characters are kept")
            return value
        number = number_or_none(value)
        low, high = config.ui_element.min, config.ui_element.max
        if number is None:
            raise FieldError("value", "a number is needed")
        if (low is not None and number < low) or (high is not None and number > high):
            if low is not None and high is not None:
                raise FieldError("value", f"a number from {low:g} to {high:g} is needed")
            side = f"at least {low:g}" if low is not None else f"at most {high:g}"
            raise FieldError("value", f"a number of {side} is needed")
        return number
