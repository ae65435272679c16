"""Our own routes for upkeep from the command line: reading old requests again.

Like those of `admin`, they are no part of the interface that applications use.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from workbench.api import wire
from workbench.api.admin import BASE
from workbench.api.errors import ApiError
from workbench.api.operation import Answer, Operation, Sent
from workbench.filters import FilterError, parse_text
from workbench.ids import MAX_ID
from workbench.logs.intake import zone_of
from workbench.logs.renormalise import Asked, Step, renormalise

PATH = f"{BASE}/renormalise"
# One answer takes about this long: a caller that goes away stops it there.
STEP_SECONDS = 5.0


class Renormalise(wire.Keyed):
    filter: Annotated[str, Field(max_length=10_000)] = ""
    all: bool = False
    dry_run: bool = False
    after: Annotated[int, Field(ge=0, le=MAX_ID)] = 0


class Renormalised(BaseModel):
    """What became of the rows of this step. after: to be sent with the next; None at the end."""

    read: int
    changed: int
    unchanged: int
    columns: dict[str, int]
    reasons: dict[str, int]
    examples: list[tuple[int, str]]
    after: int | None


def step_row(step: Step) -> dict[str, Any]:
    return {**asdict(step.counts), "after": step.after}


def _asked(sent: Sent) -> tuple[Asked, int]:
    body = wire.read(Renormalise, sent.body)
    zone = zone_of(sent.store.settings) or datetime.now(UTC).astimezone().tzinfo or UTC
    try:
        filter_ = parse_text(body.filter, zone)
    except FilterError as error:
        raise ApiError(422, f"The filter cannot be used: {error}", "filter") from None
    return Asked(filter_, body.filter, body.all, body.dry_run), body.after


async def _renormalise(sent: Sent, read: tuple[Asked, int]) -> Answer:
    asked, after = read

    def step() -> Step:
        return renormalise(
            sent.store,
            asked,
            actor=sent.actor,
            now=datetime.now(UTC),
            after=after,
            seconds=STEP_SECONDS,
        )

    return Answer(step_row(await asyncio.to_thread(step)))


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        PATH,
        "Read old requests again",
        _asked,
        _renormalise,
        Renormalised,
        request=Renormalise,
        body_needed=False,
    ),
)
