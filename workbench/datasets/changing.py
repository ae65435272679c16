"""Changes to many rows of a draft: batch by batch, so that others can write in between, or in one
statement of the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.datasets.jobs import Brought, Job, of_dataset, start
from workbench.store.connection import Cursor
from workbench.store.dataset_values import Column
from workbench.store.errors import Refused
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


def change_columns(
    store: Store,
    actor: str,
    dataset_id: int,
    columns: Sequence[Column],
    renamed: tuple[str, str] | None = None,
) -> None:
    """Put the draft's columns in order (`Datasets.set_columns`). renamed: one of them, and what it
    is to be called from now on; both are done, or none. Raises Refused, NotFound."""
    # Rows that are on their way would bring the old name in again.
    if renamed is not None and not all(job.is_done for job in of_dataset(dataset_id)):
        raise Refused("Rows are on their way into this draft: rename the column when they are in.")

    def change(cursor: Cursor) -> None:
        kept = list(columns)
        if renamed is not None:
            name, to = renamed[0], renamed[1].strip()
            store.datasets.rename_column(cursor, actor, dataset_id, name, to)
            kept = [Column(to, one.type, one.role) if one.name == name else one for one in columns]
        store.datasets.set_columns(cursor, actor, dataset_id, kept)

    store.change(change).result()
