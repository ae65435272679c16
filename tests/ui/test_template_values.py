"""Values to try a template with: sets that keep their types and their source, in the link; and the
views that stand beside the text at once."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.store.samples import some_request
from tests.ui.conftest import Open, press, text_of
from workbench.registry import publishing, variable_sets
from workbench.registry.publishing import Draft
from workbench.store.store import Store

VALUES = {"name": "Ada", "items": ["a", "b"], "order": {"id": 7}, "count": 3}


@pytest.fixture
def template(store: Store) -> int:
    text = "Hello {{ name }}: {% for one in items %}[{{ one }}]{% endfor %} {{ count }}"
    message = {"role": "user", "content": text, "template_format": "jinja2"}
    draft = Draft(name="greeting", prompt={"type": "chat", "messages": [message]})
    return publishing.publish(store, "user:ada", draft).template.id


def log(store: Store, template: int) -> int:
    request = some_request(prompt_id=template, input_variables=VALUES)
    return store.add(request).result().id


def kept(store: Store, template: int) -> dict[str, Any]:
    return {one.name: one for one in variable_sets.listed(store.connection, template)}


def keep(app: AppTest, name: str) -> None:
    app.text_input(key="set-name").set_value(name)
    app.button(key="set-keep").click().run()
    assert not app.exception, app.exception


def test_all_views_stand_beside_the_text_at_once(open_page: Open, template: int) -> None:
    shown = text_of(open_page("templates", template=str(template)))
    assert "wb-variables" in shown
    assert "wb-template" in shown
    assert "Missing: name, items, count" in shown


def test_the_views_are_on_the_link(open_page: Open, template: int) -> None:
    app = open_page("templates", template=str(template), show="variables")
    assert "Missing:" not in text_of(app)
    groups: list[Any] = list(app.get("button_group"))
    group = next(one for one in groups if one.label == "Shown")
    assert group.value == ["Variables"]
    group.set_value(["Variables", "Rendered"]).run()
    assert app.query_params["show"] == "variables,rendered"
    assert "Missing:" in text_of(app)


def test_what_a_request_was_logged_with_is_kept_as_it_is_with_its_source(
    open_page: Open, template: int, store: Store
) -> None:
    id_ = log(store, template)
    app = open_page("templates", template=str(template))
    app.button(key=f"logged-{id_}").click().run()
    assert "[a][b] 3" in text_of(app)
    keep(app, "logged")
    one = kept(store, template)["logged"]
    assert (one.values, one.source) == (VALUES, f"request/{id_}")
    again = open_page("templates", template=str(template))
    assert f"from request {id_}" in text_of(again)


def test_lists_and_objects_stay_such_and_a_typed_value_takes_the_source_away(
    open_page: Open, template: int, store: Store
) -> None:
    id_ = log(store, template)
    app = open_page("templates", template=str(template))
    app.button(key=f"logged-{id_}").click().run()
    next(one for one in app.text_area if one.label == "name").set_value("Bob").run()
    keep(app, "mine")
    one = kept(store, template)["mine"]
    assert (one.values, one.source) == ({**VALUES, "name": "Bob"}, None)


def test_the_chosen_set_is_on_the_link_until_a_value_is_typed(
    open_page: Open, template: int, store: Store
) -> None:
    variable_sets.save(store, "page", template, "one", {"name": "Ada", "items": ["x"], "count": 1})
    variable_sets.save(store, "page", template, "two", {"name": "Bob", "items": ["y"], "count": 2})
    app = open_page("templates", template=str(template), set="two")
    assert "[y] 2" in text_of(app)
    next(one for one in app.selectbox if one.label == "Fill from a set").set_value("one").run()
    assert app.query_params["set"] == "one"
    assert "[x] 1" in text_of(app)
    next(one for one in app.text_area if one.label == "name").set_value("Cy").run()
    assert "set" not in app.query_params
    assert "Hello Cy: [x] 1" in text_of(app)
    assert "Hello" in text_of(open_page("templates", template=str(template), set="no such set"))


def test_a_set_is_removed_and_comes_back_on_a_click(
    open_page: Open, template: int, store: Store
) -> None:
    made = variable_sets.save(store, "page", template, "<b>one</b>", VALUES, "values.json")
    app = open_page("templates", template=str(template))
    assert "<b>one" not in text_of(app)
    app.button(key=f"remove-set-{made.id}").click().run()
    assert kept(store, template) == {}
    press(app, "Undo")
    one = kept(store, template)["<b>one</b>"]
    assert (one.values, one.source) == (VALUES, "values.json")
