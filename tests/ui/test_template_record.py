"""The record of a prompt template reads as sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from workbench.registry import ab, labels, templates, variable_sets
from workbench.registry.publishing import Draft, publish
from workbench.store.audit import Entry
from workbench.store.store import Store
from workbench.ui.template_record import sentence

PROMPT = {"type": "chat", "messages": [{"role": "user", "content": "Hello {a}"}]}


def entry(action: str, **detail: Any) -> Entry:
    return Entry(1, datetime(2026, 11, 1, tzinfo=UTC), "anna", action, "template/1", detail)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (entry("label.move", label="prod", before=2, after=3), "moved prod from version 2 to 3"),
        (entry("label.move", label="prod", before=None, after=1), "put prod on version 1"),
        (entry("template.publish", version=4, message="Shorter"), "saved version 4: Shorter"),
        (entry("template.tag", before=[], after=["a", "b"]), "changed the tags to a, b"),
        (entry("label.ask", label="prod", after=None), "asked to change prod to version"),
        (entry("something.new", name="x"), "something.new"),
        (entry("template.rename", before="{name}", after="{0}"), "from {name} to {0}"),
    ],
)
def test_an_entry_is_a_sentence(one: Entry, said: str) -> None:
    assert said in sentence(one)
    assert sentence(one).startswith("anna ")


def test_everything_that_is_done_to_a_template_has_words(store: Store) -> None:
    for message in ("First", "Second"):
        publish(store, "anna", Draft(name="t", prompt=PROMPT, message=message))
    labels.move_label(store, "anna", "t", "prod", 1)
    labels.move_label(store, "anna", "t", "prod", 2)
    release = ab.Release("prod", (ab.Share(1, 50), ab.Share(2, 50)))  # type: ignore[arg-type]
    ab.start(store, "anna", "t", release)
    ab.end(store, "anna", "t", "prod")
    labels.protect(store, "anna", "prod", "t")
    labels.move_label(store, "anna", "t", "prod", 1)
    (asked,) = labels.waiting(store.connection, "t")
    labels.approve(store, "ben", asked.id)
    variable_sets.save(store, "anna", "t", "one", {"a": 1})
    templates.set_tags(store, "anna", "t", ["x"])
    templates.rename(store, "anna", "t", "u")
    said = [sentence(one) for one in labels.history(store.connection, "u")]
    assert len(said) > 10
    assert [each for each in said if "." in each.split(" ")[1]] == []
    assert "ben moved prod from version 2 to 1" in said
