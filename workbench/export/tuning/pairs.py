"""Preference pairs: two answers to one input, read back from the spool and put together."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from workbench.export.hashing_file import HashingFile
from workbench.export.output import Output, WrittenFile
from workbench.export.spec import Spec
from workbench.export.tuning import reasons
from workbench.store.connection import Connection
from workbench.store.export_staging import BROKEN, Staging
from workbench.store.playground_votes import preference_pairs

PAIRS_FILE = "pairs.jsonl"
_GIVEN = pa.schema([("preferred", pa.int64()), ("other", pa.int64())])


def _by_score(spec: Spec, staging: Staging, _connection: Connection) -> None:
    staging.pair_by_score(reasons.NO_SCORE, reasons.NO_PAIR, spec.tuning.min_gap)


def _by_votes(_spec: Spec, staging: Staging, connection: Connection) -> None:
    preferred, other = array("q"), array("q")
    for one, another in preference_pairs(connection):
        preferred.append(one)
        other.append(another)
    given = pa.table({"preferred": pa.array(preferred), "other": pa.array(other)}, schema=_GIVEN)
    staging.pair_given(reasons.NO_VOTE, reasons.NO_PAIR, given)


#: Where pairs come from, by `Tuning.pairs`. Each puts them among the staging's pairs and leaves out
#: what has none; those that people chose are for `Staging.pair_given`.
PAIRS: dict[str, Callable[[Spec, Staging, Connection], None]] = {
    "scores": _by_score,
    "votes": _by_votes,
}


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
    staging.drop_pairs(reasons.INVALID, pa.Table.from_batches(broken, BROKEN))


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


def write_pairs(spec: Spec, staging: Staging, output: Output) -> WrittenFile:
    """A line for each pair: which requests it is of, their scores, and its side of the split."""
    file = HashingFile(output.path(PAIRS_FILE))
    rows = 0
    try:
        for batch in staging.pair_lines():
            told = []
            for row in batch.to_pylist():
                found = {"preferred": row["id"], "other": row["other_id"]}
                if spec.tuning.pairs == "scores":
                    found |= {
                        "score": spec.tuning.score,
                        "preferred_score": row["score"],
                        "other_score": row["other_score"],
                    }
                found["side"] = "validation" if row["side"] else "training"
                told.append(orjson.dumps(found) + b"\n")
            file.write(b"".join(told))
            rows += len(told)
    finally:
        file.close()
    return WrittenFile(PAIRS_FILE, file.size, file.sha256, rows)


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
