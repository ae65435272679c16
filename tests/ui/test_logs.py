"""Logs, empty, filtered and with an open request. What is on the screen is in the link."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from tests.seed import row
from tests.ui.conftest import Open, search, text_of
from workbench.store import requests
from workbench.store.store import Store


def inputs(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["Input"])


def numbers(app: AppTest) -> list[int]:
    return [int(text.rsplit("#", 1)[1]) for text in inputs(app)]


def test_an_empty_store_points_to_home(open_page: Open) -> None:
    assert "Nothing has been logged yet" in text_of(open_page("logs"))


def test_the_newest_page_comes_first_with_an_exact_count(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("logs")
    assert numbers(app) == list(range(25))
    assert "**60** requests" in text_of(app)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("status:error", [9, 19, 29, 39, 49, 59]),
        ("provider:anthropic tag:prod", [1, 7, 13, 19, 25, 31, 37, 43, 49, 55]),
        ("metadata.user_id:3 prompt:support/answer", [3, 10, 17, 24, 31, 38, 45, 52, 59]),
        ('"荷物はどこ" #12', [12]),
        ("посылка #4", [4]),
        ("посылка -tag:dev #49", [49]),
    ],
)
def test_a_link_shows_what_its_filter_finds(
    open_page: Open, seeded: list[int], link: str, expected: list[int]
) -> None:
    found = numbers(open_page("logs", f=link))
    assert [number for number in found if number in expected] == expected
    if "#" not in link:
        assert found == expected


def test_pages_follow_each_other_and_the_link_names_the_place(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("logs")
    older = next(button for button in app.button if button.label == "Older")
    app = older.click().run()
    assert numbers(app) == list(range(25, 50))
    place = app.query_params["from"]
    again = open_page("logs", **{"from": place})
    assert numbers(again) == list(range(25, 50))
    newer = next(button for button in app.button if button.label == "Newer")
    app = newer.click().run()
    assert numbers(app) == list(range(25))
    assert "from" not in app.query_params


def test_pages_stay_put_while_requests_arrive(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = open_page("logs")
    store.add(
        row(100, datetime.now(UTC), started_at=datetime.now(UTC), ended_at=datetime.now(UTC))
    ).result()
    app.run()
    assert numbers(app) == list(range(25))
    assert "**60** requests" in text_of(app)
    offered = next(button for button in app.button if button.label == "1 new request")
    app = offered.click().run()
    assert numbers(app)[0] == 100


def test_a_search_becomes_chips_and_a_chip_can_be_taken_out(
    open_page: Open, seeded: list[int]
) -> None:
    app = search(open_page("logs"), "status:error посылка")
    assert numbers(app) == [9, 19, 29, 39, 49, 59]
    assert app.query_params["f"] == "status:error посылка"


def test_a_search_that_cannot_be_read_says_where_and_keeps_the_list(
    open_page: Open, seeded: list[int]
) -> None:
    app = search(open_page("logs"), "latency>soon")
    assert app.warning
    assert "column" in app.warning[0].value
    assert numbers(app) == list(range(25))


def test_a_link_that_cannot_be_read_is_said_and_not_guessed_at(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("logs", f="latency>soon")
    assert "cannot be read" in app.error[0].value
    assert not app.dataframe
    app = next(b for b in app.button if b.label == "Show all requests").click().run()
    assert numbers(app) == list(range(25))


def test_nothing_matches_names_the_filter_that_excludes_most(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("logs", f="model:gpt-4o-mini tag:nowhere")
    shown = text_of(app)
    assert "Nothing matches" in shown
    assert "there would be 20 requests" in shown
    drop = next(button for button in app.button if button.label.startswith("Drop:"))
    assert "nowhere" in drop.label
    assert len(numbers(drop.click().run())) == 20


@pytest.mark.parametrize("hostile", ["abc", "1-2-3", "-1", "9" * 40 + "-1", "../../etc"])
def test_a_place_that_is_none_shows_the_newest(
    open_page: Open, seeded: list[int], hostile: str
) -> None:
    assert numbers(open_page("logs", **{"from": hostile})) == list(range(25))


def test_an_open_request_is_drawn_as_a_conversation(open_page: Open, seeded: list[int]) -> None:
    app = open_page("logs", request=str(seeded[20]))
    shown = text_of(app)
    assert "Where is my parcel? #20" in shown
    assert "On its way, 20." in shown
    assert "tool call · track_parcel" in shown
    assert any('"parcel"' in tree.value for tree in app.json)


def test_the_next_request_is_one_key_away_also_over_the_edge_of_a_page(
    open_page: Open, seeded: list[int]
) -> None:
    app = open_page("logs", request=str(seeded[24]))
    app = app.button(key="go-j").click().run()
    assert app.query_params["request"] == str(seeded[25])
    assert 25 in numbers(app)
    app = app.button(key="go-k").click().run()
    assert app.query_params["request"] == str(seeded[24])


def test_closing_returns_to_the_list(open_page: Open, seeded: list[int]) -> None:
    app = open_page("logs", request=str(seeded[3]))
    app = app.button(key="close").click().run()
    assert "request" not in app.query_params
    assert numbers(app) == list(range(25))


def test_a_request_that_is_not_there_is_said(open_page: Open, seeded: list[int]) -> None:
    assert "There is no such request" in text_of(open_page("logs", request="12345"))


def test_a_failed_request_shows_its_error_in_full(open_page: Open, seeded: list[int]) -> None:
    app = open_page("logs", request=str(seeded[9]))
    assert app.error[0].value == "Provider timeout"
    assert "The provider took too long" in text_of(app)


def test_details_show_the_cost_and_who_stated_it(open_page: Open, seeded: list[int]) -> None:
    shown = text_of(open_page("logs", request=str(seeded[2]), view="Details"))
    assert "$2.00, as the caller stated it." in shown
    assert "support/answer version 1" in shown


def test_scores_tags_and_metadata_can_be_edited(
    open_page: Open, store: Store, seeded: list[int]
) -> None:
    app = open_page("logs", request=str(seeded[2]), view="Details")
    tags = app.multiselect(key=f"tags-{seeded[2]}")
    app = tags.set_value(["dev", "prod"]).run()
    next(each for each in app.text_input if each.label == "Score name").set_value("tone")
    next(each for each in app.number_input if each.label.startswith("Score")).set_value(70)
    app = next(button for button in app.button if button.label == "Save score").click().run()
    kept = requests.get(store.connection, seeded[2])
    assert kept is not None
    assert kept.summary.tags == ["dev", "prod"]
    assert [(score.name, score.value, score.actor) for score in kept.scores] == [
        ("tone", 70.0, "page")
    ]


def test_hostile_text_is_drawn_as_text(open_page: Open, store: Store) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)> ![x](http://evil.example/a.png)"
    now = datetime.now(UTC)
    message = {"role": "user", "content": [{"type": "text", "text": evil}], "name": evil}
    changes = {"prompt": {"type": "chat", "messages": [message]}, "output": [], "model": evil}
    id_ = store.add(row(1, now, **changes)).result().id
    for view in ("Conversation", "Details", "Raw"):
        app = open_page("logs", request=str(id_), view=view)
        for html in app.get("html"):
            if html.proto.unsafe_allow_javascript:
                # The listener for keys, which holds nothing that was logged.
                assert "alert" not in html.proto.body
                continue
            assert "<script" not in html.proto.body
            assert "<img" not in html.proto.body
