"""Changes of many requests as jobs (workbench/jobs): started, gone on with, told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.jobs.job import Job
from workbench.jobs.running import Area, Asked, Shown, jobs_of
from workbench.logs import bulk
from workbench.logs.bulk import Done, Selection, Undone
from workbench.store.bulk_kinds import Kind, asked, kind_of
from workbench.store.jobs import JobRow
from workbench.store.purge import Purged, purge
from workbench.store.store import Store

# One at a time: they would only take turns at the writer.
LOGS = Area("logs", 1)
CHANGE, UNDO, PURGE = "change", "undo", "purge"
Outcome = Done | Undone | Purged
_OUTCOMES: dict[str, Callable[..., Outcome]] = {CHANGE: Done, UNDO: Undone, PURGE: Purged}


def start(store: Store, actor: str, selection: Selection, kind: Kind) -> Job[Done]:
    """Do something to a selection (workbench.logs.bulk.run)."""
    spec = {"action": kind.action, "asked": asked(kind), "selection": selection.to_json()}
    return jobs_of(store).start(
        LOGS,
        Asked(CHANGE, "Change", actor, spec=spec),
        lambda job: bulk.run(store, actor, selection, kind, job),
    )


def start_undo(store: Store, actor: str, change_id: int) -> Job[Undone]:
    """Undo a change (workbench.logs.bulk.undo)."""
    return jobs_of(store).start(
        LOGS,
        Asked(UNDO, "Undo", actor, change_id),
        lambda job: bulk.undo(store, actor, change_id, job),
    )


def start_purge(store: Store, actor: str) -> Job[Purged]:
    """Remove what deleted requests hold (workbench.store.purge)."""
    return jobs_of(store).start(
        LOGS, Asked(PURGE, "Purge", actor), lambda job: purge(store, actor, job)
    )


def go_on(store: Store, actor: str, job_id: int) -> Job[Any]:
    """Go on with one that was lost, from where it stopped: nothing is done twice, since what each
    batch did and how far it is are kept together. Raises Refused, NotFound."""
    jobs = jobs_of(store)
    row = jobs.find(job_id)
    work: Callable[[Job[Any]], Any]
    if row.kind == PURGE:

        def work(job: Job[Any]) -> Any:
            return purge(store, actor, job)

    elif row.kind == UNDO:

        def work(job: Job[Any]) -> Any:
            return bulk.undo(store, actor, row.subject or 0, job)

    else:
        selection = Selection.from_json(row.spec["selection"])
        kind = kind_of(row.spec["action"], row.spec["asked"])

        def work(job: Job[Any]) -> Any:
            return bulk.run(store, row.actor, selection, kind, job)

    return jobs.go_on(LOGS, row, actor, work)


def kind_done(row: JobRow) -> Kind | None:
    """What a change is to do; None for an undo and a purge."""
    return kind_of(row.spec["action"], row.spec["asked"]) if row.kind == CHANGE else None


def outcome_of(job: Shown) -> Outcome | None:
    """What became of it; None while it goes on, and where it failed or was lost."""
    if job.live is not None:
        outcome: Outcome | None = job.live.outcome
        return None if job.is_lost else outcome
    if job.row.outcome is None or not job.row.is_finished:
        return None
    return _OUTCOMES[job.row.kind](**job.row.outcome)
