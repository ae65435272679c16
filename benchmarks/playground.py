"""How far the playground's page is behind six models that answer at once.

python -m benchmarks.playground                 six columns, 100 tokens a second each, 20 seconds
python -m benchmarks.playground --seconds 60

A server in a process of its own stands in for the vendor and notes when it sent which word; the
page notes after which frame a word is on the screen. Both read the clock of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, percentile, resident_mb
from workbench.playground import opening, sessions
from workbench.settings import Settings
from workbench.store.connections import Connected
from workbench.store.store import Store

COLUMNS = 6
PER_SECOND = 100
#: What a page does until it is asked: note the last word of each column after each frame in which
#: one has changed.
_WATCH = """
() => {
  window.seen = [];
  const last = {};
  let isAsked = false;
  const note = () => {
    isAsked = false;
    const now = performance.timeOrigin + performance.now();
    for (const text of document.querySelectorAll('.wb-live')) {
      const column = text.closest('[class*="st-key-answer-c"]');
      const found = text.textContent.slice(-40).match(/w(\\d+)(?=\\s*$)/);
      if (!column || !found) continue;
      const name = column.className.match(/st-key-answer-c(\\d+)/)[1];
      const number = Number(found[1]);
      if (number > (last[name] ?? -1)) {
        window.seen.push([Number(name), last[name] ?? -1, number, now]);
        last[name] = number;
      }
    }
  };
  new MutationObserver(() => {
    if (isAsked) return;
    isAsked = true;
    // The frame that is drawn next has it; after that one it is on the screen.
    requestAnimationFrame(() => requestAnimationFrame(note));
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}
"""


def vendor(seconds: float, pipe: Connection) -> None:
    """Answers each chat completion with words at PER_SECOND; tells at the end when it sent each."""
    sent: dict[str, list[float]] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.lower().splitlines()
        length = next((int(one.split(":")[1]) for one in lines if "content-length" in one), 0)
        body = json.loads(await reader.readexactly(length)) if length else {}
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n")
        if body:
            await answer(writer, str(body["model"]), sent.setdefault(str(body["model"]), []))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def answer(writer: asyncio.StreamWriter, model: str, times: list[float]) -> None:
        start, count = time.monotonic(), int(seconds * PER_SECOND)
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
            piece(writer, model, {"content": f"w{number} "}, None)
            await writer.drain()
            times.append(time.time() * 1000)
        piece(writer, model, {}, "stop")

    def piece(writer: asyncio.StreamWriter, model: str, delta: Any, reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        data = {"id": "b", "object": "chat.completion.chunk", "created": 0, "model": model}
        text = f"data: {json.dumps({**data, 'choices': [choice]})}\n\n".encode()
        if reason:
            text += b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%s\r\n" % (len(text), text))

    async def serve() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)
        pipe.send(sent)

    asyncio.run(serve())


def prepared(database: str, port: int) -> int:
    """A store with the endpoint connected and a session of six columns on it."""
    store = Store(Settings(database=database))
    models = tuple(f"model-{number}" for number in range(1, COLUMNS + 1))
    one = Connected(
        name="bench", kind="openai", base_url=f"http://127.0.0.1:{port}/v1", models=models
    )
    store.change(lambda cursor: store.connections.put(cursor, "benchmark", one)).result()
    session = opening.blank(store, tuple(f"bench/{each}" for each in models))
    session.shared.set_text(1, 0, "Go on and on.")
    sessions.keep(store, "benchmark", session)
    store.close()
    return session.id


def watched(url: str, session: int, seconds: float, server: int) -> tuple[list[Any], float]:
    """What the page saw, and the share of a core that the server took meanwhile."""
    from playwright.sync_api import sync_playwright

    from tests.__main__ import BROWSERS

    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/playground?session={session}")
        page.get_by_text("Not run yet").nth(COLUMNS - 1).wait_for()
        page.wait_for_timeout(2000)
        page.evaluate(_WATCH)
        before, begun = _processor_seconds(server), time.monotonic()
        page.get_by_role("button", name="Run all").click()
        page.get_by_role("button", name="Stop all").wait_for()
        page.wait_for_timeout(seconds * 1000 - 2000)
        took = time.monotonic() - begun
        share = (_processor_seconds(server) - before) / took
        page.get_by_role("button", name="Stop all").wait_for(state="hidden", timeout=60_000)
        seen = page.evaluate("() => window.seen")
        browser.close()
    return seen, share


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def behind(seen: Sequence[Any], sent: dict[str, list[float]]) -> list[float]:
    """Milliseconds from the sending of each word to the frame that showed it.

    Words of the last piece are drawn by the page that follows the end, so those are not counted.
    """
    found = []
    for column, before, last, at in seen:
        times = sent[f"model-{column}"]
        found += [at - times[number] for number in range(before + 1, last + 1)]
    return found


def main(seconds: float) -> None:
    from tests.server import Server

    print(describe())
    print(f"load before: {os.getloadavg()[0]:.1f}")
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=vendor, args=(seconds, there), daemon=True)
    process.start()
    port = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        database = str(Path(folder) / "workbench.duckdb")
        session = prepared(database, port)
        server = Server(database).start()
        assert server.process is not None
        pid = server.process.pid
        try:
            seen, share = watched(server.url, session, seconds, pid)
            memory = resident_mb(pid)
        finally:
            server.stop()
    here.send(None)
    sent = here.recv()
    process.join(10)
    took = behind(seen, sent)
    words = sum(map(len, sent.values()))
    print(
        f"\n{COLUMNS} columns, {PER_SECOND} tokens a second each, {seconds:g} s: {words:,} tokens"
    )
    print(f"load after: {os.getloadavg()[0]:.1f}\n")
    print("| | |\n|---|---|")
    for name, percent in (("median", 50), ("95th percentile", 95), ("99th percentile", 99)):
        value = statistics.median(took) if percent == 50 else percentile(took, percent)
        print(f"| from sent to painted, {name} | {value:,.0f} ms |")
    print(f"| words that were seen while they came | {len(took):,} |")
    print(f"| server, share of a core | {100 * share:.0f} % |")
    print(f"| server, memory | {memory:,.0f} MB |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    main(parser.parse_args().seconds)
