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
from workbench.store.origins import remove_origin
from workbench.store.rows import Added, NewRequest
from workbench.store.store import Store
from workbench.store.writer import Cursor

ORIGIN = "sample"
REQUESTS = 2000
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
    waiting: deque[Future[Added]] = deque()
    added = 0
    for number, each in enumerate(read_sample(SAMPLE_PATH, now)):
        row = _row(each, actor)
        if each.group is not None:
            group = groups.setdefault(each.group, 0) or store.make_id()
            groups[each.group] = group
            row = replace(row, group_id=group)
        waiting.append(store.add(replace(row, origin=ORIGIN, scores=_scores(each))))
        while len(waiting) > 256:
            added += not waiting.popleft().result().duplicate
        if progress is not None and number % 100 == 0:
            progress(min(1.0, number / REQUESTS))
    added += sum(not each.result().duplicate for each in waiting)
    store.change(partial(store.add_groups, list(groups.values()), actor)).result()
    for name, colour in TAGS.items():
        store.change(partial(_list_tag, store, actor, name, colour)).result()
    return added


def _list_tag(store: Store, actor: str, name: str, colour: str, cursor: Cursor) -> None:
    store.tags.save(cursor, actor, name, colour)


def remove_sample(store: Store, actor: str) -> int:
    """Remove what the sample brought. Returns how many requests that were."""
    return store.change(lambda cursor: remove_origin(cursor, store.audit, actor, ORIGIN)).result()


def _row(each: SampleRequest, actor: str) -> NewRequest:
    raw = orjson.dumps(each.body).decode()
    read = log_request if each.path == "/log-request" else track_request
    return read(each.body, raw, Sender(actor)).row


def _scores(each: SampleRequest) -> tuple[tuple[str, float], ...]:
    return tuple((score["name"], float(score["value"])) for score in each.scores)
