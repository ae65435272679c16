"""How fast evaluations run, and how fast large grids are shown.

    python -m benchmarks.evaluations
    python -m benchmarks.evaluations --only model --cells 10000 --at-once 64

model: cells of a prompt column against a Starlette process of our own that answers after 100 ms,
beside the package `openai` making the same calls; the ideal is cells / at-once * 0.1 s, the bound
1.25 times that. quick: cells of regular expressions and JSON paths, bound 20 s for 50,000. grid: a
grid of 100,000 rows opened, sorted and filtered, bound 1 s each. Everything goes through the store
and the runner as in a server. Memory is the process's largest.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from benchmarks.machine import describe, timed
from workbench import garbage
from workbench.evals import grid_reading, grids, running
from workbench.evals.grid_reading import Condition, Sort
from workbench.evals.grids import NewColumn
from workbench.store import clock
from workbench.store.connection import Cursor
from workbench.store.store import Store

LATENCY_SECONDS = 0.1
MODEL = "gpt-4o-mini"
ACTOR = "benchmark"
QUESTION = "Where is my order {x}? It was to come yesterday, and nobody can tell me where it is. "


def serve(told: Connection) -> None:
    """Answers every chat completion after LATENCY_SECONDS; tells its port."""
    import socket

    import uvicorn
    import uvloop
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    head = {"id": "c", "created": 1, "model": MODEL}
    usage = {"prompt_tokens": 130, "completion_tokens": 20, "total_tokens": 150}
    text = "Your parcel is on its way and comes tomorrow. " * 2
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = orjson.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
    chunk = {**head, "object": "chat.completion.chunk"}
    deltas: list[Any] = [({"content": word + " "}, None) for word in text.split()]
    pieces = [
        {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in [*deltas, ({}, "stop")]
    ]
    pieces.append({**chunk, "choices": [], "usage": usage})
    stream = b"".join(b"data: " + orjson.dumps(piece) + b"\n\n" for piece in pieces)
    stream += b"data: [DONE]\n\n"

    async def answer(request: Request) -> Response:
        body = orjson.loads(await request.body())
        await asyncio.sleep(LATENCY_SECONDS)
        if body.get("stream"):
            return Response(stream, media_type="text/event-stream")
        return Response(whole, media_type="application/json")

    application = Starlette(routes=[Route("/v1/chat/completions", answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told.send(listener.getsockname()[1])
        config = uvicorn.Config(application, log_level="warning", access_log=False, ws="none")
        # As the workbench itself is served: on asyncio's own loop this socket keeps Nagle's
        # algorithm, and each answer on a kept connection comes 40 ms late.
        uvloop.run(uvicorn.Server(config).serve(sockets=[listener]))


def package(url: str, cells: int, at_once: int) -> float:
    """Seconds that the package `openai` alone takes."""
    from openai import AsyncOpenAI

    async def main() -> None:
        places = asyncio.Semaphore(at_once)
        async with AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as client:

            async def one(number: int) -> None:
                text: Any = [{"role": "user", "content": QUESTION.format(x=number) * 5}]
                async with places:
                    await client.chat.completions.create(model=MODEL, messages=text)

            await asyncio.gather(*(one(number) for number in range(cells)))

    import uvloop

    start = time.perf_counter()
    uvloop.run(main())
    return time.perf_counter() - start


def add_dataset(store: Store, rows: int, value: Callable[[int], Mapping[str, Any]]) -> int:
    """A published version of rows with the values of `value`."""
    id_, now = store.make_id(), clock.now()
    columns = orjson.dumps(
        [{"name": name, "type": "text", "role": "input"} for name in value(0)]
    ).decode()

    def begin(cursor: Cursor) -> None:
        cursor.execute(
            "INSERT INTO datasets VALUES (?, 'cases', '', ?, ?, ?, ?, ?, NULL, NULL)",
            [id_, rows + 1, ACTOR, now, ACTOR, now],
        )
        cursor.execute(
            "INSERT INTO dataset_versions VALUES (?, ?, 1, ?, '', NULL, ?, ?, ?, ?)",
            [store.make_id(), id_, columns, rows, ACTOR, now, now],
        )

    store.change(begin).result()
    for start in range(0, rows, 10_000):
        numbers = range(start + 1, min(start + 10_000, rows) + 1)
        texts = [orjson.dumps(dict(value(number))).decode() for number in numbers]
        store.change(
            lambda cursor, numbers=numbers, texts=texts: cursor.execute(  # type: ignore[misc]
                "INSERT INTO dataset_rows (dataset_id, id, since, until, value, split, tags, "
                "source_request, digest) SELECT ?, unnest(?::BIGINT[]), 1, NULL, "
                "unnest(?::VARCHAR[]), NULL, [], NULL, uuid()",
                [id_, list(numbers), texts],
            )
        ).result()
    return id_


def make(store: Store, dataset: int, columns: Sequence[NewColumn], at_once: int) -> int:
    return grids.create(
        store, ACTOR, "Benchmark", dataset_id=dataset, columns=columns, concurrency=at_once
    )[1]


def run_to_end(store: Store, run_id: int) -> tuple[float, float]:
    """Real and processor's seconds until everything is at its end."""
    real, processor = time.perf_counter(), time.process_time()
    running.start(store, ACTOR, run_id)
    while True:
        found = running.progress(store, run_id)
        if found.state != "running" and not found.is_here:
            break
        time.sleep(0.25)
    used = time.perf_counter() - real, time.process_time() - processor
    if found.state != "done" or found.counts.failed:
        raise SystemExit(f"it did not go well: {found}")
    return used


