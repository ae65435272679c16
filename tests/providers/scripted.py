"""A server that answers as a test says, down to the bytes: late, cut, slowly, or never."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer. pieces: sent one after the other, `gap` seconds apart.

    cut: the connection breaks off after the pieces, without the end of the body.
    silent: nothing is ever sent. hangs: nothing more is sent after the pieces.
    """

    pieces: Sequence[bytes] = ()
    status: int = 200
    content_type: str = "text/event-stream"
    headers: tuple[tuple[str, str], ...] = ()
    gap: float = 0.0
    cut: bool = False
    silent: bool = False
    hangs: bool = False


@dataclass
class Server:
    """The answers that come next, the last of them again and again; and what was asked."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    open_connections: int = 0
    gone: threading.Event = field(default_factory=threading.Event)

    def will(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.bodies.clear()
        self.heads.clear()
        self.gone.clear()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.gone.set()
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            (
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length:")
            ),
            0,
        )
        body = await reader.readexactly(length)
        self.heads.append(head)
        self.bodies.append(json.loads(body) if body else None)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.silent:
            await reader.read()
            return False
        lines = [f"HTTP/1.1 {answer.status} Said", f"content-type: {answer.content_type}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        lines += ["transfer-encoding: chunked", "", ""]
        writer.write("\r\n".join(lines).encode())
        for piece in answer.pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            if answer.gap:
                await asyncio.sleep(answer.gap)
        if answer.hangs:
            await reader.read()
            return False
        if answer.cut:
            writer.write(b"40\r\nhalf of a")
            await writer.drain()
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


@contextmanager
def scripted() -> Iterator[Server]:
    """The server on a free port, in a thread of its own."""
    server = Server()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        ready.set()

    starting = loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        tasks = asyncio.all_tasks(loop) | {starting}
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()
