"""Tools of a template: added, named, duplicated, removed and chosen in a form, or as JSON."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open, press, text_of
from workbench.registry import finding, publishing
from workbench.registry.publishing import Draft
from workbench.registry.tool_form import ABOUT, NAME, REQUIRED, TYPE, VALUES
from workbench.store import drafts
from workbench.store.store import Store

SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Looks something up",
        "parameters": {"type": "object", "properties": {"words": {"type": "string"}}},
    },
}


@pytest.fixture
def template(store: Store) -> int:
    prompt = {
        "type": "chat",
        "messages": [{"role": "user", "content": "Hello"}],
        "tools": [SEARCH],
        "tool_choice": "auto",
    }
    draft = Draft(name="tools", prompt=prompt)
    return publishing.publish(store, "user:ada", draft).template.id


def prompt_of(store: Store, template: int) -> dict[str, Any]:
    """The draft as it is kept."""
    kept = drafts.kept(store.connection, "page", f"template/{template}")
    assert kept is not None
    prompt: dict[str, Any] = kept.value["prompt"]
    return prompt


def choose(app: AppTest, label: str, value: str) -> None:
    next(one for one in app.selectbox if one.label == label).set_value(value)
    app.run()
    assert not app.exception, app.exception


def write(app: AppTest, label: str, value: str) -> None:
    field = next(one for one in [*app.text_input, *app.text_area] if one.label == label)
    field.set_value(value)
    app.run()
    assert not app.exception, app.exception


def test_tools_of_each_kind_are_added_and_saved(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    for kind in ("function", "web_search", "mcp", "variable"):
        choose(app, "Add tool", kind)
    write(app, "Server URL", "https://tools.example/mcp")
    tools = prompt_of(store, template)["tools"]
    assert [tool["type"] for tool in tools] == [
        *("function", "function", "web_search", "mcp", "variable")
    ]
    assert tools[3]["config"]["server_url"] == "https://tools.example/mcp"
    # A tool variable is an input variable of the template.
    assert "list of tools" in text_of(app)
    press(app, "Save…", "Save version 2")
    _, saved = finding.version(store.connection, template)
    assert saved.prompt["tools"] == tools
    assert "tools" in saved.info.variables


def test_a_function_is_renamed_described_and_never_without_a_name(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    write(app, "Description", "Finds a parcel")
    write(app, "Name", "find_parcel")
    function = prompt_of(store, template)["tools"][0]["function"]
    assert (function["name"], function["description"]) == ("find_parcel", "Finds a parcel")
    assert function["parameters"] == SEARCH["function"]["parameters"]  # type: ignore[index]
    write(app, "Name", " ")
    assert "Name: something has to stand here. Nothing was changed." in text_of(app)
    assert prompt_of(store, template)["tools"][0]["function"]["name"] == "find_parcel"


def test_a_tool_is_duplicated_under_a_name_of_its_own_and_removed(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    next(one for one in app.button if one.help == "Duplicate tool").click()
    app.run()
    names = [tool["function"]["name"] for tool in prompt_of(store, template)["tools"]]
    assert names == ["search", "search_2"]
    for _ in names:
        next(one for one in app.button if one.help == "Remove tool").click()
        app.run()
    assert "tools" not in prompt_of(store, template)


def test_the_tool_choice_is_a_choice(open_page: Open, template: int, store: Store) -> None:
    app = open_page("templates", template=str(template))
    choose(app, "Tool choice", "only search")
    named = {"type": "function", "function": {"name": "search"}}
    assert prompt_of(store, template)["tool_choice"] == named
    write(app, "Name", "seek")
    assert "The tool that is chosen is not among the tools." in text_of(app)
    choose(app, "Tool choice", "not said")
    assert "tool_choice" not in prompt_of(store, template)


def switch(app: AppTest, label: str, value: str) -> None:
    groups: list[Any] = list(app.get("button_group"))
    next(one for one in groups if one.label == label).set_value(value).run()
    assert not app.exception, app.exception


def test_json_stands_beside_the_form_and_is_checked(
    open_page: Open, template: int, store: Store
) -> None:
    app = open_page("templates", template=str(template))
    switch(app, "Tools as", "JSON")
    write(app, "Tools as JSON", '[{"type": "function", "function": {"name": ""}}]')
    assert "tools[0].function.name: the function" in text_of(app)
    write(app, "Tools as JSON", '[{"type": "function", "function": {"name": "other"}}]')
    assert prompt_of(store, template)["tools"][0]["function"] == {"name": "other"}
    switch(app, "Tools as", "Form")
    switch(app, "Parameters as", "JSON Schema")
    write(app, "JSON Schema of the parameters", '{"type": "wrong"}')
    assert "no JSON Schema" in text_of(app)
    write(app, "JSON Schema of the parameters", '{"type": "object", "properties": {}}')
    assert prompt_of(store, template)["tools"][0]["function"]["parameters"]["properties"] == {}


def field(app: AppTest, index: int, name: str) -> Any:
    kinds = [*app.text_input, *app.selectbox, *app.checkbox]
    return next(one for one in kinds if str(one.key).startswith(f"parameter-{index}-{name}-"))


def parameters(store: Store, template: int) -> dict[str, Any]:
    found: dict[str, Any] = prompt_of(store, template)["tools"][0]["function"]["parameters"]
    return found


def test_parameters_are_rows_that_are_added_changed_and_removed(
    open_page: Open, template: int, store: Store
) -> None:
    app = press(open_page("templates", template=str(template)), "Add parameter")
    field(app, 1, NAME).set_value("limit").run()
    field(app, 1, TYPE).set_value("integer").run()
    field(app, 1, REQUIRED).set_value(True).run()
    field(app, 0, ABOUT).set_value("What to look for").run()
    field(app, 0, VALUES).set_value("a, b").run()
    assert parameters(store, template) == {
        "type": "object",
        "properties": {
            "words": {"type": "string", "description": "What to look for", "enum": ["a", "b"]},
            "limit": {"type": "integer"},
        },
        "required": ["limit"],
    }
    field(app, 1, NAME).set_value("words").run()
    assert "words stands there twice" in text_of(app)
    assert set(parameters(store, template)["properties"]) == {"words", "limit"}
    field(app, 1, NAME).set_value("most").run()
    assert "stands there twice" not in text_of(app)
    next(one for one in app.button if one.help == "Remove words").click()
    app.run()
    assert set(parameters(store, template)["properties"]) == {"most"}
    assert field(app, 0, NAME).value == "most"
