"""The sample's prompt templates: they stand behind its requests, and come and go with them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from data.make_sample import PROMPTS
from data.sample_text.templates import templates as made
from workbench.logs.sample import SAMPLE_PATH, read_sample
from workbench.registry import fetching, labels, listing, sample
from workbench.registry.listing import Query
from workbench.registry.publishing import Draft, publish
from workbench.registry.templates import versions
from workbench.store.store import Store

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loaded(store: Store) -> None:
    sample.load_prompts(store, "user:a")


def names(store: Store) -> set[str]:
    found = listing.search(store.connection, Query(), now=NOW, limit=200)
    return {item.template.name for item in found.items}


def test_the_committed_file_is_what_the_script_writes() -> None:
    assert json.loads(PROMPTS.read_text("utf-8")) == made()


def test_every_version_that_a_request_of_the_sample_names_is_there(store: Store) -> None:
    used: Counter[tuple[str, int]] = Counter()
    for each in read_sample(SAMPLE_PATH, NOW):
        name = each.body.get("prompt_name")
        number = each.body.get("prompt_version") or each.body.get("prompt_version_number")
        if name is not None and number is not None:
            used[name, number] += 1
    there = {
        (name, info.number) for name in names(store) for info in versions(store.connection, name)
    }
    assert used
    assert set(used) <= there


def test_the_released_version_takes_the_variables_that_its_requests_had(store: Store) -> None:
    newest = {}
    for each in read_sample(SAMPLE_PATH, NOW):
        if each.body.get("prompt_name") and each.body.get("prompt_input_variables"):
            newest[each.body["prompt_name"]] = each.body["prompt_input_variables"]
    for name, values in newest.items():
        ask = fetching.Ask(label="prod", input_variables=values)
        fetched = fetching.fetch(store, name, ask)
        assert not set(fetched.missing) - {"history"}, (name, fetched.missing)
        assert fetched.warning is None, (name, fetched.warning)


def test_a_template_of_ones_own_with_the_same_name_stays_as_it_is(store: Store) -> None:
    sample.remove_prompts(store, "user:a", NOW)
    assert names(store) == set()
    mine = {"type": "chat", "messages": [{"role": "user", "content": "Mine {a}"}]}
    publish(store, "user:b", Draft(name="support/answer", prompt=mine))
    assert sample.load_prompts(store, "user:a") == len(made()) - 1
    assert [info.number for info in versions(store.connection, "support/answer")] == [1]
    sample.remove_prompts(store, "user:a", NOW)
    assert names(store) == {"support/answer"}


def test_loading_twice_adds_nothing(store: Store) -> None:
    assert sample.load_prompts(store, "user:a") == 0
    assert [label.name for label in labels.labels(store.connection, "search/rewrite")] == ["prod"]
