"""Several who publish at once, in one process and in two: no number, name or label twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.registry.conftest import WHO, chat, publisher
from tests.server import free_port
from workbench.registry import labels, templates
from workbench.registry.fetching import Ask, fetch
from workbench.registry.publishing import Draft, publish
from workbench.settings import ROOT, Settings
from workbench.store.connection import Cursor
from workbench.store.registry_rows import NewVersion
from workbench.store.store import Store

_PUBLISH = """
import json, sys
from workbench.registry.publishing import Draft, publish
from workbench.settings import Settings
from workbench.store.store import Store

place, files, process = sys.argv[1:]
store = Store(Settings(database=place, data_path=files, process_id=int(process)))
numbers = []
for turn in range(6):
    prompt = {"type": "chat", "messages": [{"role": "user", "content": f"{process} {turn}"}]}
    made = publish(store, f"key:{process}", Draft(name="greeting", prompt=prompt, labels=["prod"]))
    numbers.append([made.template.id, made.version.number])
store.close()
print(json.dumps(numbers))
"""


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Store]:
    store = Store(Settings(database=f"ducklake:{tmp_path}/catalogue.ducklake"))
    yield store
    store.close()


def some_version() -> NewVersion:
    return NewVersion(
        prompt=chat(("user", "x")),
        metadata=None,
        provider_base_url=None,
        message=None,
        parent_id=None,
        model_provider=None,
        model_name=None,
        variables=(),
        text="x",
        snippets=(),
    )


def test_two_transactions_cannot_both_give_a_version_the_same_number(lake: Store) -> None:
    template = publisher(lake)().template
    one, other = lake.connection.new_cursor(), lake.connection.new_cursor()

    def add(cursor: Cursor) -> int:
        cursor.execute("BEGIN TRANSACTION")
        return lake.registry.versions.add(cursor, WHO, template.id, some_version()).number

    assert (add(one), add(other)) == (2, 2)
    one.execute("COMMIT")
    with pytest.raises(duckdb.TransactionException, match="conflict"):
        other.execute("COMMIT")
    numbers = [each.number for each in templates.versions(lake.connection, template.id)]
    assert numbers == [2, 1]


def test_two_transactions_cannot_both_take_a_name_or_a_label(lake: Store) -> None:
    template = publisher(lake)().template
    for work in (
        lambda cursor: lake.registry.templates.create(cursor, WHO, "new"),
        lambda cursor: lake.registry.labels.move(cursor, WHO, template.id, "prod", 1),
        lambda cursor: lake.registry.folders.create(cursor, WHO, "new", None),
    ):
        one, other = lake.connection.new_cursor(), lake.connection.new_cursor()
        for cursor in (one, other):
            cursor.execute("BEGIN TRANSACTION")
            work(cursor)
        one.execute("COMMIT")
        with pytest.raises(duckdb.TransactionException, match="conflict"):
            other.execute("COMMIT")


def test_threads_of_one_process_get_every_number_once(store: Store) -> None:
    numbers: list[int] = []

    def work(number: int) -> None:
        for turn in range(5):
            draft = Draft(name="greeting", prompt=chat(("user", f"{number} {turn}")))
            numbers.append(publish(store, WHO, draft).version.number)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 21))
    assert len(templates.versions(store.connection, "greeting")) == 20


@pytest.mark.slow
def test_two_processes_on_postgresql_get_every_number_once(postgres: str, tmp_path: Path) -> None:
    place = f"ducklake:postgres:{postgres}"
    Store(Settings(database=place, data_path=f"{tmp_path}/files")).close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _PUBLISH, place, f"{tmp_path}/files"]
    running = [
        subprocess.Popen([*command, process], cwd=ROOT, stdout=subprocess.PIPE, env=environment)
        for process in ("1", "2")
    ]
    made = [json.loads(each.communicate(timeout=300)[0]) for each in running]
    assert len({template for each in made for template, _ in each}) == 1
    assert sorted(number for each in made for _, number in each) == list(range(1, 13))


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL server of the test's own; how to connect to it."""
    pytest.importorskip("duckdb_extension_postgres_scanner")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="wb-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL does not run as root.
        as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    port = free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    data = f"{folder}/data"
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "check": True,
    }
    run = partial(subprocess.run, cwd=folder, **quiet)
    run([*as_user, "initdb", "-D", data, "-U", "workbench", "--auth=trust"])
    run([*as_user, "pg_ctl", "-D", data, "-o", options, "-w", "-l", f"{folder}/log", "start"])
    try:
        yield f"dbname=postgres host=127.0.0.1 port={port} user=workbench"
    finally:
        run([*as_user, "pg_ctl", "-D", data, "-m", "immediate", "stop"])
        shutil.rmtree(folder)


def test_what_another_process_moved_is_served_within_a_second(tmp_path: Path) -> None:
    """Two stores of one process on one catalogue stand for two processes."""
    settings = Settings(database=f"ducklake:{tmp_path}/catalogue.ducklake")
    store = Store(settings)
    publisher(store)(labels=["prod"])
    publisher(store)()
    assert fetch(store, "greeting", Ask(label="prod")).version.number == 1
    # As another process does it: without a word to this one's reader.
    store.change(
        lambda cursor: store.registry.labels.move(
            cursor, WHO, labels.labels(store.connection, "greeting")[0].template_id, "prod", 2
        )
    ).result()
    threading.Event().wait(1.2)
    assert fetch(store, "greeting", Ask(label="prod")).version.number == 2
    store.close()
