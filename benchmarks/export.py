"""Exports of a full store against DuckDB's own COPY of the same rows, by a running server.

python -m benchmarks.export /tmp/full.duckdb             (made by benchmarks.fill; written to)
python -m benchmarks.export /tmp/full.duckdb --only parquet,openai

Each export is asked of the server, and each COPY runs in a process of its own with DuckDB's usual
settings and the same two columns more that an export needs (JSON as JSON). The server's memory is
looked at while it works. What is timed has the machine for itself, as COPY has; the newest page of
the log is asked for in a round of its own after that, while every export runs once more.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import describe, percentile, resident_mb
from tests.server import KEY, Server
from workbench.store.export_columns import COLUMNS, DEFAULT

FILTER = {
    "filter_group": {"filters": [{"field": "provider_type", "operator": "is", "value": "mistral"}]}
}
_SCORES = (
    "(SELECT request_id, list({'name': name, 'value': value, 'actor': actor, 'scored_at': "
    "scored_at} ORDER BY scored_at, name) AS scores FROM scores GROUP BY request_id) s"
)
# What is aimed at: times of COPY, rows a second, and beyond the idle server.
MOST_RATIO, MOST_MB, MOST_PAGE_MS = 1.3, 500, 1000
LEAST_ROWS = {"openai": 20_000, "together": 1_500, "near": 1_500}
ROOM_MB = 2600
_COPY = """
import duckdb, sys, time
database, target, form, select = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"ATTACH '{database}' AS store (READ_ONLY)")
connection.execute("USE store")
connection.execute("SET enable_progress_bar = false")
start = time.perf_counter()
connection.execute(f"COPY ({select}) TO '{target}' (FORMAT {form})")
print(time.perf_counter() - start)
"""


@dataclass
class Watch:
    """What the server's memory and its log page were like meanwhile."""

    server: Server
    asks_pages: bool
    peak_mb: float = 0.0
    answers_ms: list[float] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        assert self.server.process is not None
        for tick in itertools.count():
            self.peak_mb = max(self.peak_mb, resident_mb(self.server.process.pid))
            # Now and then, as somebody who reads the log would.
            if self.asks_pages and tick % 10 == 4:
                start = time.perf_counter()
                call(self.server, "POST", "/api/public/v2/requests/search", {"per_page": 25})
                self.answers_ms.append((time.perf_counter() - start) * 1000)
            if self.done.wait(0.2):
                return


