"""Rows that are brought in or changed as jobs (workbench/jobs), and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.jobs.job import Job as AnyJob
from workbench.jobs.running import Area, Asked, Shown, jobs_of
from workbench.logs.importing.record import ImportFailed, Refusal
from workbench.store.errors import StoreError
from workbench.store.store import Store

#: So many refused rows are listed with their reasons while the server runs, and after a restart;
#: all are counted.
MAX_LISTED, MAX_KEPT = 10_000, 1_000
_KEPT_TEXT = 300
#: What a job does.
FROM_LOGS, FROM_FILE, CHANGE, DUPLICATES = "logs", "file", "change", "duplicates"


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the rows. verb: what was done to them.

    known: from requests that the draft had rows of already. listed: the first MAX_LISTED of
    the refused rows. stopped: before all were through.
    """

    rows: int
    refused: int = 0
    listed: tuple[Refusal, ...] = ()
    known: int = 0
    stopped: bool = False
    verb: str = "added"


Job = AnyJob[Brought]


def _kept(brought: Brought) -> Mapping[str, Any]:
    return {
        "rows": brought.rows,
        "refused": brought.refused,
        "listed": [
            [one.place, one.reason, one.field, one.text[:_KEPT_TEXT]]
            for one in brought.listed[:MAX_KEPT]
        ],
        "known": brought.known,
        "stopped": brought.stopped,
        "verb": brought.verb,
    }


DATASETS = Area("datasets", 2, (ImportFailed, StoreError), _kept)


def start(store: Store, asked: Asked, work: Callable[[Job], Brought]) -> Job:
    """asked.subject: the dataset. Raises StoreError where nothing can be written."""
    return jobs_of(store).start(DATASETS, asked, work)


def of_dataset(store: Store, dataset_id: int) -> list[Shown]:
    """The jobs of a dataset, the last one first."""
    return jobs_of(store).listed(DATASETS, dataset_id)


def brought_of(job: Shown) -> Brought | None:
    """What became of the rows; None while it goes on, and where it failed or was lost."""
    if job.live is not None:
        brought: Brought | None = job.live.outcome
        return None if job.is_lost else brought
    kept = job.row.outcome
    if kept is None or not job.row.is_finished:
        return None
    return Brought(**{**kept, "listed": tuple(Refusal(*one) for one in kept["listed"])})
