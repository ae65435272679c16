"""The sample in the store: loaded through the same door as real records, removed whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from functools import partial

import orjson

from workbench.logs.intake import Sender, log_request, track_request
from workbench.logs.sample import SAMPLE_PATH, SampleRequest, read_sample
from workbench.store import text_search
from workbench.store.origins import remove_origin
from workbench.store.rows import Added, NewRequest
from workbench.store.store import Store
from workbench.store.writer import Cursor

ORIGIN = "sample"
REQUESTS = 2131
IN_FLIGHT = 256
TAGS = {
    "prod": "green",
    "staging": "yellow",
    "dev": "blue",
    "eval": "violet",
    "batch": "gray",
    "vip": "orange",
}


def load_sample(
    store: Store, actor: str, now: datetime, progress: Callable[[float], object] | None = None
) -> int:
    """Add the sample, its newest request ending at about `now`. Returns the requests added."""
    groups: dict[int, int] = {}
    waiting: deque[tuple[Future[Added], int | None]] = deque()
    added = 0
    used: set[int] = set()

    def take_results(keep: int) -> None:
        nonlocal added
        while len(waiting) > keep:
            future, group = waiting.popleft()
            if not future.result().duplicate:
                added += 1
                used.update(() if group is None else (group,))

    for number, each in enumerate(read_sample(SAMPLE_PATH, now)):
        group = None
        if each.group is not None:
            group = groups.get(each.group) or store.make_id()
            groups[each.group] = group
        row = replace(_row(each, actor), group_id=group, origin=ORIGIN, scores=_scores(each))
        waiting.append((store.add(row), group))
        take_results(IN_FLIGHT)
        if progress is not None and number % 100 == 0:
            progress(min(1.0, number / REQUESTS))
    take_results(0)
    store.change(partial(store.add_groups, sorted(used), actor)).result()
    for name, colour in TAGS.items():
        store.change(partial(_list_tag, store, actor, name, colour)).result()
    return added


def _list_tag(store: Store, actor: str, name: str, colour: str, cursor: Cursor) -> None:
    store.tags.save(cursor, actor, name, colour)


def remove_sample(store: Store, actor: str) -> int:
    """Remove what the sample brought. Returns how many requests that were."""
    removed = store.change(
        lambda cursor: remove_origin(cursor, store.audit, actor, ORIGIN)
    ).result()
    text_search.forget(store.connection)
    return removed


def _row(each: SampleRequest, actor: str) -> NewRequest:
    raw = orjson.dumps(each.body).decode()
    read = log_request if each.path == "/log-request" else track_request
    return read(each.body, raw, Sender(actor)).row


def _scores(each: SampleRequest) -> tuple[tuple[str, float], ...]:
    return tuple((score["name"], float(score["value"])) for score in each.scores)
