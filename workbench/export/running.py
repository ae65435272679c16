"""One export from beginning to end: snapshot, files, manifest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from workbench.export.bucket import Bucket
from workbench.export.manifest import manifest_of
from workbench.export.masking.masker import Masker
from workbench.export.masking.patterns import saved
from workbench.export.output import MANIFEST, Output
from workbench.export.sources import AnySnapshot, check_columns, snapshot_of
from workbench.export.spec import Masking, Spec
from workbench.export.tables.writing import Written, write_table
from workbench.store.connection import Connection
from workbench.store.errors import Refused
from workbench.store.export_parts import Interrupted


class Stopped(Exception):
    """It was asked to stop. Nothing of it is left."""


@dataclass(frozen=True, slots=True)
class Progress:
    """stage: what is being done, in a word. done, total: in requests; total is None at first."""

    stage: str
    done: int = 0
    total: int | None = None


class Interruptible(Protocol):
    """What runs statements of the store for long."""

    def interrupt(self) -> None:
        """Stop it, from any thread: it raises Interrupted."""


class Control:
    """What a running export tells, and how it is stopped. Safe to use from any thread."""

    def __init__(self) -> None:
        self.progress = Progress("selecting")
        self._stopped = threading.Event()
        self._watched: list[Interruptible] = []

    def stop(self) -> None:
        self._stopped.set()
        for each in list(self._watched):
            each.interrupt()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def watch(self, running: Interruptible) -> None:
        """Interrupt this too when it is to stop. Raises Stopped."""
        self._watched.append(running)
        self.check()

    def forget(self) -> None:
        """Nothing of what is watched runs any more."""
        self._watched.clear()

    def check(self) -> None:
        """Raises Stopped."""
        if self._stopped.is_set():
            raise Stopped

    def tell(self, stage: str, done: int, total: int | None) -> None:
        """Note how far it is. Raises Stopped."""
        self.progress = Progress(stage, done, total)
        self.check()


@dataclass(frozen=True, slots=True)
class Finished:
    """rows: written in all. size: bytes of all files."""

    manifest: dict[str, Any]
    rows: int
    size: int


def run(
    connection: Connection,
    spec: Spec,
    output: Output,
    *,
    id_: int,
    now: datetime,
    control: Control,
    begun: Callable[[AnySnapshot], None] | None = None,
    bucket: Bucket | None = None,
) -> Finished:
    """Write the export's files and give them their names. Nothing is left where this raises.

    now: from where relative times count back. begun: called when the snapshot is taken. bucket:
    where they go too, if the spec asks for it. Raises Stopped, FieldError (a column is not there),
    Refused (the format cannot take it, or there is no bucket), StoreError, OSError.
    """
    try:
        if spec.bucket and bucket is None:
            raise Refused("There is no bucket for exports: WORKBENCH_EXPORT_BUCKET names one.")
        check_columns(connection, spec)
        with snapshot_of(connection, spec, now=now, started=control.watch) as snapshot:
            try:
                if begun is not None:
                    begun(snapshot)
                masker = masker_of(connection, spec.masking)
                written = _write(spec, snapshot, output, masker, control)
                control.check()
                manifest = manifest_of(
                    spec,
                    snapshot,
                    id_=id_,
                    now=now,
                    files=written.files,
                    written=written.rows,
                    masker=masker,
                    more=written.more,
                )
            finally:
                control.forget()
        size = output.finish(manifest, _sending(spec, bucket, manifest, id_, control))
    except Interrupted:
        output.discard()
        raise Stopped from None
    except BaseException:
        output.discard()
        raise
    return Finished(manifest, written.rows, size)


def _sending(
    spec: Spec, bucket: Bucket | None, manifest: dict[str, Any], id_: int, control: Control
) -> Callable[[Path], object] | None:
    """What puts the files into the bucket; the manifest goes last and says that all are there."""
    if not spec.bucket or bucket is None:
        return None
    manifest["bucket"] = bucket.place(id_)
    names = [*(file["name"] for file in manifest["files"]), MANIFEST]

    def send(folder: Path) -> None:
        control.tell("sending", 0, None)
        bucket.put(folder, id_, names, control.check)

    return send


def _write(
    spec: Spec, snapshot: AnySnapshot, output: Output, masker: Masker | None, control: Control
) -> Written:
    total = snapshot.rows
    if spec.is_table:
        return write_table(
            spec, snapshot, output, masker, lambda done: control.tell("writing", done, total)
        )
    from workbench.export.tuning.pack import write_pack

    return write_pack(
        spec,
        snapshot,
        output,
        masker,
        lambda stage, done: control.tell(stage, done, total),
        watch=control.watch,
    )


def masker_of(connection: Connection, masking: Masking | None) -> Masker | None:
    """What masks as the spec says; None where nothing is to be masked."""
    if masking is None:
        return None
    patterns = saved(connection) if masking.patterns else ()
    return Masker(masking.detectors, patterns, masking.name_fields)
