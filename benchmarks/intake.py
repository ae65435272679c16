"""How many logged requests a second are acknowledged after their commit.

    python -m benchmarks.intake                     32 clients, 20 seconds, 3 KB bodies
    python -m benchmarks.intake --clients 8 32 128 --seconds 60

Starts the real server on a store of its own, sends distinct `/track-request` bodies over kept-alive
connections from this machine (so the client's own load is in the figures), then stops the server
and counts what is in the store.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import itertools
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.server import KEY, Server, running, store_in_process
from workbench.filters import Filter
from workbench.store import search

_TEXT = (
    "the order was shipped on Monday and should reach you within three working days please check "
    "your tracking number if the parcel does not arrive we will send a replacement at no cost"
)
_WORDS = _TEXT.split()
_NUMBER = "@the-number@"


def template(size: int, chooser: random.Random) -> bytes:
    """An OpenAI call of about `size` bytes as the official package logs it, without its number."""
    room = max(200, size - 1100)
    said = " ".join(chooser.choices(_WORDS, k=room // 6))
    question, answer = said[: room * 2 // 3], said[room * 2 // 3 :]
    return json.dumps(
        {
            "function_name": "openai.OpenAI.chat.completions.create",
            "provider_type": "openai",
            "args": [],
            "kwargs": {
                "model": "gpt-4o-mini",
                "temperature": 0.2,
                "messages": [
                    {"role": "system", "content": "You are the support desk of a web shop."},
                    {"role": "user", "content": f"Case {_NUMBER}: {question}"},
                ],
            },
            "tags": ["prod"],
            "request_response": {
                "id": f"chatcmpl-{_NUMBER}",
                "object": "chat.completion",
                "created": 1_767_000_000,
                "model": "gpt-4o-mini-2024-07-18",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "logprobs": None,
                        "message": {"role": "assistant", "content": answer, "refusal": None},
                    }
                ],
                "usage": {
                    "prompt_tokens": 500,
                    "completion_tokens": 200,
                    "total_tokens": 700,
                    "prompt_tokens_details": {"cached_tokens": 128, "audio_tokens": 0},
                    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
                },
            },
            "request_start_time": time.time() - 1.5,
            "request_end_time": time.time(),
            "metadata": {"user_id": f"user-{chooser.randrange(997)}", "session_id": _NUMBER},
            "api_key": KEY,
            "span_id": None,
        }
    ).encode()


def bodies(size: int, seed: int) -> Iterator[bytes]:
    """Distinct bodies without end, made so cheaply that the figures are the server's."""
    chooser = random.Random(seed)
    templates = [template(size, chooser) for _ in range(32)]
    for number in itertools.count(seed * 10_000_000):
        yield templates[number % 32].replace(_NUMBER.encode(), f"{number:012d}".encode())


@dataclass
class Run:
    """What one round with so many clients gave. Latencies in seconds, memory in MiB."""

    clients: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    memory: list[float] = field(default_factory=list)

    def line(self) -> str:
        ordered = sorted(self.latencies) or [0.0]

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

        memory = f"{self.memory[0]:.0f} → {max(self.memory):.0f}" if self.memory else "not measured"
        return (
            f"| {self.clients} | {len(self.latencies) / self.seconds:,.0f} | {at(0.5):.1f} | "
            f"{at(0.95):.1f} | {at(0.99):.1f} | {ordered[-1] * 1000:.1f} | {self.refused} | "
            f"{memory} |"
        )


async def _client(server: Server, run: Run, until: float, size: int, seed: int) -> None:
    more = bodies(size, seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    while time.perf_counter() < until:
        sent = next(more)
        head = (
            "POST /track-request HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
        )
        started = time.perf_counter()
        writer.write(head.encode() + sent)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        if answer.startswith(b"HTTP/1.1 200"):
            run.latencies.append(time.perf_counter() - started)
        else:
            run.refused += 1
    writer.close()


async def _watch(server: Server, run: Run) -> None:
    assert server.process is not None
    while True:
        used = resident(server.process.pid)
        if used is not None:
            run.memory.append(used)
        await asyncio.sleep(1)


def resident(pid: int) -> float | None:
    """MiB that a process has in memory; None where the system does not tell (not Linux)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _round(server: Server, clients: int, seconds: float, size: int, first: int) -> Run:
    run = Run(clients)
    watching = asyncio.create_task(_watch(server, run))
    started = time.perf_counter()
    until = started + seconds
    await asyncio.gather(
        *(_client(server, run, until, size, first + each) for each in range(clients))
    )
    run.seconds = time.perf_counter() - started
    watching.cancel()
    return run


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The fastest event loop there is, so that the figures are the server's."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def _rounds(server: Server, given: argparse.Namespace) -> list[Run]:
    def run_loop(rounds: Coroutine[None, None, Run]) -> Run:
        with asyncio.Runner(loop_factory=_loop()) as runner:
            return runner.run(rounds)

    # The first requests load what is loaded lazily: that round counts for nothing but the sum.
    runs = [run_loop(_round(server, 8, 2, given.bytes, 1))]
    for clients in given.clients:
        first = 1000 * len(runs)
        runs.append(run_loop(_round(server, clients, given.seconds, given.bytes, first)))
    return runs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, nargs="+", default=[32])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--bytes", type=int, default=3000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder) / "workbench.duckdb")
        with running(database) as server:
            runs = _rounds(server, given)
            server.stop()
        with store_in_process(database) as store:
            there = search.count(store.connection, Filter(), now=datetime.now(UTC))
        size = Path(database).stat().st_size
    acknowledged = sum(len(run.latencies) for run in runs)
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"bodies of about {given.bytes} bytes, {given.seconds:g} s each\n")
    print("| clients | bodies/s | p50 ms | p95 ms | p99 ms | most ms | refused | memory MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for run in runs[1:]:
        print(run.line())
    lost = max(0, acknowledged - there)
    print(f"\nacknowledged {acknowledged}, in the store {there}, lost {lost}")
    print(f"store {size / 2**20:.0f} MiB, {size / max(there, 1):.0f} bytes a request")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
