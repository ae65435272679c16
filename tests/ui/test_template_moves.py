"""Wherever a release label moves, the difference and the preflight are in sight before it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.store.samples import some_request
from tests.ui.conftest import Open, press, send, text_of
from workbench.registry import finding, labels, publishing
from workbench.registry.publishing import Draft
from workbench.store.store import Store


def publish(store: Store, text: str, **more: Any) -> int:
    prompt = {"type": "chat", "messages": [{"role": "user", "content": text}], **more}
    draft = Draft(name="answer", prompt=prompt)
    return publishing.publish(store, "user:ada", draft).template.id


@pytest.fixture
def template(store: Store) -> int:
    """Two versions, `prod` at the first, and 60 logged requests without a value for `city`."""
    id_ = publish(store, "Hello {name}")
    publish(store, "Hello {name} of {city}")
    labels.move_label(store, "user:ada", id_, "prod", 1)
    for number in range(60):
        at = datetime.now(UTC) - timedelta(minutes=number)
        values = {"name": f"n{number}"}
        request = some_request(
            raw=f"{number}", started_at=at, ended_at=at, prompt_id=id_, input_variables=values
        )
        store.add(request).result()
    return id_


def tab(open_page: Open, template: int) -> AppTest:
    return open_page("templates", template=str(template), tab="Labels")


def where(store: Store, template: int) -> list[tuple[str, int]]:
    return [(one.name, one.number) for one in labels.labels(store.connection, template)]


def test_a_move_shows_missing_and_new_variables_and_tries_as_many_as_asked(
    open_page: Open, template: int
) -> None:
    app = press(tab(open_page, template), "Move…")
    shown = text_of(app)
    assert "<ins> of {city}</ins>" in shown
    assert "50 of 50 logged requests lack a value for city" in shown
    assert "New variables: city." in shown
    assert "Without a value: city (50 requests)." in shown
    app.selectbox(key="preflight-last-move").set_value(200)
    press(app, "Move…")
    assert "60 of 60 logged requests lack a value for city" in text_of(app)


def test_a_failing_preflight_still_says_what_is_missing(
    open_page: Open, template: int, store: Store
) -> None:
    publish(store, 'Hello {city} {"a": {name}')
    app = press(tab(open_page, template), "Move…")
    shown = text_of(app)
    assert "would not render with version 3" in shown
    assert "New variables: city." in shown
    assert "Without a value: city (50 requests)." in shown
    assert shown.count("<li>Request ") == 5


def test_moving_back_takes_one_click_in_a_dialog_with_difference_and_preflight(
    open_page: Open, template: int, store: Store
) -> None:
    labels.move_label(store, "user:ada", template, "prod", 2)
    app = press(tab(open_page, template), "Back to 1…")
    shown = text_of(app)
    assert "goes from version 2 back to version 1" in shown
    assert "<del> of {city}</del>" in shown
    assert "All 50 logged requests render with version 1" in shown
    press(app, "Back to 1…", "Move back to 1")
    assert where(store, template) == [("prod", 1)]


def type_text(app: AppTest, text: str) -> None:
    box = next(
        each for each in app.get("bidi_component") if str(each.key).startswith("text-template")
    )
    send(app, str(box.key), "edit", {"text": text, "number": 1})


def test_saving_with_a_label_shows_what_the_label_serves_and_a_preflight(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    type_text(app, "Good day {name}")
    press(app, "Save…")
    app.multiselect(key="save-labels").set_value(["prod"])
    press(app, "Save…")
    shown = text_of(app)
    # Once against version 2, which it was made from, and once against version 1, which prod serves.
    assert "<del>Hello</del><ins>Good day</ins>" in shown
    assert "<del>Hello {name} of {city</del><ins>Good day {name</ins>}" in shown
    assert "Settings" not in shown
    assert "All 50 logged requests render with version 3." in shown
    app.multiselect(key="save-labels").set_value(["prod"])
    press(app, "Save…", "Save version 3")
    assert where(store, template) == [("prod", 3)]


def test_without_a_login_protecting_says_who_can_approve(open_page: Open, template: int) -> None:
    app = press(tab(open_page, template), "Protect…")
    assert "everyone at its pages counts as one" in text_of(app)
    assert any("prompts approve" in one.value for one in app.code)


def test_the_approver_sees_difference_and_preflight_and_the_one_who_asked_cannot_approve(
    open_page: Open, template: int, store: Store
) -> None:
    labels.protect(store, "user:ada", "prod", template)
    labels.move_label(store, "key:ci", template, "prod", 2, "calmer")
    app = press(tab(open_page, template), "Review…")
    shown = text_of(app)
    assert "key:ci asks: <strong>move prod: 1 → 2</strong> (calmer)" in shown
    assert "<ins> of {city}</ins>" in shown
    assert "Preflight." in shown
    press(app, "Review…", "Approve")
    assert where(store, template) == [("prod", 2)]
    labels.move_label(store, "page", template, "prod", 1)
    mine = press(tab(open_page, template), "Look…")
    assert "Approve" not in {button.label for button in mine.button}
    [waiting] = labels.waiting(store.connection, template)
    assert any(f"prompts approve {waiting.id}" in one.value for one in mine.code)
    press(mine, "Look…", "Withdraw")
    assert labels.waiting(store.connection, template) == []


def test_a_clash_shows_theirs_and_yours_from_the_same_version_tools_and_settings_too(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    type_text(app, "Bye {whom}")
    tool = {"type": "function", "function": {"name": "search"}}
    publish(store, "Hello {name} of {town}", tools=[tool])
    press(app, "Save…")
    shown = text_of(app)
    assert "**Both of you changed** message 1." in shown
    assert "Theirs · version 2 → 3" in shown
    assert "Yours · version 2 → draft" in shown
    assert "Input variables new: town. Input variables gone: city." in shown
    assert "Input variables new: whom. Input variables gone: name, city." in shown
    assert "Tool <strong>search</strong>: new" in shown
    assert "What saving yours would change in version 3" in {one.label for one in app.expander}
    press(app, "Save…", "Save mine after it")
    press(app, "Save…", "Save version 4")
    _, saved = finding.version(store.connection, template)
    assert (saved.number, saved.prompt["messages"][0]["content"][0]["text"]) == (4, "Bye {whom}")