def model(store: Store, url: str, cells: int, at_once: int) -> None:
    ideal = cells / at_once * LATENCY_SECONDS
    bare = package(url, cells, at_once)
    # As the server does.
    garbage.begin()
    dataset = add_dataset(store, cells, lambda n: {"question": QUESTION.format(x=n) * 5})
    inline = {
        "inline": True,
        "prompt_template": {
            "type": "chat",
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "{question}"}],
                    "template_format": "f-string",
                }
            ],
        },
        "metadata": {"model": {"provider": "openai", "name": MODEL, "parameters": {}}},
    }
    mapping = {"question": "question"}
    spec = {"inline_template": inline, "prompt_template_variable_mappings": mapping}
    columns = [NewColumn("answer", "PROMPT_TEMPLATE", spec)]
    warm = make(store, add_dataset(store, 64, lambda _: {"question": "?"}), columns, at_once)
    run_to_end(store, warm)
    real, processor = run_to_end(store, make(store, dataset, columns, at_once))
    print(
        f"{cells:,} model cells, {at_once} at once: ideal {ideal:.1f} s; package {bare:.1f} s "
        f"({bare / ideal:.2f}); runner {real:.1f} s ({real / ideal:.2f}), "
        f"{processor * 1000 / cells:.2f} ms of the processor a cell"
    )


def quick(store: Store, cells: int) -> None:
    rows = cells // 2
    dataset = add_dataset(
        store, rows, lambda n: {"answer": orjson.dumps({"order": n, "text": "on its way"}).decode()}
    )
    regex = {"source": "answer", "regex_pattern": r"\bway\b"}
    path = {"source": "answer", "json_path": "$.order"}
    columns = [NewColumn("way", "REGEX", regex), NewColumn("order", "JSON_PATH", path)]
    real, processor = run_to_end(store, make(store, dataset, columns, 16))
    print(
        f"{cells:,} quick cells: {real:.1f} s, {cells / real:,.0f} a second, "
        f"{processor * 1000 / cells:.2f} ms of the processor a cell"
    )


def grid(store: Store, rows: int) -> None:
    dataset = add_dataset(
        store, rows, lambda n: {"question": QUESTION.format(x=n), "expected": f"Order {n % 977}"}
    )
    compare = {"source": "question", "regex_pattern": "7"}
    extract = {"source": "question", "regex_pattern": r"\d+"}
    columns = [
        NewColumn("number", "REGEX_EXTRACTION", extract),
        NewColumn("seven", "REGEX", compare),
        NewColumn("length", "COUNT", {"source": "expected", "type": "chars"}),
    ]
    run_id = make(store, dataset, columns, 16)
    real, _ = run_to_end(store, run_id)
    print(f"{3 * rows:,} quick cells of the large grid: {real:.1f} s")
    contains = Condition(column="number", operator="contains", text="77")
    ways: dict[str, Callable[[], object]] = {
        "opened": lambda: grid_reading.page(store, run_id),
        "last page": lambda: grid_reading.page(store, run_id, offset=rows - 50),
        "sorted on a computed column": lambda: grid_reading.page(
            store, run_id, sort=Sort(field="value", column="number", descending=True)
        ),
        "sorted on an input": lambda: grid_reading.page(
            store, run_id, sort=Sort(field="value", column="expected")
        ),
        "filtered on a computed text": lambda: grid_reading.page(store, run_id, where=[contains]),
        "filtered on an input": lambda: grid_reading.page(
            store, run_id, where=[Condition(column="expected", text="order 97")]
        ),
        "filtered on a verdict, sorted": lambda: grid_reading.page(
            store,
            run_id,
            where=[Condition(field="passed", column="seven", text="true")],
            sort=Sort(field="value", column="length"),
        ),
        "searched in all values": lambda: grid_reading.page(
            store, run_id, where=[Condition(field="any", text="order 4711")]
        ),
        "summaries": lambda: grid_reading.summaries(store, run_id),
        "score": lambda: grid_reading.score(store, run_id),
        "progress": lambda: running.progress(store, run_id),
    }
    for name, way in ways.items():
        middle, late = timed(way, runs=5)
        print(f"{rows:,} rows, {name}: {middle:.0f} ms, at worst {late:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluations", description=__doc__)
    parser.add_argument("--only", choices=["model", "quick", "grid"])
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--quick", type=int, default=50_000)
    parser.add_argument("--rows", type=int, default=100_000)
    given = parser.parse_args()
    print(describe())
    print(f"load {os.getloadavg()[0]:.1f} when started")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/v1"
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "OPENAI_API_KEY": "k-0123456789",
            "OPENAI_BASE_URL": url,
            "WORKBENCH_DATABASE": str(Path(folder) / "b.duckdb"),
            "WORKBENCH_MODEL_CONCURRENCY": str(given.at_once),
        }
        from workbench.evals.runner import close_runners
        from workbench.providers.host import close_host
        from workbench.store.store import close_store, open_store

        store = open_store()
        if given.only in (None, "model"):
            model(store, url, given.cells, given.at_once)
        if given.only in (None, "quick"):
            quick(store, given.quick)
        if given.only in (None, "grid"):
            grid(store, given.rows)
        close_runners()
        close_host()
        close_store()
    server.kill()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at most {most:,.0f} MB")


if __name__ == "__main__":
    main()
