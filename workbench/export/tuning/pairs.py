"""Preference pairs: two answers to one input, read back from the spool and put together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from workbench.export.spec import Spec
from workbench.export.tuning.reasons import INVALID
from workbench.store.export_staging import BROKEN, Staging


def check_pairs(spec: Spec, staging: Staging, spool: Path) -> None:
    """Leave out pairs that break a rule of the format."""
    format_ = spec.entry.load()()
    # As Arrow, in which a million of them are a few megabytes: the staging tables take none while
    # they are being read.
    broken: list[pa.RecordBatch] = []
    with spool.open("rb") as file:
        for batch in staging.pair_lines():
            found: list[dict[str, Any]] = []
            for row in batch.to_pylist():
                problem = format_.problem(_pair(format_, file, row))
                if problem is not None:
                    found.append({"n": row["n"], "other": row["other"], "detail": problem})
            broken.append(pa.RecordBatch.from_pylist(found, BROKEN))
    staging.drop_pairs(INVALID, pa.Table.from_batches(broken, BROKEN))


def paired_lines(
    spec: Spec, staging: Staging, spool: Path
) -> Iterator[tuple[list[list[bytes]], list[int], list[int]]]:
    """Lines by side, with their numbers and tokens."""
    format_ = spec.entry.load()()
    with spool.open("rb") as file:
        for row in _rows(staging):
            held: list[list[bytes]] = [[], []]
            tokens = [0, 0]
            held[row["side"]].append(orjson.dumps(_pair(format_, file, row)) + b"\n")
            tokens[row["side"]] = row["tokens"]
            yield held, [len(each) for each in held], tokens


def _rows(staging: Staging) -> Iterator[dict[str, Any]]:
    for batch in staging.pair_lines():
        yield from batch.to_pylist()


def _pair(format_: Any, file: BinaryIO, row: dict[str, Any]) -> dict[str, Any]:
    halves = []
    for start, size in (("start", "size"), ("other_start", "other_size")):
        file.seek(row[start])
        halves.append(orjson.loads(file.read(row[size])))
    found: dict[str, Any] = format_.pair(*halves)
    return found
