"""The import itself: read in worker processes, stored by the writer, in order, resumable."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from workbench.logs.importing import formats
from workbench.logs.importing.container import BLOCK_BYTES, Block, Container, Position
from workbench.logs.importing.mapping import check
from workbench.logs.importing.reading import Outcome, Plan, read_block
from workbench.logs.importing.record import Context, Counts, ImportFailed
from workbench.logs.importing.refused import RefusedFile
from workbench.logs.importing.sinks import COMMIT_BYTES, COMMIT_ROWS, Sink, StoreSink, Taken
from workbench.logs.importing.state import State, StateFile, fingerprint
from workbench.logs.importing.taking import Origin
from workbench.logs.importing.workers import Workers, workers
from workbench.logs.intake import Sender
from workbench.store.store import Store

# Smaller files are read in this process: starting another one takes longer.
ALONE_BYTES = 4 * 2**20
_TELL_SECONDS = 0.25
_SAVE_SECONDS = 1.0
# Bodies for the API have no size of their own: a block of them takes about this much.
_BODIES_BYTES = 3 * BLOCK_BYTES
_START = Position()


@dataclass(frozen=True, slots=True)
class Progress:
    """rate: rows read a second since the start. fraction: of the file, None where unknown."""

    counts: Counts
    rate: float
    fraction: float | None


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is imported, beside its format.

    name: stands in the origin of the rows ("import:NAME"); the file's name without it.
    mapping: column -> field, for the format "mapped". provider: for rows that name none.
    companion: the other file of a pair. encoding: where the file is no Unicode text.
    zone: of times without one (None: this machine's). base: the time of records in files that
    hold none; the file's own time of change without it. refused: where refused rows are written
    (.jsonl or .csv). state: where the import notes how far it came; without it, it cannot be
    resumed. workers: processes that read; None decides, 0 reads in this one.
    """

    name: str | None = None
    mapping: Mapping[str, str] | None = None
    provider: str = ""
    companion: Path | None = None
    encoding: str | None = None
    zone: tzinfo | None = None
    base: datetime | None = None
    refused: Path | None = None
    state: Path | None = None
    workers: int | None = None


