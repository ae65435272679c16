"""How many prompts a second are fetched and filled in, through the API and inside the process.

    python -m benchmarks.registry                   1,000 templates of 20 versions, 16 clients
    python -m benchmarks.registry --clients 1 8 32 --seconds 20

Starts the real server on a store of its own. Each call asks for another template by its name, by a
release label or a version number, with input variables; every answer is checked. The clients share
this machine with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks.machine import describe, percentile, resident_mb, timed
from tests.server import KEY, running, store_in_process
from workbench.registry import listing
from workbench.registry.fetching import Ask, fetch
from workbench.registry.publishing import Draft, prepare
from workbench.store.connection import Cursor
from workbench.store.registry_listing import Query
from workbench.store.store import Store

_WORDS = (
    "you answer customers of a web shop politely and briefly in the language that they write in "
    "and never promise what the shop cannot keep"
).split()


def prompt(number: int, version: int, size: int) -> dict[str, Any]:
    """About `size` characters with three variables, one of them in jinja2 in every fourth."""
    chooser = random.Random(f"{number} {version}")
    words = " ".join(chooser.choices(_WORDS, k=size // 6))
    form = "jinja2" if number % 4 == 0 else "f-string"
    opened, closed = ("{{ ", " }}") if form == "jinja2" else ("{", "}")
    texts = (
        ("system", f"{words} Version {version}. Tone: {opened}tone{closed}."),
        ("user", f"{opened}name{closed} asks: {opened}question{closed}"),
    )
    messages = [
        {"role": role, "content": [{"type": "text", "text": text}], "template_format": form}
        for role, text in texts
    ]
    return {"type": "chat", "messages": messages}


def fill(store: Store, templates: int, versions: int, size: int) -> None:
    """Templates with versions and two labels, written in few transactions."""
    model = {"model": {"provider": "openai", "name": "gpt-4o", "parameters": {"temperature": 0}}}
    for number in range(templates):
        name = f"team {number % 7}/prompt {number}"
        news = [
            prepare(store, Draft(name=name, prompt=prompt(number, version, size), metadata=model))[
                0
            ]
            for version in range(1, versions + 1)
        ]

        def change(cursor: Cursor, name: str = name, news: list[Any] = news) -> None:
            registry = store.registry
            template = registry.templates.create(cursor, "benchmark", name)
            for new in news:
                registry.versions.add(cursor, "benchmark", template.id, new)
            registry.labels.move(cursor, "benchmark", template.id, "prod", max(1, versions - 3))
            registry.labels.move(cursor, "benchmark", template.id, "dev", versions)

        store.change_registry(change)


async def ask(
    client: httpx.AsyncClient, chooser: random.Random, templates: int, versions: int
) -> float:
    number = chooser.randrange(templates)
    which: dict[str, Any] = chooser.choice(
        [{"label": "prod"}, {"label": "dev"}, {"version": chooser.randint(1, versions)}, {}]
    )
    values = {"name": "Ada", "question": f"Where is parcel {number}?", "tone": "friendly"}
    path = f"/prompt-templates/{quote(f'team {number % 7}/prompt {number}', safe='')}"
    began = time.perf_counter()
    answer = await client.post(path, json={**which, "input_variables": values})
    took = time.perf_counter() - began
    value = answer.json()
    said = value["prompt_template"]["messages"][1]["content"][0]["text"]
    assert said == f"Ada asks: Where is parcel {number}?", answer.text
    assert value["llm_kwargs"]["messages"][1]["content"][0]["text"] == said
    return took


async def round_of(
    url: str, clients: int, seconds: float, templates: int, versions: int
) -> list[float]:
    """Latencies of `clients` that ask one call after the other."""
    latencies: list[float] = []
    until = time.perf_counter() + seconds

    async def one(seed: int) -> None:
        chooser = random.Random(seed)
        async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": KEY}) as client:
            while time.perf_counter() < until:
                latencies.append(await ask(client, chooser, templates, versions))

    await asyncio.gather(*(one(seed) for seed in range(clients)))
    return latencies


def inside(store: Store, templates: int) -> None:
    """What the same costs without the API, and what lists cost."""
    numbers = itertools.count()

    def one() -> None:
        number = next(numbers) % templates
        values = {"name": "Ada", "question": "?", "tone": "x"}
        name = f"team {number % 7}/prompt {number}"
        fetch(store, name, Ask(label="prod", input_variables=values))

    cold, cold95 = timed(one, templates - 1)
    numbers = itertools.count()
    warm, warm95 = timed(one, templates - 1)
    now = datetime.now(UTC)
    page, page95 = timed(lambda: listing.search(store.connection, Query(), now=now))
    found, found95 = timed(
        lambda: listing.search(store.connection, Query(text="parcel shop"), now=now)
    )
    print("| in the process | median | 95th percentile |\n|---|---|---|")
    for what, median, high in (
        ("fetch and fill in, first time", cold, cold95),
        ("fetch and fill in, again", warm, warm95),
        ("a page of 50 templates", page, page95),
        ("a search over all newest texts", found, found95),
    ):
        print(f"| {what} | {median:.2f} ms | {high:.2f} ms |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--templates", type=int, default=1000)
    parser.add_argument("--versions", type=int, default=20)
    parser.add_argument("--size", type=int, default=2000, help="characters of a system message")
    parser.add_argument("--clients", type=int, nargs="+", default=[16])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--database", help="keep the store here, and use one that is there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = arguments.database or str(Path(folder) / "workbench.duckdb")
        print(describe())
        is_filled = Path(database).exists()
        with store_in_process(database) as store:
            if not is_filled:
                began = time.perf_counter()
                fill(store, arguments.templates, arguments.versions, arguments.size)
                count = arguments.templates * arguments.versions
                print(f"{count:,} versions saved in {time.perf_counter() - began:.1f} s")
            inside(store, arguments.templates)
        with running(database) as server:
            assert server.process is not None
            print("| clients | fetched a second | p50 | p95 | p99 | memory |")
            print("|---|---|---|---|---|---|")
            for clients in arguments.clients:
                latencies = asyncio.run(
                    round_of(
                        server.url,
                        clients,
                        arguments.seconds,
                        arguments.templates,
                        arguments.versions,
                    )
                )
                p50, p95, p99 = (percentile(latencies, each) * 1000 for each in (50, 95, 99))
                rate = len(latencies) / arguments.seconds
                memory = resident_mb(server.process.pid)
                print(
                    f"| {clients} | {rate:,.0f} | {p50:.1f} ms | {p95:.1f} ms | {p99:.1f} ms | "
                    f"{memory:.0f} MB |"
                )


if __name__ == "__main__":
    main()
