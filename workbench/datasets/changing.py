"""Changes to many rows of a draft: batch by batch, so that others can write in between, or in one
statement of the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.datasets.jobs import CHANGE, DUPLICATES, Brought, Job, of_dataset, start
from workbench.jobs.running import Asked
from workbench.store.connection import Cursor
from workbench.store.dataset_values import Column
from workbench.store.errors import Refused
from workbench.store.store import Store

# A batch holds up what else is to be written for as long as it takes: a few tenths of a second.
BATCH = 5_000
TAKEN_OUT = "taken out"
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
                through += len(part)

                def step(
                    cursor: Cursor,
                    change: Change = change,
                    part: list[int] = part,
                    through: int = through,
                    before: int = changed,
                ) -> int:
                    number = change(cursor, part)
                    job.note(cursor, through, total, {"rows": before + number})
                    return number

                changed += store.change(step).result()
                job.tell(through, total, {"rows": changed}, noted=True)
        return Brought(changed, verb=verb)

    return start(store, Asked(CHANGE, title, actor, dataset_id, {"verb": verb}), work)


def start_removing_duplicates(
    store: Store, actor: str, dataset_id: int, columns: Sequence[str] = ()
) -> Job:
    """Take out of the draft, in the background, every row that repeats an earlier one, in all
    values or in those of `columns`; all of them, or none where it is stopped before its turn."""
    return start(
        store,
        Asked(DUPLICATES, "Duplicates", actor, dataset_id, {"columns": list(columns)}),
        lambda job: remove_duplicates(store, actor, dataset_id, columns, job),
    )


def remove_duplicates(
    store: Store, actor: str, dataset_id: int, columns: Sequence[str], job: Job
) -> Brought:
    """The same as the work of a job, at once; one that goes on has the rows that are out by now."""
    before = job.so_far.get("rows", 0)
    if job.is_stopped:
        return Brought(before, stopped=True, verb=TAKEN_OUT)

    def change(cursor: Cursor) -> int:
        taken = store.datasets.remove_duplicates(cursor, actor, dataset_id, columns)
        rows: int = before + taken
        job.note(cursor, rows, rows, {"rows": rows})
        return rows

    rows = store.change(change).result()
    job.tell(rows, rows, {"rows": rows}, noted=True)
    return Brought(rows, verb=TAKEN_OUT)


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
    if renamed is not None and not all(job.is_over for job in of_dataset(store, dataset_id)):
        raise Refused("Rows are on their way into this draft: rename the column when they are in.")

    def change(cursor: Cursor) -> None:
        kept = list(columns)
        if renamed is not None:
            name, to = renamed[0], renamed[1].strip()
            store.datasets.rename_column(cursor, actor, dataset_id, name, to)
            kept = [Column(to, one.type, one.role) if one.name == name else one for one in columns]
        store.datasets.set_columns(cursor, actor, dataset_id, kept)

    store.change(change).result()
