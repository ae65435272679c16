"""Model settings and structured output in the editor, and two versions beside each other."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, press, text_of
from workbench.registry import finding, publishing
from workbench.registry.publishing import Draft
from workbench.store.registry_rows import Version
from workbench.store.store import Store

SCHEMA = '{"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}'


def publish(store: Store, text: str, metadata: Any = None, **more: Any) -> int:
    prompt = {"type": "chat", "messages": [{"role": "user", "content": text}], **more}
    draft = Draft(name="answer", prompt=prompt, metadata=metadata)
    return publishing.publish(store, "user:ada", draft).template.id


@pytest.fixture
def template(store: Store) -> int:
    return publish(store, "Hello {name}")


def newest(store: Store, template: int) -> Version:
    return finding.version(store.connection, template)[1]


def write(app: AppTest, label: str, value: Any) -> None:
    fields: list[Any] = [*app.text_input, *app.text_area, *app.number_input, *app.selectbox]
    next(one for one in fields if one.label == label).set_value(value)
    app.run()
    assert not app.exception, app.exception


def test_settings_are_typed_saved_and_shown_as_a_difference(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    write(app, "Provider", "openai")
    write(app, "Model", "gpt-4o")
    write(app, "Temperature", 0.2)
    write(app, "JSON Schema of the answer (response_format)", SCHEMA)
    shown = text_of(press(app, "Save…"))
    assert "The messages are those of version 1." in shown
    assert "model" in shown
    assert "gpt-4o" in shown
    press(app, "Save…", "Save version 2")
    model = newest(store, template).model
    assert (model["provider"], model["name"]) == ("openai", "gpt-4o")
    assert model["parameters"]["temperature"] == 0.2
    assert model["parameters"]["response_format"]["json_schema"]["name"] == "answer"


def test_all_parameters_are_json_beside_the_form_and_the_schema_stays(
    open_page: Open, store: Store
) -> None:
    form = {"type": "json_object"}
    parameters = {"temperature": 1, "seed": 7, "response_format": form}
    id_ = publish(store, "Hello", {"model": {"name": "gpt-4o", "parameters": parameters}})
    app = open_page("templates", template=str(id_))
    write(app, "All parameters", '{"temperature": ')
    assert "Nothing was changed" in text_of(app)
    write(app, "All parameters", '{"temperature": 0.5, "stop": ["x"]}')
    press(app, "Save…", "Save version 2")
    expected = {"temperature": 0.5, "stop": ["x"], "response_format": form}
    assert newest(store, id_).model["parameters"] == expected


def test_a_schema_that_is_none_is_refused_and_nothing_is_lost(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    label = "JSON Schema of the answer (response_format)"
    write(app, label, SCHEMA.replace('"object"', '"wrong"'))
    assert "no JSON Schema" in text_of(app)
    assert "wrong" in str(next(one for one in app.text_area if one.label == label).value)
    assert "unsaved changes" not in text_of(app)


def test_looking_at_settings_changes_nothing_that_is_saved(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    press(app, "Save…", "Save version 2")
    assert (
        newest(store, template).metadata
        == finding.version(store.connection, template, 1)[1].metadata
    )


def test_two_versions_are_compared_in_words_variables_tools_and_settings(
    open_page: Open, template: int, store: Store
) -> None:
    tool = {"type": "function", "function": {"name": "<b>find</b>"}}
    metadata = {"model": {"provider": "openai", "name": "gpt-4o", "parameters": {"seed": 1}}}
    publish(store, "Good day {name} of {city}", metadata, tools=[tool], tool_choice="required")
    app = open_page("templates", template=str(template), tab="Versions", before="1", after="2")
    shown = text_of(app)
    assert "<del>Hello" in shown
    assert "<ins>Good day" in shown
    assert "Input variables new: city" in shown
    assert "&lt;b&gt;find&lt;/b&gt;</strong>: new" in shown
    assert "tool_choice" in shown
    assert "gpt-4o" in shown
    same = open_page("templates", template=str(template), tab="Versions", before="2", after="2")
    assert "Versions 2 and 2 are the same." in text_of(same)
