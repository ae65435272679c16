"""What the host costs for each call, beyond the vendor's own package.

    python -m benchmarks.providers
    python -m benchmarks.providers --calls 1280 --at-once 64 --pieces 40

A server in a process of its own answers at once. The same calls are made twice, 64 at a time: with
the package `openai` alone, as an application would, and through the host, which also reads every
piece, keeps what was sent and what came, computes the cost and writes a log record into a DuckDB
file. The difference of the processor's time, divided by the calls, is the host's; the rounds take
turns, and the median of them counts. The bound is 2 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from workbench.providers.call import Call, Origin, Tuning
from workbench.providers.host import Host, store_sink
from workbench.settings import Settings
from workbench.store.rows import NewRequest
from workbench.store.store import Store

MODEL = "gpt-4o-mini"
MESSAGES: Any = [
    {"role": "system", "content": "You answer questions about orders, briefly and politely."},
    {"role": "user", "content": "Where is my order 4711? " * 20},
]
ORIGIN = Origin(place="benchmark", actor="benchmark")


def answers(pieces: int) -> dict[bool, bytes]:
    """The body of a streamed and of a whole answer, `pieces` words long."""
    head = {"id": "c", "created": 1, "model": MODEL}
    usage = {"prompt_tokens": 130, "completion_tokens": pieces, "total_tokens": 130 + pieces}
    chunk = {**head, "object": "chat.completion.chunk"}
    deltas: list[tuple[dict[str, Any], str | None]] = [({"content": "word "}, None)] * pieces
    parts = [
        {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in [*deltas, ({}, "stop")]
    ]
    parts.append({**chunk, "choices": [], "usage": usage})
    stream = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
    message = {"role": "assistant", "content": "word " * pieces}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
    return {True: stream.encode(), False: json.dumps(whole).encode()}


def serve(pieces: int, told: Connection) -> None:
    """Answer every request at once; tells its port."""
    bodies = answers(pieces)
    kinds = {True: b"text/event-stream", False: b"application/json"}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                stream = b'"stream":true' in (await reader.readexactly(length)).replace(b" ", b"")
                body = bodies[stream]
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s"
                    % (kinds[stream], len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def spread(one: Callable[[], Awaitable[object]], calls: int, at_once: int) -> None:
    """Make `calls` calls, `at_once` at a time."""
    places = asyncio.Semaphore(at_once)

    async def placed() -> None:
        async with places:
            await one()

    await asyncio.gather(*(placed() for _ in range(calls)))


def package(url: str, stream: bool, calls: int, at_once: int) -> None:
    """The calls with the package alone, its whole answer put together."""
    from openai import AsyncOpenAI

    async def main() -> None:
        async with AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as client:

            async def one() -> object:
                asked: Any = {"model": MODEL, "messages": MESSAGES, "temperature": 0.5}
                create: Any = client.chat.completions.create
                if not stream:
                    return await create(**asked)
                options: Any = {"include_usage": True}
                answer = await create(**asked, stream=True, stream_options=options)
                return "".join(
                    [c.choices[0].delta.content or "" async for c in answer if c.choices]
                )

            await spread(one, calls, at_once)

    import uvloop

    uvloop.run(main())


def through_host(host: Host, stream: bool, calls: int) -> None:
    """The calls through the host, which lets as many run at once."""
    messages: Any = [
        {"role": one["role"], "content": [{"type": "text", "text": one["content"]}]}
        for one in MESSAGES
    ]
    call = Call(
        provider="openai",
        model=MODEL,
        messages=messages,
        tuning=Tuning(temperature=0.5),
        stream=stream,
    )
    runs = [host.start(call, ORIGIN) for _ in range(calls)]
    for run in runs:
        answer = run.result(120)
        if answer.error is not None or answer.request_id is None:
            raise SystemExit(f"a call failed: {answer.error} {answer.log_problem}")


async def forget(_row: NewRequest, _body: Mapping[str, Any]) -> int:
    """Keeps no record: what is left is the host itself."""
    return 1


def cost(work: Callable[[], None], calls: int) -> tuple[float, float]:
    """Processor's and real milliseconds of each call."""
    processor, real = time.process_time(), time.perf_counter()
    work()
    used = time.process_time() - processor, time.perf_counter() - real
    return used[0] * 1000 / calls, used[1] * 1000 / calls


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.providers", description=__doc__)
    parser.add_argument("--calls", type=int, default=640)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--pieces", type=int, default=40, help="of a streamed answer")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(describe())
    print(
        f"load {os.getloadavg()[0]:.1f} when started; {given.calls} calls, {given.at_once} at once"
    )
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(given.pieces, theirs), daemon=True
    )
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/v1"
    os.environ |= {"OPENAI_API_KEY": "k-0123456789", "OPENAI_BASE_URL": url}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database=str(Path(folder) / "b.duckdb"), model_concurrency=str(given.at_once)
        )
        store = Store(settings)
        hosts = {
            "host": Host(settings, forget, list),
            "host and record on disk": Host(settings, store_sink(store), list),
        }
        for stream in (False, True):
            report(given, url, hosts, stream)
        for host in hosts.values():
            host.close()
        store.close()
    server.kill()


def report(given: argparse.Namespace, url: str, hosts: dict[str, Host], stream: bool) -> None:
    """The best round counts: other work on the machine only adds to it."""
    ways: dict[str, Callable[[], None]] = {
        "package": lambda: package(url, stream, given.calls, given.at_once)
    }
    for name, host in hosts.items():
        through_host(host, stream, given.at_once)
        ways[name] = partial(through_host, host, stream, given.calls)
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, way in ways.items():
            rounds[name].append(cost(way, given.calls))
    kind = f"streamed, {given.pieces} pieces" if stream else "whole"
    for place, measure in enumerate(("processor", "real time")):
        best = {name: min(each[place] for each in found) for name, found in rounds.items()}
        bare = best.pop("package")
        beyond = "; ".join(
            f"{name} {value:.2f} ms, {value - bare:+.2f} beyond it" for name, value in best.items()
        )
        print(f"{kind}, {measure} a call: package {bare:.2f} ms; {beyond}")


if __name__ == "__main__":
    main()
