"""A version of its own from a file or from the logs: an empty draft, filled and published."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from workbench.datasets import from_files, from_logs
from workbench.datasets.adding import Opened
from workbench.datasets.from_files import Reading
from workbench.datasets.from_logs import Choice
from workbench.datasets.jobs import FROM_FILE, Brought, Job, start
from workbench.jobs.running import Asked
from workbench.logs.bulk import Selection
from workbench.store import dataset_reading, datasets
from workbench.store.datasets import Version
from workbench.store.errors import Refused
from workbench.store.store import Store
from workbench.store.writer import Cursor


class DraftInTheWay(Refused):
    """There is a draft with rows, and one draft at a time."""


def from_file(store: Store, actor: str, dataset_id: int, path: Path, name: str) -> Version:
    """The version that a file's rows go into, in the background; the file is removed after that.

    It is published when they are in it. Raises NotFound, DraftInTheWay.
    """
    draft = empty_draft(store, actor, dataset_id)
    opened = Opened(dataset_id, draft.number)

    def work(job: Job) -> Brought:
        try:
            brought = from_files.add(store, actor, opened, path, name, Reading(), job)
        finally:
            with suppress(OSError):
                path.unlink()
        if brought.rows and not brought.stopped:
            store.change(
                lambda cursor: store.datasets.publish(cursor, actor, dataset_id, name)
            ).result()
        return brought

    start(store, Asked(FROM_FILE, name, actor, dataset_id, {"name": name}), work)
    return draft


def of_requests(
    store: Store, actor: str, dataset_id: int, selection: Selection, choice: Choice
) -> Version:
    """The same with a row for each request."""
    draft = empty_draft(store, actor, dataset_id)
    opened = Opened(dataset_id, draft.number)
    from_logs.start_adding(store, actor, opened, selection, choice, "From the logs")
    return draft


def empty_draft(store: Store, actor: str, dataset_id: int) -> Version:
    """A draft without rows. Raises NotFound, DraftInTheWay for one that has some."""

    def change(cursor: Cursor) -> int:
        return store.datasets.clear(cursor, actor, dataset_id)

    draft = datasets.draft(store.connection, dataset_id)
    if draft is not None and dataset_reading.count(store.connection, dataset_id, draft.number):
        raise DraftInTheWay(
            "The dataset has a draft with rows, and there is one draft at a time: publish it, or "
            "discard it, first."
        )
    return datasets.required_version(store.connection, dataset_id, store.change(change).result())
