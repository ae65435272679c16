"""Going on with what a restart stopped, where that doubles nothing."""

from __future__ import annotations

from workbench.datasets import changing, from_logs
from workbench.datasets.jobs import DATASETS, DUPLICATES, FROM_LOGS, Brought, Job
from workbench.jobs.running import jobs_of
from workbench.store.errors import Refused
from workbench.store.store import Store

#: A file is gone with its server, and what is done to rows is known to the page alone.
CAN_GO_ON = frozenset({FROM_LOGS, DUPLICATES})


def go_on(store: Store, actor: str, job_id: int) -> Job:
    """Requests that have their rows are passed over; of duplicates the first stays. Raises Refused
    where it cannot go on, NotFound where it is not on the list."""
    jobs = jobs_of(store)
    row = jobs.find(job_id)
    if row.kind == FROM_LOGS:
        return jobs.go_on(DATASETS, row, actor, from_logs.work_again(store, actor, row))
    if row.kind == DUPLICATES:
        dataset_id, columns = row.subject or 0, row.spec["columns"]

        def work(job: Job) -> Brought:
            return changing.remove_duplicates(store, actor, dataset_id, columns, job)

        return jobs.go_on(DATASETS, row, actor, work)
    raise Refused("This cannot go on: start it anew.")
