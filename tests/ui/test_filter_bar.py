"""The filter of the Logs page: line, completion, form, chips, and what an empty result says."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from streamlit.testing.v1 import AppTest

from tests.seed import row, seed
from tests.ui.conftest import Open, html_of, search, send, text_of
from tests.ui.test_logs import numbers
from workbench.filters import Condition, Filter, parse_text, to_text
from workbench.store import text_scan, text_search
from workbench.store.store import Store
from workbench.store.text_scan import Pace
from workbench.ui import found
from workbench.ui.empty import loosened

pytestmark = pytest.mark.usefixtures("seeded")


def button(app: AppTest, start: str) -> Any:
    return next(each for each in app.button if each.label.replace("\\", "").startswith(start))


def chips(app: AppTest) -> list[str]:
    return [
        each.label.replace("\\", "")
        for each in app.button
        if each.key and each.key.startswith("remove-")
    ]


def box(app: AppTest) -> dict[str, Any]:
    (component,) = (each for each in app.get("bidi_component") if each.key == "search-box")
    data = orjson.loads(component.proto.json)
    assert isinstance(data, dict)
    return data


def ask(app: AppTest, text: str) -> list[tuple[str, str]]:
    """What is offered at the end of a line: what would be inserted, and the count or help."""
    app = send(app, "search-box", "ask", {"id": 7, "text": text, "caret": len(text)})
    completion = box(app)["completion"]
    assert completion["id"] == 7
    return [(each["insert"], each["detail"]) for each in completion["options"]]


def test_the_box_shows_the_filter_of_the_link_without_the_time_preset(open_page: Open) -> None:
    app = open_page("logs", f="last:7d model:gpt-4o-mini -tag:dev parcel")
    assert box(app)["text"] == "model:gpt-4o-mini -tag:dev parcel"
    presets: Any = app.get("button_group")[0]
    assert presets.value == "7d"


def test_what_the_browser_had_chosen_before_a_search_does_not_undo_the_time_it_names(
    open_page: Open,
) -> None:
    app = open_page("logs")
    chosen_before = app._tree.get_widget_states()
    app = search(app, "model:gpt-4o-mini time:tuesday")
    asked = app.query_params["f"]
    assert "time:" in str(asked)
    # The next click comes from a browser that has not drawn the answer yet.
    app._run(chosen_before)
    assert app.query_params["f"] == asked


def test_a_line_replaces_the_filter_and_keeps_the_time_preset(open_page: Open) -> None:
    app = search(open_page("logs", f="last:30d tag:dev"), "status:error parcel")
    assert app.query_params["f"] == "last:30d status:error parcel"
    app = search(app, "last:90m")
    assert app.query_params["f"] == "last:90m"
    app = search(app, "")
    assert "f" not in app.query_params


def test_values_are_offered_with_the_counts_under_the_rest_of_the_line(open_page: Open) -> None:
    app = open_page("logs")
    assert ask(app, "model:")[0] == ("claude-sonnet-4-5", "20")
    assert dict(ask(app, "status:error model:")) == {
        "claude-sonnet-4-5": "2",
        "gpt-4o-mini": "2",
        "mistral-small": "2",
    }
    assert ask(app, "model:MINI") == [("gpt-4o-mini", "20")]
    assert ask(app, "metadata.u") == [("user_id:", "60")]
    assert ask(app, "metadata.user_id:")[0] == ("0", "9")
    assert ask(app, "tag:prod sta")[0][0] == "status:"
    assert ("model:gpt-4o-mini", "20") in ask(app, "gpt")


def test_values_are_offered_also_while_the_rest_cannot_be_read(open_page: Open) -> None:
    app = open_page("logs", f="status:error")
    assert dict(ask(app, "modle:x model:"))["gpt-4o-mini"] == "2"


@pytest.mark.parametrize("hostile", [None, 5, "x", {"text": 3}, {"text": "a", "caret": "z"}, {}])
def test_what_no_box_of_ours_would_say_changes_nothing(open_page: Open, hostile: Any) -> None:
    app = open_page("logs")
    for event in ("ask", "search", "other"):
        app = send(app, "search-box", event, hostile)
        assert not app.exception
    assert numbers(app) == list(range(25))


def test_a_mistake_is_shown_at_its_place_with_a_line_that_would_do(open_page: Open) -> None:
    app = search(open_page("logs", f="tag:dev"), "tag:prod modle:gpt-4o-mini")
    assert "column 10" in app.warning[0].value
    assert "Did you mean model?" in app.warning[0].value
    marked = next(each.proto.body for each in app.get("html") if "wb-marked" in each.proto.body)
    assert marked == ('<pre class="wb-mono wb-marked">tag:prod modle:gpt-4o-mini\n         ^</pre>')
    assert box(app)["text"] == "tag:prod modle:gpt-4o-mini"
    assert box(app)["wrong"] is True
    assert app.query_params["f"] == "tag:dev"
    app = button(app, "Search for tag:prod model:gpt-4o-mini instead").click().run()
    assert app.query_params["f"] == "tag:prod model:gpt-4o-mini"
    assert not app.warning
    assert box(app)["wrong"] is False


def test_a_mistaken_line_can_be_discarded(open_page: Open) -> None:
    app = search(open_page("logs", f="tag:dev"), '<script>:"')
    assert "<script" not in str(html_of(app))
    app = button(app, "Discard").click().run()
    assert box(app)["text"] == "tag:dev"
    assert not app.warning


def test_each_condition_and_each_word_is_a_chip_that_can_be_taken_out(open_page: Open) -> None:
    app = open_page("logs", f='last:7d tag:dev (model:a OR status:error) parcel "on its way"')
    assert chips(app) == [
        "tag has dev",
        "model is a or status is error",
        "text contains parcel",
        'text contains "on its way"',
    ]
    app = button(app, "model is a or").click().run()
    assert app.query_params["f"] == 'last:7d tag:dev parcel "on its way"'
    app = button(app, "text contains parcel").click().run()
    assert app.query_params["f"] == 'last:7d tag:dev "on its way"'
    app = button(app, "Clear all").click().run()
    assert app.query_params["f"] == "last:7d"
    assert chips(app) == []


def test_a_chip_can_be_turned_round(open_page: Open) -> None:
    app = open_page("logs", f="tag:dev посылка")
    inverts = [each for each in app.button if each.key and each.key.startswith("invert-")]
    app = inverts[0].click().run()
    assert app.query_params["f"] == "-tag:dev посылка"
    inverts = [each for each in app.button if each.key and each.key.startswith("invert-")]
    app = inverts[1].click().run()
    assert app.query_params["f"] == "-tag:dev -text:посылка"
    assert all(number % 2 and number % 5 != 4 for number in numbers(app))


def test_markdown_in_a_value_is_text_on_its_chip(open_page: Open) -> None:
    app = open_page("logs", f='tag:"**[x](http://evil.example)** :red[a]"')
    label = next(each.label for each in app.button if each.key and "remove-" in each.key)
    assert "\\*\\*\\[x\\]\\(http" in label
    assert "\\:red\\[a\\]" in label


def open_form(open_page: Open, line: str = "") -> AppTest:
    app = open_page("logs", f=line) if line else open_page("logs")
    app.session_state["filter-popover"] = True
    return app.run()


def test_the_text_fills_the_form_and_the_form_writes_the_text(open_page: Open) -> None:
    app = open_form(open_page, "model:gpt-4o-mini latency>400ms (tag:dev OR status:error)")
    fields = [each.value for each in app.selectbox if each.label == "Field"]
    assert fields == ["engine", "latency_ms", "tags", "status"]
    value = next(each for each in app.text_input if each.label == "Value")
    assert value.value == "400ms"
    app = value.set_value("0.5s").run()
    app = app.button(key="form-apply").click().run()
    assert app.query_params["f"] == "model:gpt-4o-mini latency>500ms (tag:dev OR status:error)"


def test_an_untouched_form_changes_nothing_and_keeps_what_it_cannot_show(open_page: Open) -> None:
    line = "tag:dev parcel (status:error OR (model:a cost>1)) metadata.user_id:3 score.tone>2"
    app = open_form(open_page, line)
    assert "(status:error OR (model:a cost>1))" in text_of(app)
    app = app.button(key="form-apply").click().run()
    assert parse_text(app.query_params["f"]).terms == ("parcel",)
    assert set(parse_text(app.query_params["f"]).items) == set(parse_text(line).items)


def test_an_empty_form_offers_values_with_counts(open_page: Open) -> None:
    app = open_form(open_page)
    models = next(each for each in app.multiselect if each.label == "Values")
    assert "gpt-4o-mini (20)" in models.options
    app = models.set_value(["gpt-4o-mini", "mistral-small"]).run()
    app = app.button(key="form-apply").click().run()
    assert app.query_params["f"] == "model:gpt-4o-mini,mistral-small"


def test_rows_are_added_and_taken_out(open_page: Open) -> None:
    app = open_form(open_page, "tag:dev model:gpt-4o-mini")
    out = next(each for each in app.button if each.key and each.key.startswith("form-out-"))
    app = out.click().run()
    app = app.button(key="form-either").click().run()
    fields = [each for each in app.selectbox if each.label == "Field"]
    assert [each.value for each in fields] == ["engine", "engine", "engine"]
    app = fields[1].set_value("cost").run()
    app = [each for each in app.selectbox if each.label == "Field"][2].set_value("is_json").run()
    value = next(each for each in app.text_input if each.label == "Value")
    app = value.set_value("0.5").run()
    app = app.button(key="form-apply").click().run()
    assert app.query_params["f"] == "model:gpt-4o-mini (cost:0.5 OR is:json)"


def test_a_mistake_in_the_form_names_its_row_and_keeps_the_draft(open_page: Open) -> None:
    app = open_form(open_page, "tag:dev latency>2s")
    value = next(each for each in app.text_input if each.label == "Value")
    app = value.set_value("soon").run()
    app = app.button(key="form-apply").click().run()
    assert app.warning[0].value.startswith("Latency: ")
    assert app.query_params["f"] == "tag:dev latency>2s"
    assert next(each for each in app.text_input if each.label == "Value").value == "soon"


def test_nothing_matches_names_what_excludes_most_and_drops_it(open_page: Open) -> None:
    app = open_page("logs", f='provider:anthropic status:error "no such words"')
    assert "Without one filter there would be 2 requests" in text_of(app)
    drop = app.button(key="drop-filter")
    assert drop.label.replace("\\", "") == 'Drop: text contains "no such words"'
    app = drop.click().run()
    assert app.query_params["f"] == "provider:anthropic status:error"
    assert len(numbers(app)) == 2


def test_the_time_preset_too_can_be_what_excludes_most(open_page: Open, store: Store) -> None:
    app = open_page("logs", f="last:1h tag:prod model:mistral-small")
    assert app.button(key="drop-filter").label == "Drop: last hour"
    app = app.button(key="drop-filter").click().run()
    assert app.query_params["f"] == "tag:prod model:mistral-small"
    assert numbers(app)


def similar(app: AppTest) -> list[str]:
    named = [each for each in app.button if (each.key or "").startswith("similar-")]
    return [each.label.replace("\\", "") for each in named]


def unknown(app: AppTest) -> list[str]:
    bodies = [each.proto.body for each in app.get("html")]
    tags = re.compile("<div>|</div>|<bdi>|</bdi>")
    return [html.unescape(tags.sub("", each)) for each in bodies if each.startswith("<div>No ")]


def test_a_value_that_no_request_has_is_named_with_similar_ones(open_page: Open) -> None:
    app = open_page("logs", f="model:gpt4o-mini tag:prod")
    assert unknown(app) == ['No model is called exactly "gpt4o-mini".']
    assert similar(app) == ["gpt-4o-mini"]
    app = app.button(key="similar-0-0").click().run()
    assert app.query_params["f"] == "model:gpt-4o-mini tag:prod"
    assert numbers(app)
    assert unknown(app) == similar(app) == []


@pytest.mark.parametrize(
    ("line", "sentence", "near", "then"),
    [
        ("tag:Prod", 'No tag is called exactly "Prod".', "prod", "tag:prod"),
        (
            "prompt:support-answers",
            'No prompt of a request is called exactly "support-answers".',
            "support/answer",
            "prompt:support/answer",
        ),
        (
            "provider:antropic",
            'No provider is called exactly "antropic".',
            "anthropic",
            "provider:anthropic",
        ),
        (
            "meta.session_id:S2",
            'No metadata "session_id" is exactly "S2".',
            "s2",
            "metadata.session_id:s2",
        ),
        (
            "meta.sesion_id:s2",
            'No metadata key is called exactly "sesion_id".',
            "session_id",
            "metadata.session_id:s2",
        ),
    ],
)
def test_every_field_with_exact_names_offers_similar_ones(
    open_page: Open, line: str, sentence: str, near: str, then: str
) -> None:
    app = open_page("logs", f=line)
    assert unknown(app) == [sentence]
    assert similar(app)[0] == near
    app = app.button(key="similar-0-0").click().run()
    assert app.query_params["f"] == then
    assert numbers(app)


def test_values_that_some_request_has_are_not_blamed(open_page: Open) -> None:
    app = open_page("logs", f="last:1h model:mistral-small tag:prod")
    assert "Nothing matches" in text_of(app)
    assert unknown(app) == []


def test_a_value_like_no_other_is_named_alone(open_page: Open) -> None:
    app = open_page("logs", f="model:zzz")
    assert unknown(app) == ['No model is called exactly "zzz".']
    assert similar(app) == []


def test_hostile_values_are_named_and_offered_as_text(open_page: Open, store: Store) -> None:
    evil = "<img src=x onerror=alert(1)> *a* $x$"
    store.add(row(1, datetime.now(UTC), model=evil)).result()
    asked = evil.replace("img", "image")
    app = open_page("logs", f=to_text(Filter().with_condition(Condition("engine", "is", asked))))
    assert "<img" not in text_of(app)
    assert "<image" not in text_of(app)
    assert unknown(app) == [f'No model is called exactly "{asked}".']
    assert similar(app) == [evil]
    offered = app.button(key="similar-0-0")
    assert "\\<img" in offered.label
    app = offered.click().run()
    assert len(numbers(app)) == 1


def test_every_part_of_a_filter_is_tried_out() -> None:
    line = "last:7d tag:a (model:b OR model:c) one two"
    ways = loosened(parse_text(line))
    assert [words for words, _ in ways] == [
        "tag has a",
        "model is b or model is c",
        "text contains one",
        "text contains two",
        "last 7 days",
    ]
    assert all(rest != Filter() for _, rest in ways)


def test_a_search_says_what_it_searched(open_page: Open) -> None:
    app = open_page("logs", f="посылка")
    assert "**12** requests" in text_of(app)
    assert "searched the texts of 60 requests" in text_of(app)


def test_a_search_that_ran_out_of_time_says_how_far_it_came_and_goes_on(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        text_scan, "PACE", Pace(first=20, second=20, growth=1, by_id=20, scattered=1e9)
    )
    monkeypatch.setattr(found, "FINISH_SECONDS", -1.0)
    real = text_search.slices

    def one_step(*args: Any, **fields: Any) -> Any:
        steps = real(*args, **fields)
        for number, reach in enumerate(steps):
            yield reach
            if number == 1:
                return

    monkeypatch.setattr(text_search, "slices", one_step)
    app = open_page("logs", f="#45")
    shown = text_of(app)
    assert "**at least 0** requests · searched the texts of 20 of 60, back to" in shown
    assert "Nothing found yet" in shown
    app = button(app, "Go on: search 40 older requests").click().run()
    assert "searched the texts of 40 of 60" in text_of(app)
    app = button(app, "Go on").click().run()
    assert numbers(app) == [45]
    assert "**1** request ·" in text_of(app)


def test_the_count_is_exact_in_the_end_although_the_page_came_first(
    open_page: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        text_scan, "PACE", Pace(first=30, second=30, growth=1, by_id=30, scattered=1e9)
    )
    seed(store, datetime.now(UTC), 120)
    for number in range(3):
        store.add(row(500 + number, datetime.now(UTC), input_text="parcel")).result()
    app = open_page("logs", f="way")
    assert numbers(app)[:2] == [0, 0]
    shown = text_of(app)
    assert "**183** requests" in shown
    assert "searched the texts of 183 requests" in shown


def test_facets_count_what_the_finished_search_found(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Pace(first=30, second=30, growth=1, by_id=30, scattered=1e9)
    monkeypatch.setattr(text_scan, "PACE", pace)
    app = open_page("logs", f="way")
    (panel,) = (each for each in app.get("bidi_component") if each.key == "facets-panel")
    shown = orjson.loads(panel.proto.json)["facets"]
    counts = {value["label"]: value["count"] for facet in shown for value in facet["values"]}
    assert counts["gpt-4o-mini"] == 20