def call(server: Server, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"{server.url}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-API-KEY": KEY, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def select_of(form: str, where: str) -> str:
    """The export's columns as one SELECT."""
    shown = []
    for name in DEFAULT:
        column = COLUMNS[name]
        sql = "to_json(s.scores)::VARCHAR" if name == "scores" else column.sql
        if form == "json" and column.kind == "json":
            sql += "::JSON"
        if column.kind == "time":
            # With their zone, as an export has them.
            sql = f"timezone('UTC', {sql})"
        shown.append(f"{sql} AS {name}")
    return (
        f"SELECT {', '.join(shown)} FROM requests r JOIN bodies b ON b.request_id = r.id "
        f"LEFT JOIN {_SCORES} ON s.request_id = r.id WHERE r.deleted_at IS NULL AND {where}"
    )


def copied(database: str, form: str, where: str) -> float:
    """Seconds of DuckDB's COPY."""
    target = Path(database).with_suffix(f".copy.{form}")
    command = [sys.executable, "-c", _COPY, database, str(target), form, select_of(form, where)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    target.unlink()
    return float(done.stdout)


def make_room(database: str) -> None:
    """Write and remove as much as the largest file has, before each COPY and each export: where a
    machine is a virtual one, pages that its host has to find first cost as much as the rows."""
    path = Path(database).with_suffix(".room")
    with path.open("wb") as file:
        for _ in range(ROOM_MB):
            file.write(bytes(2**20))
    path.unlink()


def exported(
    server: Server, spec: dict[str, Any], *, asks_pages: bool
) -> tuple[float, dict[str, Any], Watch]:
    """Seconds from asking to the files under their names, the export, and what was watched."""
    watch = Watch(server, asks_pages)
    thread = threading.Thread(target=watch.run)
    start = datetime.now(UTC)
    job = call(server, "POST", "/api/workbench/exports", spec)
    thread.start()
    while job["status"] in ("waiting", "running"):
        # As often as a client would: each answer takes of the same two cores.
        time.sleep(0.5)
        job = call(server, "GET", f"/api/workbench/exports/{job['id']}")
    watch.done.set()
    thread.join()
    if job["status"] != "done":
        raise RuntimeError(f"{spec}: {job['status']}: {job['error']}")
    took = (datetime.fromisoformat(job["finished_at"]) - start).total_seconds()
    return took, job, watch


def tables() -> list[tuple[str, str, str, dict[str, Any], str]]:
    """(key, name, DuckDB's format, spec, WHERE)."""
    return [
        ("parquet", "all to Parquet", "parquet", {"format": "parquet"}, "TRUE"),
        ("csv", "all to CSV", "csv", {"format": "csv"}, "TRUE"),
        ("jsonl", "all to JSONL", "json", {"format": "jsonl"}, "TRUE"),
        (
            "fifth",
            "a provider (a fifth) to Parquet",
            "parquet",
            {"format": "parquet", **FILTER},
            "r.provider = 'mistral'",
        ),
        (
            "fifth-csv",
            "the same fifth to CSV",
            "csv",
            {"format": "csv", **FILTER},
            "r.provider = 'mistral'",
        ),
        (
            "fifth-jsonl",
            "the same fifth to JSONL",
            "json",
            {"format": "jsonl", **FILTER},
            "r.provider = 'mistral'",
        ),
    ]


def packs() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        ("openai", "OpenAI fine-tuning, exact duplicates removed", {"format": "openai"}),
        (
            "together",
            "OpenAI, near-duplicates (0.8) kept on one side of the split",
            {
                "format": "openai",
                "tuning": {"validation": 0.1, "together": ["near_duplicates"]},
            },
        ),
        (
            "near",
            "the same with near-duplicates (0.8) and a split by user",
            {
                "format": "openai",
                "tuning": {
                    "near_duplicates": 0.8,
                    "validation": 0.1,
                    "together": ["metadata.user_id"],
                },
            },
        ),
    ]


def aim_of(key: str, ratio: float | None, speed: float, mb: float, page: float | None) -> str:
    """Which aims were met and which were missed."""
    found = []
    if ratio is not None:
        found.append((f"{MOST_RATIO} × COPY", ratio <= MOST_RATIO))
    if key in LEAST_ROWS:
        found.append((f"{LEAST_ROWS[key]:,} rows/s", speed >= LEAST_ROWS[key]))
    found.append((f"{MOST_MB} MB", mb < MOST_MB))
    if page is not None:
        found.append((f"page in {MOST_PAGE_MS:,} ms", page < MOST_PAGE_MS))
    missed = [name for name, is_met in found if not is_met]
    return "met" if not missed else f"missed: {', '.join(missed)}"


@dataclass
class Measured:
    """Seconds of COPY and of the export, and what was watched, a round each."""

    copies: list[float] = field(default_factory=list)
    exports: list[float] = field(default_factory=list)
    beyond_mb: list[float] = field(default_factory=list)
    pages_ms: list[float] = field(default_factory=list)
    rows: int = 0

    def line(self, key: str, name: str) -> str:
        """A line of the table: medians, the most memory, and the page's 95th percentile."""
        took = median(self.exports)
        copy = median(self.copies) if self.copies else None
        # An export that is over before the page was asked for has no answer to tell.
        page = percentile(self.pages_ms, 95) if self.pages_ms else None
        ratio = took / copy if copy else None
        shown = f"{copy:.1f} s | {took:.1f} s | {ratio:.2f}" if copy else f" | {took:.1f} s | "
        speed, beyond = self.rows / took, max(self.beyond_mb)
        told = "" if page is None else f"{page:,.0f} ms"
        aims = aim_of(key, ratio, speed, beyond, page)
        return f"| {name} | {shown} | {speed:,.0f} | {beyond:,.0f} | {told} | {aims} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=3, help="of the tables; packs are timed once")
    given = parser.parse_args()
    only = set(filter(None, given.only.split(",")))
    print(describe())
    wanted = [row for row in tables() if not only or row[0] in only]
    specs = [(key, name, spec) for key, name, _, spec, _ in wanted]
    more = [row for row in packs() if not only or row[0] in only]
    measured = {key: Measured() for key, _, _ in (*specs, *more)}
    for number in range(given.rounds if wanted else 1):
        # COPY and export by turns: what a machine does in a second varies from minute to minute.
        for key, _, form, _, where in wanted:
            make_room(given.database)
            measured[key].copies.append(copied(given.database, form, where))
        measure(given.database, [*specs, *more] if number == 0 else specs, measured)
    measure(given.database, [*specs, *more], measured, asks_pages=True)
    print("\n| | COPY | export | ratio | rows/s | MB beyond idle | log page p95 | aims |")
    print("|---|---|---|---|---|---|---|---|")
    for key, name, _ in (*specs, *more):
        print(measured[key].line(key, name))


def measure(
    database: str,
    rows: list[tuple[str, str, dict[str, Any]]],
    measured: dict[str, Measured],
    *,
    asks_pages: bool = False,
) -> None:
    """Ask a new server for every export; for pages of the log meanwhile, without timing it."""
    server = Server(database).start()
    assert server.process is not None
    try:
        time.sleep(3)
        idle = resident_mb(server.process.pid)
        print(f"\nidle memory of the server: {idle:,.0f} MB", flush=True)
        for key, name, spec in rows:
            make_room(database)
            took, job, watch = exported(server, spec, asks_pages=asks_pages)
            found = measured[key]
            if not asks_pages:
                found.exports.append(took)
            found.beyond_mb.append(watch.peak_mb - idle)
            found.pages_ms += watch.answers_ms
            found.rows = job["rows_expected"]
            told = " while pages of the log are asked for" if asks_pages else ""
            print(f"{name}: {took:.1f} s{told}", flush=True)
            call(server, "DELETE", f"/api/workbench/exports/{job['id']}")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
