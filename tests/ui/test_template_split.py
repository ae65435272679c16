"""The form of an A/B release: its lines become shares and segments, or say what is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.conftest import Open, press, text_of
from workbench.jsontext import FieldError
from workbench.registry import ab, labels, publishing
from workbench.registry.ab import Release, Segment, Share
from workbench.registry.publishing import Draft
from workbench.store.store import Store
from workbench.ui.template_split import COLUMNS, read_release, rows_of


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
        (
            [line(1, 50, "b", "plan", "pro"), line(2, 50, "b", "plan", "free")],
            "the segment b has plan twice",
        ),
    ],
)
def test_an_unfinished_line_is_named(rows: list[dict[Any, Any]], reason: str) -> None:
    with pytest.raises(FieldError, match=reason):
        read_release("prod", rows, None)


def test_a_segment_may_ask_for_several_keys() -> None:
    rows = [
        line(1, 100),
        line(2, 60, "staff", "team", 'internal, "a, b"'),
        line(1, 40, "staff", "plan", "pro"),
        {"Segment": "staff", "Metadata key": "beta", "Values": "yes"},
    ]
    found = read_release("prod", rows, None)
    [staff] = found.segments
    assert staff.when == {"team": ("internal", "a, b"), "plan": ("pro",), "beta": ("yes",)}
    assert [share.number for share in staff.shares] == [2, 1]
    ab.check(found)


names = st.text("abcz é-_", min_size=1, max_size=6).map(str.strip).filter(bool)
values = st.text('abz ,"é', min_size=1, max_size=6).map(str.strip).filter(bool)


@given(
    st.lists(names, min_size=1, max_size=3, unique=True),
    st.dictionaries(names, st.lists(values, min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True),
)
def test_a_running_release_comes_back_from_the_form_as_it_is(
    segments: list[str], when: dict[str, list[str]], numbers: list[int]
) -> None:
    shares = tuple(Share(number, Decimal(str(float(at)))) for at, number in enumerate(numbers))
    asked = {key: tuple(each) for key, each in when.items()}
    release = Release("prod", shares, tuple(Segment(one, asked, shares) for one in segments), "u")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in rows_of(release)]
    assert read_release("prod", rows, "u") == release


def test_a_running_release_is_changed_with_the_difference_of_each_version_in_sight(
    open_page: Open, store: Store
) -> None:
    for text in ("one {a}", "two {a}"):
        prompt = {"type": "chat", "messages": [{"role": "user", "content": text}]}
        done = publishing.publish(store, "user:ada", Draft(name="split", prompt=prompt))
    id_ = done.template.id
    labels.move_label(store, "user:ada", id_, "prod", 1)
    ab.start(store, "user:ada", id_, read_release("prod", [line(1, 75.0), line(2, 25.0)], "user"))
    app = open_page("templates", template=str(id_), tab="Labels")
    press(app, "Change…")
    shown = text_of(app)
    assert "Version 1 is what prod serves by itself." in shown
    assert "<del>one</del><ins>two</ins>" in shown
    assert "Preflight." in shown
    next(one for one in app.text_input if one.label.startswith("Same version")).set_value("team")
    app.button(key="split-start").click()
    press(app, "Change…")
    running = [one for one in ab.releases(store.connection, id_) if one.is_running]
    assert [one.sticky_key for one in running] == ["team"]


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
