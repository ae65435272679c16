"""A fine-tuning pack: training and validation files, the list of what was left out, the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from workbench.export.ahead import ahead
from workbench.export.hashing_file import HashingFile
from workbench.export.masking.masker import Masker
from workbench.export.output import Output, WrittenFile
from workbench.export.sources import AnySnapshot
from workbench.export.spec import Spec
from workbench.export.tables.writing import Written
from workbench.export.tuning import near, reasons, report
from workbench.export.tuning.candidates import Candidates
from workbench.export.tuning.dataset_rows import DatasetRows
from workbench.export.tuning.minhash import MinHash
from workbench.export.tuning.near import Signatures
from workbench.export.tuning.pairs import PAIRS, PAIRS_FILE, check_pairs, paired_lines, write_pairs
from workbench.export.tuning.request_rows import RequestRows
from workbench.export.tuning.split import VALIDATION, components, sides
from workbench.export.tuning.staging_rows import Reader
from workbench.export.tuning_options import NEAR
from workbench.store import allocator
from workbench.store.export_datasets import DatasetSnapshot
from workbench.store.export_staging import Staging

LEFT_OUT = "left-out.jsonl"
#: Files of a pack that say something of it and are not trained on.
BESIDE = (PAIRS_FILE, LEFT_OUT)
Tell = Callable[[str, int], None]
_SPOOL = ".spool"
# What the process may have beside DuckDB's memory while rows become examples: less than a table's
# export has, which writes as quickly as it reads and would wait for new pages.
_BESIDE_BYTES = 400 * 2**20


def write_pack(
    spec: Spec,
    snapshot: AnySnapshot,
    output: Output,
    masker: Masker | None,
    tell: Tell,
    *,
    first: int | None = None,
    watch: Callable[[Staging], object] | None = None,
) -> Written:
    """`tell` is called with (stage, rows so far); it may raise to stop.

    first: make it of no more rows than this. watch: called with what runs statements of its
    own for long, so that it can be interrupted too.
    """
    spool = output.path(_SPOOL)
    with Staging(snapshot.connection) as staging:
        if watch is not None:
            watch(staging)
        reader = _read(spec, snapshot, staging, spool, masker)
        # What one step leaves behind is given back before the next one asks for as much.
        _stage(reader, snapshot, first, tell)
        allocator.give_back()
        with allocator.zeroed_memory():
            limit = _decide(spec, snapshot, staging, tell)
            allocator.give_back()
            if spec.pairs_requests:
                check_pairs(spec, staging, spool)
            _split(spec, staging)
        allocator.give_back()
        files, numbers = _write(spec, staging, spool, output, tell)
        if spec.pairs_requests:
            files.append(write_pairs(spec, staging, output))
        files.append(_write_left_out(staging, output))
        told = {**report.of(spec, staging, numbers, limit), **reader.rows.told}
    spool.unlink()
    read = [{"name": column.name, "kind": column.kind} for column in reader.rows.columns]
    return Written(files, sum(numbers.examples), {"fine_tuning": told, "columns": read})


def _read(
    spec: Spec, snapshot: AnySnapshot, staging: Staging, spool: Path, masker: Masker | None
) -> Reader:
    threshold = spec.tuning.likeness
    signatures = None
    if threshold is not None and not spec.pairs_requests:
        signatures = Signatures(staging, spec.tuning.seed, threshold)
    rows: Candidates
    if isinstance(snapshot, DatasetSnapshot):
        rows = DatasetRows(spec, snapshot)
    else:
        rows = RequestRows(spec, with_metadata=masker is not None and bool(masker.name_fields))
    return Reader(spec, rows, staging, spool, masker, signatures)


def _stage(reader: Reader, snapshot: AnySnapshot, first: int | None, tell: Tell) -> None:
    """Note every row's facts, and write the lines of those that are fit to the spool."""
    done = 0
    bound = allocator.Bound(snapshot.connection.settings.memory_bytes + _BESIDE_BYTES)
    try:
        for table in ahead(snapshot.tables(reader.rows.columns, lists_as_text=True, first=first)):
            reader.take(table)
            done += table.num_rows
            tell("reading", done)
            bound.passed(table.nbytes)
    finally:
        reader.close()


