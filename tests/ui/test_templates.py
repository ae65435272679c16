"""Prompts: the list, the editor with what the parser sees, versions, labels."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, press, send, text_of
from workbench.registry import finding, labels, publishing, templates
from workbench.registry.publishing import Draft
from workbench.store import drafts
from workbench.store.store import Store

JSON_EXAMPLE = 'Answer like this:\n{\n  "reply": "...",\n  "tone": "{tone}"\n}\n'


def chat(text: str) -> dict[str, Any]:
    return {"type": "chat", "messages": [{"role": "user", "content": text}]}


def publish(store: Store, name: str, *texts: str) -> int:
    for text in texts:
        done = publishing.publish(store, "user:ada", Draft(name=name, prompt=chat(text)))
    return done.template.id


@pytest.fixture
def template(store: Store) -> int:
    return publish(store, "support/answer", "Hello {name}", "Hello {name} in {language}")


def type_text(app: AppTest, text: str) -> AppTest:
    """Type into the first text of the editor."""
    box = next(
        each for each in app.get("bidi_component") if str(each.key).startswith("text-template")
    )
    return send(app, str(box.key), "edit", {"text": text, "number": 1})


def test_an_empty_registry_says_what_to_do(open_page: Open) -> None:
    assert "No prompt templates yet" in text_of(open_page("templates")) or any(
        button.label == "New chat template" for button in open_page("templates").button
    )


def test_the_list_shows_templates_with_their_newest_version(open_page: Open, template: int) -> None:
    app = open_page("templates")
    rows = app.dataframe[0].value
    assert list(rows["Name"]) == ["support/answer"]
    assert list(rows["Version"]) == [2]


def test_the_editor_shows_variables_with_their_places(open_page: Open, template: int) -> None:
    shown = text_of(open_page("templates", template=str(template)))
    assert "language" in shown
    assert "message 1, line 1, column 17" in shown


def test_what_is_typed_is_read_at_once_and_survives_leaving(
    open_page: Open, template: int, store: Store
) -> None:
    app = type_text(open_page("templates", template=str(template)), "Bye {whom}")
    assert "whom" in text_of(app)
    assert "unsaved changes" in text_of(app)
    again = open_page("templates", template=str(template))
    assert "whom" in text_of(again)
    assert "unsaved changes" in text_of(again)


def test_work_that_is_too_large_to_be_kept_stays_on_the_page_and_says_so(
    open_page: Open, template: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_BYTES", 1000)
    app = type_text(open_page("templates", template=str(template)), "Bye {whom}" + " " * 1000)
    assert "whom" in text_of(app)
    assert "not kept outside of this page: A draft may hold" in app.error[0].value


def test_discarding_brings_the_saved_version_back(open_page: Open, template: int) -> None:
    app = type_text(open_page("templates", template=str(template)), "Bye {whom}")
    press(app, "Discard")
    assert "whom" not in text_of(app)
    assert "language" in text_of(app)


def test_a_json_example_is_explained_and_escaped_on_a_click(open_page: Open, store: Store) -> None:
    id_ = publish(store, "extract", JSON_EXAMPLE)
    app = open_page("templates", template=str(id_))
    assert "extra variable comes from JSON objects" in text_of(app)
    press(app, "Escape")
    assert "extra variable" not in text_of(app)
    assert "nothing to remark" in text_of(app)


def test_a_fix_that_is_clicked_before_it_knows_the_newest_words_loses_none_of_them(
    open_page: Open, store: Store
) -> None:
    id_ = publish(store, "extract", JSON_EXAMPLE)
    app = open_page("templates", template=str(id_))
    # What a run that has not come to the fixes yet leaves: new words beside the older offer.
    app.session_state[f"editing-template/{id_}"].set_text(0, 0, f"{JSON_EXAMPLE}Dear {{whom}}")
    press(app, "Escape")
    assert "nothing to remark: 2 input variables" in text_of(app)
    assert "whom" in text_of(app)


def test_the_other_parser_says_how_the_variables_would_change(
    open_page: Open, template: int
) -> None:
    shown = text_of(open_page("templates", template=str(template)))
    assert "jinja2 would find 2 variables fewer (language, name)" in shown


def test_switching_the_parser_changes_the_variables_before_anything_is_saved(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    groups: list[Any] = list(app.get("button_group"))
    parser = next(each for each in groups if each.label == "Parser")
    parser.set_value("jinja2").run()
    assert "f-string would find 2 more variables (language, name)" in text_of(app)
    _, saved = finding.version(store.connection, template)
    assert saved.number == 2
    assert saved.prompt["messages"][0]["template_format"] == "f-string"


def test_saving_shows_what_changed_and_what_callers_will_notice(
    open_page: Open, template: int
) -> None:
    app = type_text(open_page("templates", template=str(template)), "Bye {whom}")
    shown = text_of(press(app, "Save…"))
    assert "The input variable whom is new: callers have to send it now." in shown
    assert "The input variables name, language are gone" in shown
    assert any(button.label == "Save version 3" for button in app.button)


def test_a_version_saved_meanwhile_is_told_with_three_ways_on(
    open_page: Open, template: int, store: Store
) -> None:
    app = type_text(open_page("templates", template=str(template)), "Bye {whom}")
    publish(store, "support/answer", "Theirs {x}")
    press(app, "Save…")
    assert "Version 3 was saved meanwhile by user:ada" in text_of(app)
    labels_shown = {button.label for button in app.button}
    assert {"Save mine after it", "Take theirs", "Go on editing"} <= labels_shown


def test_a_draft_of_a_template_that_was_renamed_is_saved_under_its_new_name(
    open_page: Open, template: int, store: Store
) -> None:
    type_text(open_page("templates", template=str(template)), "Bye {whom}")
    templates.rename(store, "user:ada", template, "support/reply")
    press(open_page("templates", template=str(template)), "Save…", "Save version 3")
    found, saved = finding.version(store.connection, template)
    assert (found.name, saved.number) == ("support/reply", 3)
    assert saved.prompt["messages"][0]["content"][0]["text"] == "Bye {whom}"


def test_a_link_to_a_version_shows_it_beside_a_draft_and_offers_both(
    open_page: Open, template: int
) -> None:
    type_text(open_page("templates", template=str(template)), "Bye {whom}")
    app = open_page("templates", template=str(template), version="1")
    shown = text_of(app)
    assert "whom" not in shown
    assert "language" not in shown
    assert "Version 1 is shown. Unsaved work of yours, begun from version 2, is kept" in shown
    # What is typed into the old version is a draft of its own, and the first one stays.
    type_text(app, "Old {thing}")
    press(app, "Go on with it")
    assert "whom" in text_of(app)
    assert "begun from version 1" in text_of(app)
    again = open_page("templates", template=str(template), version="1")
    assert "thing" in text_of(again)


def test_an_old_version_is_edited_and_saved_as_the_newest_without_a_clash(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template), version="1")
    type_text(app, "Old {thing}")
    press(app, "Save…", "Save version 3")
    _, saved = finding.version(store.connection, template)
    _, first = finding.version(store.connection, template, 1)
    assert (saved.number, saved.info.parent_id) == (3, first.id)


def test_a_version_saved_meanwhile_is_told_while_one_edits(
    open_page: Open, template: int, store: Store
) -> None:
    app = type_text(open_page("templates", template=str(template)), "Bye {whom}")
    publish(store, "support/answer", "Theirs {x}")
    app.run()
    assert "Version 3 was saved meanwhile" in text_of(app)
    assert "whom" in text_of(app)


def test_an_editor_without_changes_shows_what_was_restored(open_page: Open, template: int) -> None:
    app = open_page("templates", template=str(template))
    assert "language" in text_of(app)
    app.session_state["tab"] = "Versions"
    app.run()
    press(app, "Restore")
    app.session_state["tab"] = "Editor"
    app.run()
    assert "language" not in text_of(app)
    assert "from version 3" in text_of(app)


def test_versions_can_be_restored(open_page: Open, template: int, store: Store) -> None:
    press(open_page("templates", template=str(template), tab="Versions"), "Restore")
    _, saved = finding.version(store.connection, template)
    assert saved.number == 3
    assert saved.prompt["messages"][0]["content"][0]["text"] == "Hello {name}"


def test_a_label_moves_with_its_diff_and_comes_back_on_a_click(
    open_page: Open, template: int, store: Store
) -> None:
    labels.move_label(store, "user:ada", template, "prod", 1)
    app = open_page("templates", template=str(template), tab="Labels")
    press(app, "Move…")
    assert "in {language}" in text_of(app)
    assert "Preflight" in text_of(app)
    labels.move_label(store, "user:ada", template, "prod", 2)
    press(
        open_page("templates", template=str(template), tab="Labels"), "Back to 1", "Move back to 1"
    )
    found = labels.labels(store.connection, template)[0]
    assert (found.number, found.moved_by) == (1, "page")


def test_hostile_names_and_texts_are_drawn_as_text(open_page: Open, store: Store) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    id_ = publish(store, hostile, f"{hostile} {{{hostile}}}")
    for tab in ("Editor", "Versions", "Labels", "Use"):
        shown = text_of(open_page("templates", template=str(id_), tab=tab))
        assert "<img" not in shown


@pytest.mark.parametrize("text", ["999", "../etc", "x" * 50])
def test_a_link_to_no_template_says_so(open_page: Open, text: str) -> None:
    assert "here is no" in text_of(open_page("templates", template=text))
