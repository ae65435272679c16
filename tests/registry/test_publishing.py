"""Saving versions: numbered, never changed, with what a person should know about them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.conftest import WHO, Publish, chat, completion, model, publisher
from workbench.jsontext import FieldError
from workbench.registry import finding, labels, templates
from workbench.registry.patching import Patch, patch
from workbench.registry.publishing import Draft, prepare, restore_version
from workbench.store.errors import NotFound, Refused
from workbench.store.store import Store

LOOP: dict[str, Any] = {"type": "object", "properties": {"x": {"$ref": "#/nothing/there"}}}


def test_versions_count_up_and_stay_as_they_were(both: Store) -> None:
    publish = publisher(both)
    first = publish(prompt=chat(("user", "One {a}")), message="the first", metadata=model(top_p=1))
    second = publish(prompt=chat(("user", "Two {a} {b}")), parent_id=first.version.id)
    assert [first.version.number, second.version.number] == [1, 2]
    assert first.created
    assert not second.created
    _, kept = finding.version(both.connection, "greeting", 1)
    assert kept.prompt["messages"][0]["content"] == [{"type": "text", "text": "One {a}"}]
    assert kept.metadata == model(top_p=1)
    assert (kept.info.message, kept.info.created_by) == ("the first", WHO)
    newest = templates.versions(both.connection, "greeting")
    assert [one.number for one in newest] == [2, 1]
    assert newest[0].parent_id == first.version.id
    assert newest[0].variables == ("a", "b")


def test_a_template_is_kept_in_its_full_shape_with_sorted_variables(publish_: Publish) -> None:
    prompt = {
        "messages": [
            {"role": "user", "content": "# {topic}\n{article}"},
            {"role": "placeholder", "name": "history"},
            {"role": "assistant", "tool_calls": [call("f", {"a": 1})]},
            {"role": "user", "content": [{"type": "media_variable", "name": "pictures"}]},
        ],
        "provider_base_url_name": "elsewhere",
        "note": "kept",
    }
    kept = publish_(prompt=prompt).version.prompt
    assert kept["input_variables"] == ["article", "history", "pictures", "topic"]
    assert [each["input_variables"] for each in kept["messages"]] == [
        ["article", "topic"],
        ["history"],
        [],
        ["pictures"],
    ]
    assert list(kept["messages"][0]) == [
        "input_variables",
        "template_format",
        "content",
        "raw_request_display_role",
        "dataset_examples",
        "role",
        "name",
    ]
    assert kept["messages"][1]["content"] is None
    assert kept["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"a":1}'
    assert kept["note"] == "kept"
    assert "provider_base_url_name" not in kept


def function(schema: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", "parameters": schema}}


def call(name: str, arguments: Any) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (5, "prompt_template: an object is needed, a number came"),
        ({"type": "poem"}, 'prompt_template.type: "chat" or "completion" is needed, "poem" came'),
        ({"type": "chat"}, "prompt_template.messages: a list is needed, null came"),
        (chat(("judge", "x")), "prompt_template.messages[0].role: one of system, "),
        (
            {"type": "chat", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "prompt_template.messages[0].content[0].text: a string is needed, null came",
        ),
        (chat(("user", "x"), template_format="mustache"), '"f-string" or "jinja2" is needed'),
        ({"type": "chat", "messages": [{"role": "placeholder"}]}, "messages[0].name"),
        (chat(("user", "x"), tools=[{"type": "function"}]), "tools[0].function: an object"),
        (
            chat(("user", "x"), tools=[function({"type": "objekt"})]),
            "prompt_template.tools[0].function.parameters.type: this is no JSON Schema",
        ),
        (chat(("user", "x"), functions=[{"description": "?"}]), "functions[0].name"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_place(
    store: Store, publish_: Publish, prompt: Any, said: str
) -> None:
    with pytest.raises(FieldError) as caught:
        publish_(prompt=prompt)
    assert said in str(caught.value)
    with pytest.raises(NotFound):
        finding.template(store.connection, "greeting")


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        (
            {"response_format": {"json_schema": {"name": "a", "schema": {"type": 5}}}},
            "metadata.model.parameters.response_format.json_schema.schema.type",
        ),
        ({"text": {"format": {"schema": {"required": "x"}}}}, "text.format.schema.required"),
    ],
)
def test_a_structured_output_must_be_a_json_schema(
    publish_: Publish, parameters: dict[str, Any], place: str
) -> None:
    with pytest.raises(FieldError) as caught:
        publish_(metadata=model(**parameters))
    assert caught.value.field.endswith(place)


def test_schemas_that_are_fine_are_kept_whatever_they_refer_to(publish_: Publish) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": LOOP}}
    made = publish_(metadata=model(response_format=form))
    assert made.version.model["parameters"] == {"response_format": form}
    capitals = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}
    gemini = model("google", "gemini", response_schema=capitals)
    assert publish_(metadata=gemini).version.number == 2


def test_it_is_said_what_the_doctor_sees_and_which_variables_changed(publish_: Publish) -> None:
    publish_(prompt=chat(("user", "Hi {name} from {city}")))
    made = publish_(
        prompt={
            "type": "chat",
            "messages": [
                *chat(("system", 'Answer {"a": {name}}'))["messages"],
                *chat(("user", "{{ town }}"), template_format="jinja2")["messages"],
            ],
        }
    )
    kinds = {notice.kind: notice for notice in made.notices}
    assert {"json-object", "mixed-formats", "variable-added", "variable-removed"} <= set(kinds)
    assert kinds["json-object"].message == 0
    assert kinds["json-object"].text.startswith("Message 1, line 1: ")
    assert "town is new" in kinds["variable-added"].text
    assert "city is gone" in kinds["variable-removed"].text


def test_what_would_be_said_can_be_asked_without_saving(store: Store) -> None:
    _, notices = prepare(store, Draft(name="greeting", prompt=completion('{"a": 1}')))
    assert [one.kind for one in notices] == ["json-object"]
    with pytest.raises(NotFound):
        finding.template(store.connection, "greeting")


def test_a_version_saved_meanwhile_is_noticed(publish_: Publish) -> None:
    publish_(after=0)
    publish_(after=1)
    with pytest.raises(Refused, match="is at version 2 by now, not at 1"):
        publish_(after=1)
    with pytest.raises(Refused, match="is at version 2 by now, not at 0"):
        publish_(after=0)


def test_a_parent_of_another_template_is_left_out_and_said(publish_: Publish) -> None:
    other = publish_("other")
    made = publish_(parent_id=other.version.id)
    assert made.version.info.parent_id is None
    assert [one.kind for one in made.notices] == ["parent"]


def test_an_old_version_comes_back_as_a_new_one(store: Store, publish_: Publish) -> None:
    first = publish_(prompt=chat(("user", "One")), metadata=model(seed=1), provider_base_url="x")
    publish_(prompt=chat(("user", "Two")))
    back = restore_version(store, "user:bob", "greeting", 1)
    assert back.version.number == 3
    assert back.version.prompt == first.version.prompt
    assert back.version.metadata == first.version.metadata
    assert back.version.provider_base_url == "x"
    assert back.version.info.parent_id == first.version.id
    assert (back.version.info.message, back.version.info.created_by) == (
        "Version 1 again",
        "user:bob",
    )


def test_a_deleted_template_is_hidden_and_comes_back_whole(both: Store) -> None:
    publish = publisher(both)
    made = publish(labels=["prod"])
    templates.delete(both, WHO, "greeting")
    with pytest.raises(NotFound):
        finding.template(both.connection, "greeting")
    with pytest.raises(NotFound):
        finding.template(both.connection, made.template.id)
    again = publish()
    assert again.template.id != made.template.id
    with pytest.raises(Refused, match="has been taken since"):
        templates.restore(both, WHO, made.template.id)
    templates.rename(both, WHO, again.template.id, "another")
    assert templates.restore(both, WHO, made.template.id).name == "greeting"
    assert [one.name for one in labels.labels(both.connection, "greeting")] == ["prod"]


def test_tags_and_folders_stay_where_a_later_version_says_nothing(publish_: Publish) -> None:
    publish_(tags=["a", " b ", "a"])
    assert publish_().template.tags == ("a", "b")
    assert publish_(tags=["c"]).template.tags == ("c",)


# Patches


def test_a_patch_changes_some_and_keeps_the_rest(store: Store, publish_: Publish) -> None:
    publish_(
        prompt=chat(("system", "Be nice"), ("user", "Hi {name}")),
        metadata=model(temperature=1, top_p=0.5),
    )
    fields = {
        "messages": {"0": {"role": "system", "content": "Be brief"}},
        "model_parameters": {"temperature": 0},
        "response_format": {"type": "json_object"},
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    made = patch(store, WHO, "greeting", Patch(fields, labels=["prod"], message="shorter"))
    texts = [each["content"][0]["text"] for each in made.version.prompt["messages"]]
    assert texts == ["Be brief", "Hi {name}"]
    assert made.version.model["parameters"] == {
        "temperature": 0,
        "top_p": 0.5,
        "response_format": {"type": "json_object"},
    }
    assert made.version.info.parent_id is not None
    assert made.labels[0].after == 2
    made = patch(store, WHO, "greeting", Patch({"tools": None, "response_format": None}))
    assert made.version.prompt["tools"] is None
    assert "response_format" not in made.version.model["parameters"]
    made = patch(store, WHO, "greeting", Patch({"tool_choice": "auto"}, version=1))
    assert made.version.prompt["messages"][0]["content"][0]["text"] == "Be nice"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Patch({"messages": {"7": {}}}), "messages: there is no element 7: there are 1"),
        (Patch({"messages": {"x": {}}}), "messages: 'x' is no index"),
        (Patch({"messages": None}), "messages: a list or an object is needed, null came"),
        (Patch({"content": []}), "content: this is for completion templates"),
        (Patch({}, version=1, label="prod"), "version and label cannot both be given"),
        (Patch({"model_parameters": {"a": 1}}), "the version has no model"),
        (
            Patch({"model_parameters": {"response_format": {}}, "response_format": {}}),
            "it stands in model_parameters too",
        ),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(
    store: Store, publish_: Publish, wanted: Patch, said: str
) -> None:
    publish_()
    with pytest.raises(FieldError) as caught:
        patch(store, WHO, "greeting", wanted)
    assert said in str(caught.value)
    assert templates.versions(store.connection, "greeting")[0].number == 1


def test_a_draft_that_knows_its_template_by_id_is_saved_whatever_the_name_is_by_now(
    both: Store,
) -> None:
    publish_ = publisher(both)
    made = publish_("old name")
    templates.rename(both, WHO, made.template.id, "new name")
    publish_("old name")
    second = publish_("old name", template_id=made.template.id, after=1)
    assert (second.template.id, second.template.name) == (made.template.id, "new name")
    assert (second.version.number, second.created) == (2, False)
    templates.delete(both, WHO, made.template.id)
    with pytest.raises(NotFound):
        publish_("old name", template_id=made.template.id)
