"""The form of an A/B release: its lines become shares and segments, or say what is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.ui.conftest import Open, text_of
from workbench.jsontext import FieldError
from workbench.registry import ab, publishing
from workbench.registry.ab import Release, Segment, Share
from workbench.registry.publishing import Draft
from workbench.store.store import Store
from workbench.ui.template_split import read_release


def line(number: Any, percent: Any, *segment: str | None) -> dict[Any, Any]:
    name, key, values = segment or (None, None, None)
    return {
        "Segment": name,
        "Metadata key": key,
        "Values": values,
        "Version": number,
        "Percent": percent,
    }


def test_lines_become_shares_and_segments() -> None:
    rows = [
        line(1, 90.0),
        line(2.0, 10.0),
        line(2, 100, "beta", "plan", "pro, team"),
    ]
    assert read_release("prod", rows, "user_id") == Release(
        "prod",
        (Share(1, Decimal("90.0")), Share(2, Decimal("10.0"))),
        (Segment("beta", {"plan": ("pro", "team")}, (Share(2, Decimal(100)),)),),
        "user_id",
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([line(None, 100.0)], "line 1"),
        ([line(1, float("nan"))], "line 1"),
        ([line(1, 100.0), line(1, 100, "beta", "plan", "")], "line 2"),
        ([line(1, 50, "b", "plan", "pro"), line(2, 50, "b", "plan", "free")], "two conditions"),
    ],
)
def test_an_unfinished_line_is_named(rows: list[dict[Any, Any]], reason: str) -> None:
    with pytest.raises(FieldError, match=reason):
        read_release("prod", rows, None)


def test_a_running_release_is_shown_and_ends_on_a_click(open_page: Open, store: Store) -> None:
    for text in ("one {a}", "two {a}"):
        prompt = {"type": "chat", "messages": [{"role": "user", "content": text}]}
        done = publishing.publish(store, "user:ada", Draft(name="split", prompt=prompt))
    release = read_release("prod", [line(1, 75.0), line(2, 25.0)], "user_id")
    ab.start(store, "user:ada", done.template.id, release)
    app = open_page("templates", template=str(done.template.id), tab="Labels")
    assert "version 1 75 %, version 2 25 % · the same for the same user_id" in text_of(app)
    next(button for button in app.button if button.label == "End").click()
    app.run()
    assert not [each for each in ab.releases(store.connection, done.template.id) if each.is_running]
