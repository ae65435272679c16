"""A real server that is killed while it runs an evaluation, and a vendor that counts what it is
asked."""

from __future__ import annotations

import json
import random
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.evals.grids import ACTOR, add_dataset, chat_column, values
from tests.server import Server
from workbench.evals import grids
from workbench.evals.grids import NewColumn
from workbench.settings import Settings
from workbench.store import evaluation_runs, evaluations
from workbench.store.store import Store

REPEATS = 2
_WAIT_SECONDS = 120


@dataclass
class CountingVendor:
    """Speaks OpenAI's chat completions. answered: how often each text was answered."""

    url: str = ""
    delay: float = 0.05
    answered: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        with self.lock:
            return self.answered.total()

    def answer(self, body: Any) -> str:
        """A judge's verdict where one is asked for, else an echo."""
        text = _text(body["messages"][-1]["content"])
        time.sleep(self.delay)
        with self.lock:
            self.answered[text] += 1
        if body["messages"][0]["role"] == "system":
            return json.dumps({"reasoning": "So it is.", "passed": verdict(text)})
        return echo(text)


def echo(text: str) -> str:
    return f"You said: {text}"


def verdict(text: str) -> bool:
    return zlib.crc32(text.encode()) % 2 == 0


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


@contextmanager
def vendor() -> Iterator[CountingVendor]:
    made = CountingVendor()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            message = {"role": "assistant", "content": made.answer(body)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
            said = json.dumps(
                {
                    "id": "c",
                    "object": "chat.completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [choice],
                    "usage": usage,
                }
            ).encode()
            try:
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
            except OSError:
                # The server that asked was killed.
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *args: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def prepare(database: str, rows: int) -> int:
    """A grid with a prompt that is asked twice, a judge and a pattern, set running: a server that
    opens the store goes on with it."""
    store = Store(Settings(database=database))
    try:
        dataset = add_dataset(store, [{"question": f"Case {n}"} for n in range(rows)], ["question"])
        columns = [
            chat_column("answer", "question", "openai", "gpt-4o-mini", repeats=REPEATS),
            NewColumn("polite", "LLM_ASSERTION", {"source": "answer", "prompt": "Is it polite?"}),
            NewColumn("said", "REGEX", {"source": "answer", "regex_pattern": "You said"}),
        ]
        judge = {"provider": "openai", "model": "gpt-4o-mini", "parameters": {}}
        made = grids.create(
            store, ACTOR, "Grid", dataset_id=dataset, columns=columns, judge=judge, concurrency=8
        )
        run_id = made[1]
        store.change(lambda cursor: evaluation_runs.take(cursor, run_id, 0)).result()
        store.change(lambda cursor: evaluation_runs.leave(cursor, run_id, 0)).result()
        return run_id
    finally:
        store.close()


def logged(database: str, run_id: int) -> tuple[Counter[str], str]:
    """How often each text stands in the logs with an answer, and the run's state. No call is
    logged twice."""
    store = Store(Settings(database=database))
    try:
        with store.connection.cursor() as cursor:
            rows = cursor.execute(
                "SELECT b.prompt, json_extract_string(r.metadata, '/cell'), "
                "json_extract_string(r.metadata, '/call') FROM requests r "
                "JOIN bodies b ON b.request_id = r.id "
                "WHERE r.origin = 'evaluation' AND r.status = 'SUCCESS'"
            ).fetchall()
        calls = Counter((cell, call) for _, cell, call in rows)
        assert not [call for call, times in calls.items() if times > 1]
        texts = Counter(
            _text(json.loads(prompt)["messages"][-1]["content"]) for prompt, _, _ in rows
        )
        state = evaluations.state(store.connection, run_id)
        assert state is not None
        return texts, state
    finally:
        store.close()


@dataclass
class Books:
    """What was answered and what the logs had of it when the server had last ended."""

    database: str
    run_id: int
    asked: CountingVendor
    repeats: int = REPEATS
    answered: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def balance(self) -> str:
        """After an end of the server: since the one before, nothing was asked but what the logs
        did not have then, each once. Returns the run's state."""
        # What was on its way is answered, and nobody is there to hear it.
        _until_quiet(self.asked, 3 * self.asked.delay)
        kept, state = logged(self.database, self.run_id)
        with self.asked.lock:
            answered = self.asked.answered.copy()
        for text, times in answered.items():
            missing = (self.repeats if text.startswith("Case") else 1) - self.kept[text]
            now = times - self.answered[text]
            assert now <= missing, f"{text} was asked {now} times, and {missing} answers missed"
        self.answered, self.kept = answered, kept
        return state


def kill_rounds(database: str, rows: int, rounds: int) -> int:
    """Kill the server at random cells again and again, then let it finish; the grid is the one
    that nothing had disturbed, and no finished call was made anew. Returns the calls."""
    run_id = prepare(database, rows)
    source = random.Random()
    calls = rows * (REPEATS + 1)
    with vendor() as asked:
        environment = {
            "OPENAI_API_KEY": "k-0123456789",
            "OPENAI_BASE_URL": f"{asked.url}/v1",
            "WORKBENCH_MODEL_CONCURRENCY": "16",
        }
        books = Books(database, run_id, asked)
        state = "running"
        for _ in range(rounds):
            server = Server(database, environment=environment).start(wait=False)
            target = asked.total + source.randint(1, max(2, calls // (rounds + 1)))
            until(lambda target=target: asked.total >= target, server)
            time.sleep(source.uniform(0, 0.1))
            server.kill()
            state = books.balance()
            if state == "done":
                break
        server = Server(database, environment=environment)
        patience = 3.0
        while state == "running" and patience < _WAIT_SECONDS:
            server.start()
            _until_quiet(asked, patience)
            server.stop()
            state = books.balance()
            patience *= 2
        assert state == "done"
        total = asked.total
    check_whole(database, run_id, rows)
    return total


def check_whole(database: str, run_id: int, rows: int) -> None:
    store = Store(Settings(database=database))
    try:
        found = values(store, run_id)
        assert len(found) == rows
        for number, cells in found.items():
            answer = [echo(f"Case {number - 1}")] * REPEATS
            assert cells["answer"] == ("done", answer)
            assert cells["said"] == ("done", True)
            given = {
                "assertion": "Is it polite?",
                "text": json.dumps(answer, separators=(",", ":")),
            }
            asked = json.dumps(given, ensure_ascii=False, indent=1)
            assert cells["polite"] == ("done", verdict(asked))
        with store.connection.cursor() as cursor:
            twice = cursor.execute(
                "SELECT count(*) - count(DISTINCT (dataset_row, column_id)) "
                "FROM evaluation_cells WHERE run_id = ?",
                [run_id],
            ).fetchone()
        assert twice == (0,)
    finally:
        store.close()


def _until_quiet(asked: CountingVendor, seconds: float) -> None:
    """Until nothing was asked for so long."""
    known, since = asked.total, time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.05)
        if asked.total != known:
            known, since = asked.total, time.monotonic()


def until(condition: Any, server: Server) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert server.process is not None
        assert server.process.poll() is None, f"the server ended:\n{server.log()}"
        assert time.monotonic() < end, f"it did not come to that:\n{server.log()[-3000:]}"
        time.sleep(0.005)
