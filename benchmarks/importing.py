"""How many rows a second an import brings into a DuckDB file, end to end.

    python -m benchmarks.importing                         neutral JSONL, 50,000 rows of about 3 KB
    python -m benchmarks.importing --kinds jsonl csv parquet --rows 200000 --workers 2
    python -m benchmarks.importing --http                  through the bulk route of a server

Writes a file, imports it into a new store, imports it again (nothing is new then), and says how
much processor time a row took in this process (cutting and storing, or sending) and in those that
read. What the server of `--http` takes is not among them.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.logs.importing.job import Options, import_file
from workbench.logs.importing.record import Counts
from workbench.logs.importing.remote import ServerSink
from workbench.logs.importing.sinks import Sink
from workbench.logs.importing.taking import Origin
from workbench.logs.intake import Sender
from workbench.settings import Settings
from workbench.store.store import Store

_WORDS = (
    "the order was shipped on Monday and should reach you within three working days please check "
    "your tracking number if the parcel does not arrive we send a replacement bitte danke colis"
).split()
_MODELS = (("openai", "gpt-4o-mini"), ("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5"))
_STEPS = 2_000_000


def rows(number: int, size: int) -> Iterator[dict[str, Any]]:
    """Neutral records of about `size` bytes as JSON; each is distinct."""
    make = random.Random(11)
    words = max(20, (size - 500) // 6)
    for each in range(number):
        said = " ".join(make.choices(_WORDS, k=words))
        cut = len(said) * 2 // 3
        provider, model = make.choice(_MODELS)
        yield {
            "id": f"r{each}",
            "provider": provider,
            "model": model,
            "input": [
                {"role": "system", "content": "You are the support desk of a web shop."},
                {"role": "user", "content": f"Case {each}: {said[:cut]}"},
            ],
            "output": said[cut:],
            "started_at": 1_767_000_000 + make.random() * 7_776_000,
            "latency_ms": round(make.lognormvariate(7, 0.8)),
            "input_tokens": make.randint(100, 3000),
            "output_tokens": make.randint(10, 800),
            "tags": ["prod"],
            "metadata": {"user_id": f"u{each % 997}", "session_id": f"s{each // 7}"},
        }


def write(kind: str, path: Path, number: int, size: int) -> None:
    if kind == "jsonl":
        with path.open("wb") as file:
            for row in rows(number, size):
                file.write(orjson.dumps(row) + b"\n")
        return
    flat = ({name: _cell(value) for name, value in row.items()} for row in rows(number, size))
    if kind == "csv":
        first = next(flat)
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, list(first))
            writer.writeheader()
            writer.writerow(first)
            writer.writerows(flat)
        return
    part = [row for _, row in zip(range(5000), flat, strict=False)]
    with pq.ParquetWriter(path, pa.Table.from_pylist(part).schema) as parquet:
        while part:
            parquet.write_table(pa.Table.from_pylist(part))
            part = [row for _, row in zip(range(5000), flat, strict=False)]


def _cell(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


@dataclass(frozen=True, slots=True)
class Run:
    """seconds: by the clock. here, there: seconds of processor time of this process and others."""

    counts: Counts
    seconds: float
    here: float
    there: float


def measured(target: Store | Sink, path: Path, workers: int | None) -> Run:
    began, before = time.perf_counter(), os.times()
    counts = import_file(target, path, "neutral", Options(workers=workers), actor="benchmark")
    after = os.times()
    here = after.user + after.system - before.user - before.system
    there = after.children_user + after.children_system - before.children_user
    return Run(counts, time.perf_counter() - began, here, there - before.children_system)


@contextmanager
def target_of(folder: str, *, over_http: bool) -> Iterator[Store | Sink]:
    """A new store of this process, or the API of a server that has one."""
    database = str(Path(folder) / "store.duckdb")
    if not over_http:
        store = Store(Settings(database=database))
        try:
            yield store
        finally:
            store.close()
        return
    from tests.server import running

    with running(database) as server:
        origin = Origin("benchmark", "neutral", Sender("benchmark", None))
        sink = ServerSink(server.url, server.key, origin)
        try:
            yield sink
        finally:
            sink.close()


def pace() -> float:
    """Seconds of a fixed piece of Python: tells a busy machine from an idle one."""
    began, total = time.perf_counter(), 0
    for each in range(_STEPS):
        total += each
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--kinds", nargs="+", default=["jsonl"], choices=["jsonl", "csv", "parquet"]
    )
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--bytes", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--http", action="store_true", help="through the bulk route of a server")
    given = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, "
        f"load {load:.1f}, {_STEPS // 10**6} million steps in {pace():.2f} s\n"
    )
    print("| file | rows | MB | rows/s | µs a row here | µs a row in workers | again rows/s |")
    print("|---|---|---|---|---|---|---|")
    lost = 0
    for kind in given.kinds:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"rows.{kind}"
            write(kind, path, given.rows, given.bytes)
            with target_of(folder, over_http=given.http) as target:
                run = measured(target, path, given.workers)
                again = measured(target, path, given.workers)
            size = path.stat().st_size / 1e6
        lost += given.rows - run.counts.stored + again.counts.stored
        print(
            f"| {kind} | {given.rows:,} | {size:,.0f} | {given.rows / run.seconds:,.0f} | "
            f"{run.here / given.rows * 1e6:.0f} | {run.there / given.rows * 1e6:.0f} | "
            f"{given.rows / again.seconds:,.0f} |"
        )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
