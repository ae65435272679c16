"""An answer speaks of something on disk: the server is killed again and again to find out."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.server import KEY, Server, log_body
from workbench.settings import Settings
from workbench.store import pieces, requests
from workbench.store.store import Store

pytestmark = pytest.mark.slow
ROUNDS = 20
WRITERS = 16
LONGEST_SECONDS = 2.0


@dataclass
class Answered:
    """What was acknowledged: the text that was sent, by the id that came back."""

    texts: dict[int, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, id_: int, text: str) -> None:
        with self.lock:
            assert id_ not in self.texts, f"id {id_} was given twice"
            self.texts[id_] = text


def write(server: Server, name: str, answered: Answered) -> None:
    """Log one request after the other until the server is gone."""
    source = random.Random(name)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    number = 0
    try:
        while True:
            number += 1
            # Mostly 3 KB; now and then much more, so that checkpoints are met as well.
            size = 150_000 if source.random() < 0.02 else source.randint(100, 5000)
            text = f"{name}/{number} " + "".join(source.choices('abcdefghij \n"ßж', k=size))
            body = log_body(kwargs={"messages": [{"role": "user", "content": text}]})
            connection.request("POST", "/track-request", json.dumps(body), {"X-API-KEY": KEY})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            answered.add(int(json.loads(content)["request_id"]), text)
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


@contextmanager
def writing(server: Server, name: str, answered: Answered) -> Iterator[None]:
    threads = [
        threading.Thread(target=write, args=(server, f"{name}/{number}", answered))
        for number in range(WRITERS)
    ]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        server.kill()
        for each in threads:
            each.join()


def assert_all_there(database: str, answered: Answered) -> None:
    store = Store(Settings(database=database))
    try:
        with store.connection.cursor() as cursor:
            ids = Counter(id_ for (id_,) in cursor.execute("SELECT id FROM requests").fetchall())
            found = cursor.execute("SELECT request_id, raw FROM bodies").fetchall()
            ids_of = [id_ for id_, _ in found]
            # Long ones are kept in pieces.
            whole = pieces.whole(cursor, ids_of, ("raw",), [(raw,) for _, raw in found])
            bodies = [(id_, raw) for id_, (raw,) in zip(ids_of, whole, strict=True)]
        assert not [id_ for id_, times in ids.items() if times != 1]
        assert Counter(id_ for id_, _ in bodies) == ids
        lost = sorted(set(answered.texts) - set(ids))
        assert not lost, f"{len(lost)} of {len(answered.texts)} acknowledged requests are lost"
        kept: Counter[str] = Counter()
        for id_, raw in bodies:
            assert raw is not None
            text = json.loads(raw)["kwargs"]["messages"][0]["content"]
            kept[text] += 1
            assert answered.texts.get(id_, text) == text, f"the body of {id_} is another one"
        assert set(kept.values()) == {1}, "a request was written twice"
        newest = requests.get(store.connection, max(answered.texts))
        assert newest is not None
        assert newest.input_text == answered.texts[newest.summary.id]
    finally:
        store.close()


def test_every_acknowledged_request_is_there_once_after_each_of_20_kills(tmp_path: Path) -> None:
    database = str(tmp_path / "workbench.duckdb")
    answered = Answered()
    source = random.Random()
    for number in range(ROUNDS):
        server = Server(database).start()
        with writing(server, str(number), answered):
            time.sleep(source.uniform(0.05, LONGEST_SECONDS))
        # Every other time the log that the killed process left is read by the next server.
        if number % 2 or number == ROUNDS - 1:
            assert_all_there(database, answered)
    assert len(answered.texts) > 50 * ROUNDS
    print(f"{len(answered.texts)} requests acknowledged in {ROUNDS} rounds, none lost")
