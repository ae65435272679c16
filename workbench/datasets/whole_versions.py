"""A version of its own from a file or from the logs: an empty draft, filled and published."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.datasets import from_files, from_logs
from workbench.datasets.adding import Opened
from workbench.datasets.from_files import Reading
from workbench.datasets.from_logs import Choice
from workbench.datasets.jobs import FROM_FILE, Brought, Job, of_dataset, start
from workbench.jobs.running import Asked
from workbench.logs.bulk import Selection
from workbench.logs.importing.record import ImportFailed
from workbench.store import dataset_reading, datasets
from workbench.store.datasets import Version
from workbench.store.errors import Refused
from workbench.store.store import Store
from workbench.store.writer import Cursor

# From the look at the draft until the job that fills it is on the list: of two callers at once both
# would find it empty, and the second would take out what the first has brought in.
_BEGINNING = threading.Lock()
# How long to wait for a job that has published its version and has not noted yet that it is over,
# and how often to look.
_ENDING_SECONDS, _AGAIN_SECONDS = 5.0, 0.02


class DraftInTheWay(Refused):
    """There is a draft with rows, or one that is being filled, and one draft at a time."""


def from_file(store: Store, actor: str, dataset_id: int, path: Path, name: str) -> Version:
    """The version that a file's rows go into, in the background; the file is removed after that.

    It is published when they are in it. Raises NotFound, DraftInTheWay, and ImportFailed for a
    file that no row would come of: nobody would learn of it later.
    """
    _has_rows(path)

    def work(job: Job) -> Brought:
        try:
            brought = from_files.add(store, actor, target, path, name, Reading(), job)
        finally:
            with suppress(OSError):
                path.unlink()
        if brought.rows and not brought.stopped:
            store.change(
                lambda cursor: store.datasets.publish(cursor, actor, dataset_id, name)
            ).result()
        return brought

    with _filling(store, actor, dataset_id) as draft:
        target = Opened(dataset_id, draft.number)
        start(store, Asked(FROM_FILE, name, actor, dataset_id, {"name": name}), work)
    return draft


def _has_rows(path: Path) -> None:
    """Raises ImportFailed where none of the first rows comes in."""
    found = from_files.preview(path)
    if not found.rows:
        first = found.refused[0].reason if found.refused else "it has none"
        raise ImportFailed(f"No row of this file would come in: {first}")


def of_requests(
    store: Store, actor: str, dataset_id: int, selection: Selection, choice: Choice
) -> Version:
    """The same with a row for each request. Raises Refused where there is no such request."""
    if not from_logs.first_rows(store.connection, selection, choice, 1):
        raise Refused("No request matches: no version was made.")
    with _filling(store, actor, dataset_id) as draft:
        opened = Opened(dataset_id, draft.number)
        from_logs.start_adding(store, actor, opened, selection, choice, "From the logs")
    return draft


@contextmanager
def _filling(store: Store, actor: str, dataset_id: int) -> Iterator[Version]:
    """An empty draft, for whoever puts a job on the list inside that fills it."""
    with _BEGINNING:
        yield _emptied(store, actor, dataset_id)


def empty_draft(store: Store, actor: str, dataset_id: int) -> Version:
    """A draft without rows. Raises NotFound, DraftInTheWay for one that has some."""
    with _BEGINNING:
        return _emptied(store, actor, dataset_id)


def whole(store: Store, dataset_id: int) -> None:
    """Raises DraftInTheWay while rows come into the draft."""
    latest = time.monotonic() + _ENDING_SECONDS
    while any(not job.is_over and not job.is_lost for job in of_dataset(store, dataset_id)):
        # What published the draft is about to end: who sees its version may send the next file.
        is_published = datasets.draft(store.connection, dataset_id) is None
        if not is_published or time.monotonic() > latest:
            raise DraftInTheWay(
                "Rows are still coming into the dataset's draft: ask again when they are in it."
            )
        time.sleep(_AGAIN_SECONDS)


def _emptied(store: Store, actor: str, dataset_id: int) -> Version:
    def change(cursor: Cursor) -> int:
        return store.datasets.clear(cursor, actor, dataset_id)

    whole(store, dataset_id)
    draft = datasets.draft(store.connection, dataset_id)
    if draft is not None and dataset_reading.count(store.connection, dataset_id, draft.number):
        raise DraftInTheWay(
            "The dataset has a draft with rows, and there is one draft at a time: publish it, or "
            "discard it, first."
        )
    return datasets.required_version(store.connection, dataset_id, store.change(change).result())
