"""The cards of jobs that a restart stopped."""

from __future__ import annotations

from typing import Any

import orjson

from tests.ui.conftest import Open, text_of
from workbench.datasets import jobs as dataset_jobs
from workbench.datasets.adding import Target, open_target
from workbench.datasets.from_logs import USUAL, start_adding
from workbench.jobs.running import jobs_of
from workbench.logs import bulk_jobs
from workbench.logs.bulk import Selection, Starring
from workbench.store import dataset_reading, jobs
from workbench.store.jobs import Process
from workbench.store.store import Store


def left_behind(store: Store, kind: str, subject: int, spec: dict[str, Any], **so_far: Any) -> int:
    """A job of a dataset that a process before had 20 of 60 through of."""
    id_ = store.make_id()
    told: dict[str, Any] = {
        "title": "cases.csv",
        "actor": "user:ada",
        "subject": subject,
        "spec": spec,
    }
    store.change_beside(
        lambda cursor: jobs.add(cursor, Process(0), id_, area="datasets", kind=kind, **told)
    ).result()
    store.change_beside(lambda cursor: jobs.note(cursor, id_, 0, 20, 60, so_far)).result()
    return id_


def test_rows_from_the_logs_go_on_with_a_click_after_a_restart(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    made = open_target(store, "user:ada", Target(name="Set"))
    ids = sorted(seeded)
    assert start_adding(store, "user:ada", made, Selection(frozenset(ids[:20])), USUAL).wait(60)
    (whole,) = dataset_jobs.of_dataset(store, made.dataset_id)
    spec = {**whole.row.spec, "selection": Selection(frozenset(ids)).to_json()}
    id_ = left_behind(
        store, "logs", made.dataset_id, spec, rows=20, refused=0, known=0, last=ids[19]
    )
    app = open_page("datasets", dataset=str(made.dataset_id))
    assert "Stopped at 20 of 60 by a restart. 20 rows are in the draft." in text_of(app)
    app.button(key=f"go-on-job-{id_}").click().run()
    live = jobs_of(store).live(id_)
    assert live is not None
    assert live.wait(60)
    kept = dataset_reading.rows(store.connection, made.dataset_id, made.number, limit=100)
    assert sorted(one.source_request or 0 for one in kept) == ids
    text = text_of(open_page("datasets", dataset=str(made.dataset_id)))
    assert "60 rows added" in text
    assert "by a restart" not in text


def test_of_a_file_it_is_said_what_is_in_the_draft_and_the_card_can_be_dismissed(
    open_page: Open, store: Store
) -> None:
    made = open_target(store, "user:ada", Target(name="Set"))
    id_ = left_behind(store, "file", made.dataset_id, {"name": "cases.csv"}, rows=19)
    app = open_page("datasets", dataset=str(made.dataset_id))
    text = text_of(app)
    assert "Stopped at 20 of 60 by a restart. 19 rows of it are in the draft." in text
    assert "bring it in anew" in text
    assert not [one for one in app.button if one.label == "Go on"]
    app = app.button(key=f"forget-job-{id_}").click().run()
    assert "by a restart" not in text_of(app)


def test_a_change_of_requests_goes_on_with_a_click_on_the_logs_page(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    ids = sorted(seeded)
    first = bulk_jobs.start(store, "user:ada", Selection(frozenset(ids[:20])), Starring())
    assert first.wait(60)
    assert first.outcome is not None
    spec = {
        "action": "star",
        "asked": {"starred": True},
        "selection": Selection(frozenset(ids)).to_json(),
    }
    told = {"id": first.outcome.id, "last": ids[19], "changed": 20}
    store.change_beside(
        lambda cursor: cursor.execute(
            "UPDATE jobs SET state = 'running', planned = 60, spec = ?, outcome = ? WHERE id = ?",
            [orjson.dumps(spec).decode(), orjson.dumps(told).decode(), first.id],
        )
    ).result()
    del jobs_of(store)._live[first.id]
    app = open_page("logs")
    assert "Starred** · Stopped at 20 of 60 by a restart" in text_of(app)
    app = app.button(key=f"go-on-job-{first.id}").click().run()
    live = jobs_of(store).live(first.id)
    assert live is not None
    assert live.wait(60)
    assert "Starred 60 requests" in text_of(app.run())
