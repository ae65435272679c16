"""A million requests: what the Logs page asks of the store, DuckDB alone beside it, the browser.

python -m benchmarks.million /tmp/million.duckdb            (made first where it is not there)
python -m benchmarks.million /tmp/million.duckdb --requests 100000 --no-browser

Each question is asked through the workbench's own layers on a quiet store, then while requests come
in over HTTP in the same process, and last as the shortest SQL that answers it by the `duckdb`
package alone on the same file. The figures are medians in milliseconds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import httpx
import uvicorn

from benchmarks.fill import fill
from benchmarks.intake import bodies
from benchmarks.machine import describe, timed
from benchmarks.reading import ANALYST, browser
from benchmarks.searching import anew
from tests.server import application, free_port, store_in_process
from workbench.filters import Filter, parse_text
from workbench.store import facets, requests, search, stats
from workbench.store.connection import Connection
from workbench.store.search import Position
from workbench.store.store import Store

RATE = 200
NEWEST = "SELECT * FROM requests r WHERE {} ORDER BY started_at DESC, id DESC LIMIT 25"
COUNT = "SELECT count(*), sum(cost), sum(input_tokens) FROM requests r WHERE {}"
USER, VIP = "json_extract_string(metadata, '$.user_id') = '42'", "list_contains(tags, 'vip')"
TUESDAY = (
    f"{USER} AND json_extract_string(metadata, '$.language') = 'fr' AND is_tool_call "
    "AND status = 'ERROR' AND started_at BETWEEN "
    "current_date - (((dayofweek(current_date) + 4) % 7 + 1)::INTEGER) AND "
    "current_date - (((dayofweek(current_date) + 4) % 7)::INTEGER)"
)
# No page asks this yet: with the settings of the store, and by DuckDB alone.
BY_MODEL_AND_DAY = (
    "SELECT model, date_trunc('day', started_at) AS day, sum(cost), "
    "sum(input_tokens + output_tokens), quantile_cont(latency_ms, [0.5, 0.95]) "
    "FROM requests WHERE deleted_at IS NULL GROUP BY ALL ORDER BY ALL"
)
NAMES = [
    *(facets.Name(each) for each in (*facets.COLUMNS, facets.TAGS)),
    facets.Name(facets.METADATA, "language"),
]


def _run(connection: Connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement).fetchall()


def questions(store: Store) -> dict[str, Callable[[], object]]:
    connection, now = store.connection, datetime.now(UTC)
    newest = search.page(connection, Filter(), now=now, limit=25)
    middle = search.numbered_page(connection, Filter(), now=now, number=2000, size=25)
    position = Position.of(middle[0]) if middle else None

    def listed(text: str) -> Callable[[], object]:
        chosen = parse_text(text)

        def ask() -> None:
            known = search.newest_id(connection)
            search.page(connection, chosen, now=now, limit=25, up_to=known)
            search.totals(connection, chosen, now=now, up_to=known)

        return ask

    def first(text: str) -> Callable[[], object]:
        return lambda: search.page(
            connection, anew(text), now=now, limit=25, up_to=search.newest_id(connection)
        )

    return {
        "newest page with count and sums": listed(""),
        "page in the middle": lambda: search.page(
            connection, Filter(), now=now, limit=25, position=position
        ),
        "page and count, `metadata.user_id:42`": listed("metadata.user_id:42"),
        "page and count, `tag:vip`": listed("tag:vip"),
        "detail by id": lambda: requests.get(connection, newest.rows[3].id),
        "timeline by day": lambda: stats.timeline(
            connection, Filter(), now=now, width=timedelta(days=1), zone="UTC"
        ),
        "all facets": lambda: facets.facets(connection, Filter(), NAMES, now=now),
        f"page and count, `{ANALYST}`": listed(ANALYST),
        "cost, tokens, p50, p95 by model and day": lambda: _run(connection, BY_MODEL_AND_DAY),
        "first page, a word of every request": first("parcel"),
        "first page, a phrase of every fifth": first('"refund return"'),
        "first page, a word of one request": first("n777777"),
        "a word of none": first("zzzqqq"),
    }


def plain(database: str) -> dict[str, float]:
    """The same asked of DuckDB alone, by the name of the question."""

    def text(word: str) -> str:
        return (
            f"SELECT request_id FROM bodies WHERE contains(input_folded, '{word}') "
            f"OR contains(output_folded, '{word}') ORDER BY started_at DESC LIMIT 25"
        )

    with duckdb.connect(database, read_only=True) as connection:
        one = connection.execute("SELECT id FROM requests LIMIT 1").fetchall()[0][0]
        values = ("status", "model", "provider", "prompt_name", "unnest(tags)")
        asked: dict[str, Sequence[str]] = {
            "newest page with count and sums": [NEWEST.format(True), COUNT.format(True)],
            "page in the middle": [
                "SELECT * FROM requests WHERE started_at < now() - INTERVAL 45 DAY "
                "ORDER BY started_at DESC, id DESC LIMIT 25"
            ],
            "page and count, `metadata.user_id:42`": [NEWEST.format(USER), COUNT.format(USER)],
            "page and count, `tag:vip`": [NEWEST.format(VIP), COUNT.format(VIP)],
            "detail by id": [
                f"SELECT * FROM requests r JOIN bodies b ON b.request_id = r.id WHERE r.id = {one}"
            ],
            "timeline by day": [
                "SELECT time_bucket(INTERVAL 1 DAY, started_at) AS bar, status, count(*) "
                "FROM requests GROUP BY ALL ORDER BY ALL"
            ],
            "all facets": [
                f"SELECT value, count(*) FROM (SELECT {each} AS value FROM requests) GROUP BY ALL "
                "ORDER BY count(*) DESC LIMIT 10"
                for each in values
            ],
            f"page and count, `{ANALYST}`": [NEWEST.format(TUESDAY), COUNT.format(TUESDAY)],
            "cost, tokens, p50, p95 by model and day": [BY_MODEL_AND_DAY],
            "first page, a word of every request": [text("parcel")],
            "first page, a phrase of every fifth": [text("refund return")],
            "first page, a word of one request": [text("n777777")],
            "a word of none": [text("zzzqqq")],
        }

        def ask(statements: Sequence[str]) -> None:
            for each in statements:
                connection.execute(each).fetchall()

        return {name: timed(partial(ask, each), runs=5)[0] for name, each in asked.items()}


def _send(url: str, rate: int, stop: Any, told: Any) -> None:
    """Log so many requests a second until told to end; the number acknowledged comes back."""
    lock, sent = threading.Lock(), [0]
    begun = time.monotonic()

    def loop(seed: int) -> None:
        more = bodies(3000, seed)
        with httpx.Client() as client:
            while not stop.is_set():
                with lock:
                    number = sent[0]
                    sent[0] += 1
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
                body = next(more)
                if number % 5 == 0:
                    # Every fifth request holds the phrase, those that come in as well.
                    body = body.replace(b"Case ", b"A refund return, case ", 1)
                client.post(f"{url}/track-request", content=body).raise_for_status()

    threads = [threading.Thread(target=loop, args=(each + 1,)) for each in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(sent[0] / (time.monotonic() - begun))


@contextmanager
def arriving(rate: int, rates: list[float]) -> Iterator[None]:
    """Requests come in over HTTP meanwhile, from another process; `rates` gets what it was."""
    server = uvicorn.Server(
        uvicorn.Config(application(), port=free_port(), log_level="error", access_log=False)
    )
    serving = threading.Thread(target=server.run)
    serving.start()
    while not server.started:
        time.sleep(0.05)
    context = multiprocessing.get_context("spawn")
    stop, told = context.Event(), context.Queue()
    url = f"http://127.0.0.1:{server.config.port}"
    sender = context.Process(target=_send, args=(url, rate, stop, told))
    sender.start()
    time.sleep(4)
    try:
        yield
    finally:
        stop.set()
        rates.append(told.get(timeout=60))
        sender.join()
        server.should_exit = True
        serving.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("database")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    print(describe())
    if not Path(given.database).exists():
        seconds = fill(given.database, given.requests)
        print(f"\nmade {given.requests:,} requests in {seconds:.0f} s")
    rates: list[float] = []
    # What comes in would change the next run's figures, so it goes into a copy.
    busy_on = Path(given.database).with_suffix(".copy.duckdb")
    with store_in_process(given.database) as store:
        there = search.count(store.connection, Filter(), now=datetime.now(UTC))
        print(f"\n{there:,} requests, {Path(given.database).stat().st_size / 2**30:.1f} GiB\n")
        quiet = {name: timed(ask, runs=given.runs) for name, ask in questions(store).items()}
    shutil.copyfile(given.database, busy_on)
    with store_in_process(str(busy_on)) as store, arriving(RATE, rates):
        busy = {name: timed(ask, runs=given.runs) for name, ask in questions(store).items()}
    busy_on.unlink()
    alone = plain(given.database)
    print(f"| | quiet | 95th percentile | while {rates[0]:.0f} a second come in | DuckDB alone |")
    print("|---|---|---|---|---|")
    for name, (median, high) in quiet.items():
        print(f"| {name} | {median:.0f} | {high:.0f} | {busy[name][0]:.0f} | {alone[name]:.0f} |")
    share = statistics.median(busy[name][0] / quiet[name][0] for name in quiet)
    print(f"\nwith requests coming in: {share:.1f} times as long (median of the questions)")
    if not given.no_browser:
        browser(given.database)


if __name__ == "__main__":
    main()
