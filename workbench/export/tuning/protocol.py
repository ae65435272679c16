"""What every fine-tuning format does, and what several of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import orjson

from workbench.export.tuning.example import Call, Example, Turn
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit

Line = dict[str, Any]


class Limits:
    """What a vendor publishes of whole files, as far as no format says otherwise.

    LEAST, MOST: examples of a training file. MOST_VALIDATION: of a validation file.
    MOST_WITH_IMAGES: of a training file, examples with an image, in whose lines IMAGE stands.
    MAX_BYTES: of a training file. MAX_TOKENS: of one example. None: no limit is published.
    """

    LEAST: int = 1
    MOST: int | None = None
    MOST_VALIDATION: int | None = None
    MOST_WITH_IMAGES: int | None = None
    IMAGE: bytes = b""
    MAX_BYTES: int | None = None
    MAX_TOKENS: int | None = None


class TuningFormat(Protocol):
    """A vendor's file of examples, one JSON object a line. It has `Limits` too.

    Rules come from the page that `formats.FORMATS` names, and the pages that its module names.
    """

    def line(self, example: Example, *, train_all: bool) -> Line:
        """The example as the vendor wants it; raises Unfit for what the format cannot carry.

        train_all: learn from every answer of the conversation, not from the last alone.
        """

    def problem(self, line: Line) -> str | None:
        """The first published rule that a line breaks, as a clause; None where it breaks none."""


class PreferenceFormat(Protocol):
    """As TuningFormat, with two answers to one input."""

    def half(self, example: Example) -> Line:
        """One answer with its input; raises Unfit."""

    def pair(self, preferred: Line, other: Line) -> Line:
        """The line of two halves with the same input."""

    def problem(self, line: Line) -> str | None:
        """As above."""


def text_only(example: Example, what: str) -> None:
    """Raises Unfit for images, tools and their results."""
    for turn in (*example.turns, example.answer):
        if turn.images:
            raise Unfit(UNSUPPORTED, f"an image; {what} takes text alone")
        if turn.calls or turn.role == "tool":
            raise Unfit(UNSUPPORTED, f"a tool call; {what} takes text alone")


def without_images(example: Example, what: str) -> None:
    if any(turn.images for turn in example.turns) or example.answer.images:
        raise Unfit(UNSUPPORTED, f"an image; {what} takes none here")


def system_apart(turns: Iterable[Turn]) -> tuple[str, list[Turn]]:
    """The system messages as one text, and the other turns."""
    system: list[str] = []
    rest: list[Turn] = []
    for turn in turns:
        if turn.role == "system":
            system.append(turn.text)
        else:
            rest.append(turn)
    return "\n\n".join(system), rest


def said(turn: Turn) -> str:
    """What an answer says; a refusal is said too."""
    return turn.text or turn.refusal


def merged(turns: Sequence[Turn]) -> list[Turn]:
    """Neighbours of one role as one turn, for vendors where user and assistant alternate.

    Results of tools stay apart.
    """
    found: list[Turn] = []
    for turn in turns:
        last = found[-1] if found else None
        if last is None or last.role != turn.role or turn.role == "tool":
            found.append(
                Turn(
                    turn.role,
                    said(turn),
                    list(turn.images),
                    list(turn.calls),
                    turn.call_id,
                    turn.name,
                )
            )
            continue
        last.text = "\n\n".join(filter(None, (last.text, said(turn))))
        last.images += turn.images
        last.calls += turn.calls
    return found


def arguments_of(call: Call) -> dict[str, Any]:
    """The arguments as an object; raises Unfit where the model wrote none."""
    try:
        value = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Unfit(UNSUPPORTED, f"arguments of {call.name[:60]} that are no JSON object")
    return value


def alternates(roles: Sequence[str], first: str, second: str) -> str | None:
    """What is wrong where roles do not take turns, beginning with `first`, ending with `second`."""
    if not roles:
        return "there are no messages"
    for number, role in enumerate(roles):
        wanted = second if number % 2 else first
        if role != wanted:
            return f"message {number + 1} is of {role}, where {wanted} has its turn"
    return None if roles[-1] == second else f"the last message is of {roles[-1]}, not of {second}"


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
