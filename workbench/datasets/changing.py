"""Changes to many rows of a draft: batch by batch, so that others can write in between, or in one
statement of the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.datasets.jobs import Brought, Job, start
from workbench.store.connection import Cursor
from workbench.store.store import Store

# A batch holds up what else is to be written for as long as it takes: a few tenths of a second.
BATCH = 5_000
#: Changes some rows and says how many differ now.
Change = Callable[[Cursor, list[int]], int]


def start_changing(
    store: Store,
    actor: str,
    dataset_id: int,
    title: str,
    steps: Sequence[tuple[Sequence[int], Change]],
    verb: str = "changed",
) -> Job:
    """Run changes in the background. steps: rows, and what is done to them.

    What was done when it is stopped stays done.
    """

    def work(job: Job) -> Brought:
        total = sum(len(ids) for ids, _ in steps)
        changed = through = 0
        for ids, change in steps:
            for begin in range(0, len(ids), BATCH):
                if job.is_stopped:
                    return Brought(changed, stopped=True, verb=verb)
                part = list(ids[begin : begin + BATCH])
                changed += store.change(
                    lambda cursor, change=change, part=part: change(cursor, part)  # type: ignore[misc]
                ).result()
                through += len(part)
                job.tell(through, total)
        return Brought(changed, verb=verb)

    return start(title, dataset_id, actor, work)


def start_removing_duplicates(
    store: Store, actor: str, dataset_id: int, columns: Sequence[str] = ()
) -> Job:
    """Take out of the draft, in the background, every row that repeats an earlier one, in all
    values or in those of `columns`; all of them, or none where it is stopped before its turn."""

    def work(job: Job) -> Brought:
        if job.is_stopped:
            return Brought(0, stopped=True, verb="taken out")
        taken = store.change(
            lambda cursor: store.datasets.remove_duplicates(cursor, actor, dataset_id, columns)
        ).result()
        return Brought(taken, verb="taken out")

    return start("Duplicates", dataset_id, actor, work)