def import_file(
    target: Store | Sink,
    path: Path,
    format_name: str | None = None,
    options: Options | None = None,
    *,
    actor: str,
    progress: Callable[[Progress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Counts:
    """Import a file; importing it again, or after a kill, adds only what is missing.

    format_name: one of `formats.names()`; None detects it. stop: asked often; when it says yes,
    what is under way is stored and the counts say `finished=False`. Raises ImportFailed for a
    file that cannot be read and StoreError where nothing can be stored.
    """
    options = options or Options()
    sink = StoreSink(target) if isinstance(target, Store) else target
    with formats.opened(path, options.encoding) as container:
        if format_name is None:
            mapped = options.mapping is not None
            format_name = formats.MAPPED if mapped else formats.detect(container).format
        plan = plan_of(container, path, format_name, options, actor)
        plan = replace(plan, as_rows=sink.as_rows)
        job = _Job(plan, path, sink, options, progress, stop or (lambda: False))
        return job.run(container)


def plan_of(
    container: Container, path: Path, format_name: str, options: Options, actor: str
) -> Plan:
    """How the file will be read; raises ImportFailed for a format or mapping that is none."""
    if options.companion is not None and not options.companion.is_file():
        raise ImportFailed(f"{options.companion} cannot be read: there is no such file.")
    context = Context(
        provider=options.provider,
        zone=options.zone,
        base=options.base or _changed_at(path),
        mapping=_mapping(container, format_name, options.mapping),
        companion=str(options.companion) if options.companion else None,
    )
    origin = Origin(options.name or path.name, format_name, Sender(actor, options.zone))
    return Plan(format_name, container.decoder(), context, origin)


def _mapping(
    container: Container, format_name: str, given: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    formats.module_of(format_name)
    if format_name != formats.MAPPED:
        return None
    found = formats.detect(container)
    mapping = dict(given) if given is not None else formats.proposed(found)
    check(mapping, found.columns)
    return mapping


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


@dataclass(slots=True)
class _Job:
    plan: Plan
    path: Path
    sink: Sink
    options: Options
    progress: Callable[[Progress], object] | None
    stop: Callable[[], bool]
    state: State = field(default_factory=lambda: State(_START, Counts(), 0))
    _began: float = field(default_factory=time.monotonic)
    _before: int = 0
    _told: float = 0.0
    _saved: float = 0.0

    def run(self, container: Container) -> Counts:
        saved = self._state_file()
        found = saved.read() if saved else None
        if found is not None:
            self.state = found
            self._before = found.counts.read
        with self._refused_file(container) as refused:
            try:
                finished = self._all(container, refused, saved)
            finally:
                if saved is not None:
                    saved.write(self.state)
            if finished and saved is not None:
                saved.write(self.state, finished=True)
        file = str(refused.path) if refused.length and self.options.refused else None
        counts = replace(self.state.counts, finished=finished, refused_file=file)
        self._tell(counts, last=True)
        return counts

    def _all(self, container: Container, refused: RefusedFile, saved: StateFile | None) -> bool:
        """Read and store until the end or until stopped; whether the end was reached."""
        with _reader(self.path, self.plan, self.options.workers) as (reader, at_once):
            # Beside worker processes one commit may be under way while the next one gathers.
            commits = 1 if isinstance(reader, _Alone) else 2
            reading: deque[Future[Outcome]] = deque()
            storing: deque[tuple[Outcome, Callable[[], Taken]]] = deque()
            blocks = container.blocks(self.state.position)
            more = True
            while more or reading or storing:
                while more and len(reading) < at_once:
                    more = not self.stop() and self._submit(reader, blocks, reading)
                if reading:
                    outcome = reading.popleft().result()
                    storing.append((outcome, self.sink.put(outcome)))
                while storing and (not (more or reading) or _is_much(storing, commits)):
                    self._settle(*storing.popleft(), refused, saved)
            return next(blocks, None) is None

    def _submit(
        self,
        reader: _Alone | Workers,
        blocks: Iterator[Block],
        reading: deque[Future[Outcome]],
    ) -> bool:
        block = next(blocks, None)
        if block is not None:
            reading.append(reader.submit(block))
        return block is not None

    def _settle(
        self,
        outcome: Outcome,
        wait: Callable[[], Taken],
        refused: RefusedFile,
        saved: StateFile | None,
    ) -> None:
        """Count a block after its commit, and note that it is done."""
        taken = wait()
        refusals = sorted((*outcome.refused, *taken.refused), key=lambda one: one.place)
        if self.options.refused is not None:
            refused.add(refusals)
        counts = self.state.counts
        skipped = dict(counts.skipped)
        for reason, number in outcome.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + number
        counts = Counts(
            counts.read + outcome.read,
            counts.stored + taken.stored,
            counts.duplicates + taken.duplicates,
            counts.refused + len(refusals),
            skipped,
        )
        self.state = State(outcome.end, counts, refused.length)
        now = time.monotonic()
        if saved is not None and now - self._saved > _SAVE_SECONDS:
            self._saved = now
            saved.write(self.state)
        self._tell(counts)

    def _tell(self, counts: Counts, *, last: bool = False) -> None:
        now = time.monotonic()
        if self.progress is None or not (last or now - self._told > _TELL_SECONDS):
            return
        self._told = now
        rate = (counts.read - self._before) / max(now - self._began, 1e-9)
        self.progress(Progress(counts, rate, 1.0 if counts.finished else self._fraction()))

    def _fraction(self) -> float | None:
        if self._is_parquet():
            return None
        return min(1.0, self.state.position.offset / max(1, self.path.stat().st_size))

    def _is_parquet(self) -> bool:
        return type(self.plan.decoder).__name__ == "ParquetDecoder"

    def _state_file(self) -> StateFile | None:
        if self.options.state is None:
            return None
        mapping = sorted((self.plan.context.mapping or {}).items())
        # Whoever reads it in another way, or under another name, begins anew.
        mark = fingerprint(
            self.path,
            self.plan.format,
            mapping,
            self.plan.origin.name,
            self.options.provider,
            self.options.encoding,
            self.options.companion,
        )
        return StateFile(self.options.state, mark)

    def _refused_file(self, container: Container) -> RefusedFile:
        path = self.options.refused or Path(os.devnull)
        if self.options.refused is None:
            return _Nowhere(container.unit)
        return RefusedFile(path, container.unit, self.state.refused_bytes)


def _is_much(storing: Sequence[tuple[Outcome, Callable[[], Taken]]], commits: int) -> bool:
    """Whether the oldest block is to be waited for, because so many commits wait behind it.

    A commit that is waited for before it is full leaves row groups that are not whole.
    """
    rows = size = 0
    for number, (outcome, _) in enumerate(storing):
        rows += len(outcome.places) if number else 0
        size += outcome.prepared.size if outcome.prepared else 0
        size += _BODIES_BYTES if outcome.bodies else 0
    return rows >= commits * COMMIT_ROWS or size > commits * COMMIT_BYTES


class _Nowhere(RefusedFile):
    """Refused rows are counted and not written."""

    def __init__(self, unit: str) -> None:
        self.path = Path(os.devnull)
        self.length = 0


class _Alone:
    """Reads blocks in this process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def submit(self, block: Block) -> Future[Outcome]:
        done: Future[Outcome] = Future()
        done.set_result(read_block(self._plan, block))
        return done


@contextmanager
def _reader(path: Path, plan: Plan, number: int | None) -> Iterator[tuple[_Alone | Workers, int]]:
    """What reads blocks, and how many are under way at once."""
    if number is None:
        small = path.stat().st_size < ALONE_BYTES
        number = 0 if small else max(1, min(8, os.cpu_count() or 1))
    if number == 0:
        yield _Alone(plan), 1
        return
    with workers(number, plan) as pool:
        yield pool, number * 2
