"""Fetching: filled in, with snippets, for the vendor asked for, and a warning where it is due."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.conftest import WHO, Publish, chat, completion, model, publisher
from workbench.registry import base_urls, labels, snippets, templates
from workbench.registry.fetching import Ask, Fetched, fetch
from workbench.store.errors import NotFound
from workbench.store.store import Store


def texts(found: Fetched) -> list[str]:
    owners = found.prompt.get("messages") or [found.prompt]
    return [part["text"] for owner in owners for part in owner["content"] if "text" in part]


def test_version_label_and_neither(both: Store) -> None:
    publish = publisher(both)
    publish(prompt=chat(("user", "one")), labels=["prod"])
    publish(prompt=chat(("user", "two")))
    assert texts(fetch(both, "greeting")) == ["two"]
    assert texts(fetch(both, "greeting", Ask(version=1))) == ["one"]
    assert texts(fetch(both, "greeting", Ask(label="prod"))) == ["one"]
    assert texts(fetch(both, "greeting", Ask(label="prod", version=2))) == ["one"]
    for ask in (Ask(version=3), Ask(label="dev")):
        with pytest.raises(NotFound):
            fetch(both, "greeting", ask)
    with pytest.raises(NotFound):
        fetch(both, "nothing")


def test_values_are_filled_in_and_what_is_missing_is_said(store: Store, publish_: Publish) -> None:
    publish_(prompt=chat(("system", "You help {name}"), ("user", "{question}")))
    found = fetch(store, "greeting", Ask(input_variables={"name": "{question}"}))
    assert texts(found) == ["You help {question}", ""]
    assert found.missing == ("question",)
    assert found.warning == "The input variable question has no value and was filled with nothing."


def test_a_text_that_cannot_be_filled_in_stays_and_the_warning_says_why(
    store: Store, publish_: Publish
) -> None:
    publish_(prompt=chat(("system", 'Answer {"a": 1} {name}'), ("user", "Hi {name}")))
    found = fetch(store, "greeting", Ask(input_variables={"name": "Ada"}))
    assert texts(found) == ['Answer {"a": 1} {name}', "Hi Ada"]
    assert found.warning is not None
    assert found.warning.startswith("Text left unrendered. Message 1, line 1, column 8: ")


def test_without_rendering_texts_stay_and_snippets_are_in_place(
    store: Store, publish_: Publish
) -> None:
    publish_("tone", completion("Be {mood}."))
    publish_(prompt=chat(("system", "@@@tone@@@ {a}"), ("user", "@@@nobody@@@")))
    found = fetch(store, "greeting", Ask(render=False, input_variables={"a": 1, "mood": "x"}))
    assert texts(found) == ["Be {mood}. {a}", "@@@nobody@@@"]
    assert "there is no snippet 'nobody'" in (found.warning or "")
    raw = fetch(store, "greeting", Ask(render=False, resolve_snippets=False))
    assert texts(raw) == ["@@@tone@@@ {a}", "@@@nobody@@@"]
    assert raw.warning is None


def test_a_snippet_follows_its_version_or_label_and_is_named(
    store: Store, publish_: Publish
) -> None:
    publish_("tone", completion("one"), labels=["prod"])
    publish_("tone", completion("two"))
    publish_(prompt=chat(("user", "@@@tone@@@ @@@tone@version_number:1@@@ @@@tone@label:prod@@@")))
    found = fetch(store, "greeting")
    assert texts(found) == ["two one one"]
    assert [(one.name, one.number, one.label) for one in found.snippets] == [
        ("tone", 2, None),
        ("tone", 1, None),
        ("tone", 1, "prod"),
    ]
    labels.move_label(store, WHO, "tone", "prod", 2)
    assert texts(fetch(store, "greeting")) == ["two one two"]
    publish_("tone", completion("three"))
    assert texts(fetch(store, "greeting")) == ["three one two"]


def test_a_snippet_that_takes_itself_in_is_a_warning(store: Store, publish_: Publish) -> None:
    publish_("a", completion("A @@@b@@@"))
    publish_("b", completion("B @@@a@@@"))
    assert "takes itself in" in (fetch(store, "a").warning or "")


def test_who_uses_a_snippet(store: Store, publish_: Publish) -> None:
    tone = publish_("tone", completion("one"), labels=["prod"]).template
    publish_("tone", completion("two"))
    publish_("by label", chat(("user", "@@@tone@label:prod@@@")), labels=["live"])
    publish_("newest", chat(("user", "@@@tone@@@")))
    publish_("newest", chat(("user", "no more")))
    publish_("gone", chat(("user", "@@@tone@@@")))
    templates.delete(store, WHO, "gone")
    users = snippets.used_by(store.connection, tone)
    assert [(one.name, one.numbers, one.labels) for one in users] == [
        ("by label", (1,), ("live",)),
        ("newest", (1,), ()),
    ]
    assert [one.name for one in snippets.used_by(store.connection, tone, 1)] == ["by label"]
    assert [one.name for one in snippets.used_by(store.connection, tone, 2)] == ["newest"]


def test_placeholders_media_and_tools_take_lists(store: Store, publish_: Publish) -> None:
    prompt = {
        "type": "chat",
        "messages": [
            {"role": "placeholder", "name": "history"},
            {"role": "user", "content": [{"type": "media_variable", "name": "pictures"}]},
        ],
        "tools": [{"type": "variable", "name": "more"}],
    }
    publish_(prompt=prompt, metadata=model())
    values: dict[str, Any] = {
        "history": [{"role": "user", "content": "Hi {x}"}, {"role": "assistant", "content": "Yes"}],
        "pictures": ["https://a.example/x.png"],
        "more": [{"type": "function", "function": {"name": "f"}}],
    }
    found = fetch(store, "greeting", Ask(input_variables=values))
    assert [each["role"] for each in found.prompt["messages"]] == ["user", "assistant", "user"]
    assert found.llm_kwargs is not None
    assert found.llm_kwargs["messages"][0]["content"] == [{"type": "text", "text": "Hi {x}"}]
    assert found.llm_kwargs["messages"][2]["content"][0]["type"] == "image_url"
    assert found.llm_kwargs["tools"][0]["function"]["name"] == "f"
    unfilled = fetch(store, "greeting", Ask(render=False))
    assert unfilled.prompt["messages"][0]["role"] == "placeholder"
    assert unfilled.llm_kwargs == {
        "messages": [{"role": "user", "content": []}],
        "model": "gpt-4o",
    }


def test_the_vendor_and_model_asked_for_win(store: Store, publish_: Publish) -> None:
    settings = model("openai", "gpt-4o", max_completion_tokens=9, logprobs=True)
    settings["model"]["api_type"] = "chat-completions"
    publish_(metadata={**settings, "team": "a"})
    same = fetch(store, "greeting", Ask(model="gpt-4o-mini"))
    assert same.llm_kwargs is not None
    assert (same.llm_kwargs["model"], same.llm_kwargs["logprobs"]) == ("gpt-4o-mini", True)
    other = fetch(store, "greeting", Ask(provider="anthropic", model="claude-sonnet-4-5"))
    assert other.llm_kwargs is not None
    assert other.llm_kwargs["max_tokens"] == 9
    assert "logprobs" not in other.llm_kwargs
    assert "logprobs" in (other.warning or "")
    assert other.metadata is not None
    assert other.metadata["model"]["provider"] == "anthropic"
    assert other.metadata["model"]["api_type"] is None
    assert other.metadata["team"] == "a"
    assert fetch(store, "greeting").metadata == {**settings, "team": "a"}


def test_without_model_settings_a_provider_gives_messages_alone(
    store: Store, publish_: Publish
) -> None:
    publish_()
    assert fetch(store, "greeting").llm_kwargs is None
    found = fetch(store, "greeting", Ask(provider="openai", model="gpt-3.5-turbo"))
    assert list(found.llm_kwargs or ()) == ["messages"]
    assert found.metadata is None


def test_overrides_win_under_any_name(store: Store, publish_: Publish) -> None:
    publish_(metadata=model(max_tokens=5, temperature=1))
    found = fetch(store, "greeting", Ask(overrides={"maxOutputTokens": 7, "top_p": 0.5}))
    assert found.llm_kwargs is not None
    assert found.llm_kwargs["max_completion_tokens"] == 7
    assert "max_tokens" not in found.llm_kwargs
    assert (found.llm_kwargs["temperature"], found.llm_kwargs["top_p"]) == (1, 0.5)


def test_a_provider_base_url_is_given_once_it_is_there(store: Store, publish_: Publish) -> None:
    made = publish_(provider_base_url="inside")
    assert [one.kind for one in made.notices] == ["base-url"]
    assert fetch(store, "greeting").base_url is None
    base_urls.save(store, WHO, "inside", "openai", "https://models.example/v1")
    found = fetch(store, "greeting").base_url
    assert found is not None
    assert found.url == "https://models.example/v1"
    base_urls.save(store, WHO, "inside", "openai", "https://other.example/v1")
    assert fetch(store, "greeting").base_url is not None
    assert fetch(store, "greeting").base_url.url == "https://other.example/v1"  # type: ignore[union-attr]
    base_urls.remove(store, WHO, "inside")
    assert fetch(store, "greeting").base_url is None


def test_what_a_caller_changes_is_its_own(store: Store, publish_: Publish) -> None:
    publish_(prompt=chat(("user", "same")), metadata=model(stop=["a"]))
    for render in (True, False, True):
        found = fetch(store, "greeting", Ask(render=render))
        assert texts(found) == ["same"]
        assert found.llm_kwargs is not None
        assert found.llm_kwargs["stop"] == ["a"]
        found.prompt["messages"][0]["content"][0]["text"] = "changed"
        found.llm_kwargs["stop"].append("b")
        assert found.metadata is not None
        found.metadata["model"]["parameters"]["stop"] = None


def test_a_template_that_was_renamed_or_deleted_is_not_served_from_memory(
    store: Store, publish_: Publish
) -> None:
    publish_()
    fetch(store, "greeting")
    templates.rename(store, WHO, "greeting", "hello")
    with pytest.raises(NotFound):
        fetch(store, "greeting")
    found = fetch(store, "hello")
    templates.delete(store, WHO, "hello")
    for identifier in ("hello", found.template.id, str(found.template.id)):
        with pytest.raises(NotFound):
            fetch(store, identifier)
    templates.restore(store, WHO, found.template.id)
    assert fetch(store, "hello").version.number == 1