def _decide(spec: Spec, snapshot: AnySnapshot, staging: Staging, tell: Tell) -> int | None:
    """Leave out duplicates and what a class has too much of; the limit of a class."""
    tuning = spec.tuning
    if spec.pairs_requests:
        PAIRS[tuning.pairs](spec, staging, snapshot.connection)
        return None
    if tuning.duplicates:
        staging.mark_duplicates(reasons.DUPLICATE)
    threshold = tuning.likeness
    if threshold is not None:
        staging.forget_left_out()
        minhash = MinHash(tuning.seed, threshold)
        near.find(staging, minhash, threshold, lambda band: tell("comparing", band))
        if tuning.near_duplicates is not None:
            staging.mark_twins(reasons.NEAR_DUPLICATE, near.twins(staging, snapshot.rows))
    if tuning.balance_by is None:
        return None
    return staging.balance(reasons.BALANCED, tuning.balance_to, tuning.seed)


def _split(spec: Spec, staging: Staging) -> None:
    if spec.tuning.split == "own":
        staging.hold_back(VALIDATION)
    if not spec.tuning.validation:
        return
    rows, ids = staging.units(pairs=spec.pairs_requests)
    owners, keys = staging.rows_of_keys(pairs=spec.pairs_requests)
    owners = np.searchsorted(rows, owners)
    if NEAR in spec.tuning.together:
        alike, more = near.edge_keys(staging, rows)
        owners = np.concatenate([owners, alike])
        keys = np.concatenate([keys, more + (int(keys.max()) + 1 if len(keys) else 0)])
    labels = components(len(rows), owners, keys)
    found = sides(labels, ids, spec.tuning.validation, spec.tuning.seed)
    held = rows[found == VALIDATION]
    values = [pa.array(held), pa.array(np.full(len(held), VALIDATION, dtype=np.int32))]
    staging.insert("sides", pa.table(values, ["n", "side"]))


def _write(
    spec: Spec, staging: Staging, spool: Path, output: Output, tell: Tell
) -> tuple[list[WrittenFile], report.Numbers]:
    """The files that are trained on and validated with; an empty validation file is not written."""
    names = [f"{spec.name}-train{spec.entry.suffix}"]
    if spec.tuning.holds_back:
        names.append(f"{spec.name}-validation{spec.entry.suffix}")
    files = [HashingFile(output.path(name)) for name in names]
    numbers = report.Numbers([0] * len(names), [0] * len(names), [0] * len(names))
    image = spec.entry.load().IMAGE
    lines = paired_lines(spec, staging, spool) if spec.pairs_requests else _lines(staging, spool)
    try:
        for at, (held, sizes, tokens) in enumerate(lines):
            for side, file in enumerate(files):
                file.write(b"".join(held[side]))
                numbers.examples[side] += sizes[side]
                numbers.tokens[side] += tokens[side]
                # As JSON it is found in no text: quotes are escaped there.
                if image:
                    numbers.with_images[side] += sum(image in line for line in held[side])
            if at % 8 == 0:
                tell("writing", sum(numbers.examples))
    finally:
        for file in files:
            file.close()
    numbers.bytes += [file.size for file in files]
    facts = zip(names, files, numbers.examples, strict=True)
    return [WrittenFile(n, f.size, f.sha256, rows) for n, f, rows in facts], numbers


Lines = tuple[list[list[bytes]], list[int], list[int]]


def _lines(staging: Staging, spool: Path) -> Iterator[Lines]:
    """Lines of some examples by side, with their numbers and tokens."""
    with spool.open("rb") as file:
        for batch in staging.lines():
            held: list[list[bytes]] = [[], []]
            tokens = [0, 0]
            columns = (batch.column(i).to_pylist() for i in range(4))
            for start, size, number, side in zip(*columns, strict=True):
                if file.tell() != start:
                    file.seek(start)
                held[side].append(file.read(size))
                tokens[side] += number
            yield held, [len(each) for each in held], tokens


def _write_left_out(staging: Staging, output: Output) -> WrittenFile:
    """A line for each row that is in no file: the reason, and which one it is a twin of."""
    file = HashingFile(output.path(LEFT_OUT))
    rows = 0
    try:
        for batch in staging.left_out():
            lines = []
            for row in batch.to_pylist():
                told: dict[str, Any] = {"id": row["id"], "reason": row["reason"]}
                if row["detail"]:
                    told["detail"] = row["detail"]
                if row["twin"] is not None:
                    told |= {"twin": row["twin"], "likeness": round(row["likeness"], 3)}
                lines.append(orjson.dumps(told) + b"\n")
            file.write(b"".join(lines))
            rows += len(lines)
    finally:
        file.close()
    return WrittenFile(LEFT_OUT, file.size, file.sha256, rows)
