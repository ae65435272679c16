"""The Evaluations page: empty, with a grid that has run, and the ways into it."""

from __future__ import annotations

from typing import TypeVar

import pytest

from tests.evals.grids import ACTOR, add_dataset, regex, wait
from tests.ui.conftest import Open, text_of
from workbench.evals import grids, running
from workbench.evals.grids import NewColumn
from workbench.store.store import Store

T = TypeVar("T")
MARK = "<script>alert(1)</script>"
RATING = NewColumn(
    "rating",
    "HUMAN",
    {"data_type": "number", "ui_element": {"type": "slider", "min": 1, "max": 5}},
)


@pytest.fixture
def dataset(store: Store) -> int:
    """120 rows; "question" of even rows has an "a" in it."""
    rows = [
        {"question": f"{'answer' if n % 2 == 0 else 'help'} {n} {MARK}", "price": n}
        for n in range(1, 121)
    ]
    return add_dataset(store, rows, ["question", "price"], f"Cases {MARK}")


@pytest.fixture
def evaluation(store: Store, dataset: int) -> tuple[int, int]:
    """A grid that has run: a regex that half of the rows fulfil, an echo's text, a rating."""
    columns = [
        regex("has answer", "question", "answer"),
        NewColumn("words", "COUNT", {"source": "question", "type": "words"}),
        NewColumn("broken", "JSON_PATH", {"source": "question", "json_path": "$.a"}),
        RATING,
    ]
    made = grids.create(
        store,
        ACTOR,
        f"Grid {MARK}",
        dataset_id=dataset,
        columns=columns,
        score={"columns": ["has answer"]},
    )
    running.start(store, ACTOR, made[1])
    wait(store, made[1])
    return made


def test_probe(open_page: Open, evaluation: tuple[int, int]) -> None:
    app = open_page("evaluations")
    print(text_of(app))
    for tab in ("Grid", "Score", "Runs"):
        app = open_page("evaluations", evaluation=str(evaluation[0]), tab=tab)
        print(text_of(app)[-1800:])
    app = open_page("evaluations", evaluation=str(evaluation[0]), cell="3:broken")
    print(text_of(app)[-1500:])
    app = open_page("evaluations", evaluation=str(evaluation[0]), cell="3:rating")
    app = open_page("evaluations", evaluation=str(evaluation[0]), cell="3:question")
    app = open_page("evaluations", evaluation=str(evaluation[0]), rate="rating")
    print(text_of(app)[-1500:])
    app = open_page("evaluations", new="judge")
    print(text_of(app)[-1500:])
