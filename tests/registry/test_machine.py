"""Histories: whatever is published, moved, removed, deleted and restored, a simple model agrees."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.registry.conftest import chat
from workbench.registry import finding, labels, templates
from workbench.registry.fetching import Ask, fetch
from workbench.registry.publishing import Draft, publish, restore_version
from workbench.settings import Settings
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_listing import Query, count
from workbench.store.store import Store

NAMES = st.sampled_from(["a", "b/c", "é", "17"])
LABELS = st.sampled_from(["prod", "dev"])
PEOPLE = st.sampled_from(["user:ada", "user:bob"])
NUMBERS = st.integers(1, 5)


@dataclass
class Kept:
    """What the model knows of a template."""

    id: int
    texts: list[str] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)


class Registry(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Settings(database=f"{self.folder.name}/workbench.duckdb"))
        self.live: dict[str, Kept] = {}
        self.deleted: list[tuple[str, Kept]] = []
        self.protected: set[str] = set()
        self.turn = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(name=NAMES, who=PEOPLE, label=st.none() | LABELS)
    def publish(self, name: str, who: str, label: str | None) -> None:
        self.turn += 1
        text = f"text {self.turn}"
        wanted = [label] if label else []
        made = publish(
            self.store, who, Draft(name=name, prompt=chat(("user", text)), labels=wanted)
        )
        kept = self.live.setdefault(name, Kept(made.template.id))
        assert made.created == (not kept.texts)
        assert made.template.id == kept.id
        kept.texts.append(text)
        assert made.version.number == len(kept.texts)
        if label and label not in self.protected:
            kept.labels[label] = len(kept.texts)

    @rule(name=NAMES, who=PEOPLE, number=NUMBERS)
    def bring_back(self, name: str, who: str, number: int) -> None:
        kept = self.live.get(name)
        if kept is None or number > len(kept.texts):
            with pytest.raises(NotFound):
                restore_version(self.store, who, name, number)
            return
        made = restore_version(self.store, who, name, number)
        kept.texts.append(kept.texts[number - 1])
        assert made.version.number == len(kept.texts)

    @rule(name=NAMES, who=PEOPLE, label=LABELS, number=NUMBERS)
    def move(self, name: str, who: str, label: str, number: int) -> None:
        kept = self.live.get(name)
        if kept is None or number > len(kept.texts):
            with pytest.raises(NotFound):
                labels.move_label(self.store, who, name, label, number)
            return
        change = labels.move_label(self.store, who, name, label, number)
        assert change.before == kept.labels.get(label)
        is_same = change.before == number
        assert change.waits == (label in self.protected and not is_same)
        if not change.waits:
            kept.labels[label] = number

    @rule(name=NAMES, who=PEOPLE, label=LABELS)
    def remove(self, name: str, who: str, label: str) -> None:
        kept = self.live.get(name)
        if kept is None or label not in kept.labels:
            with pytest.raises(NotFound):
                labels.remove_label(self.store, who, name, label)
            return
        if not labels.remove_label(self.store, who, name, label).waits:
            del kept.labels[label]

    @rule(label=LABELS)
    def protect(self, label: str) -> None:
        labels.protect(self.store, "user:ada", label)
        self.protected.add(label)

    @rule(who=PEOPLE, at=st.integers(0, 5))
    def approve(self, who: str, at: int) -> None:
        asked = labels.waiting(self.store.connection)
        if at >= len(asked):
            return
        one = asked[at]
        kept = next((each for each in self.live.values() if each.id == one.template_id), None)
        stale = kept is None or kept.labels.get(one.name) != one.from_number
        if stale or who == one.requested_by:
            with pytest.raises(Refused):
                labels.approve(self.store, who, one.id)
            return
        labels.approve(self.store, who, one.id)
        assert kept is not None
        if one.to_number is None:
            del kept.labels[one.name]
        else:
            kept.labels[one.name] = one.to_number

    @rule(name=NAMES, who=PEOPLE)
    def delete(self, name: str, who: str) -> None:
        if name not in self.live:
            with pytest.raises(NotFound):
                templates.delete(self.store, who, name)
            return
        templates.delete(self.store, who, name)
        self.deleted.append((name, self.live.pop(name)))

    @rule(at=st.integers(0, 3))
    def restore(self, at: int) -> None:
        if at >= len(self.deleted):
            return
        name, kept = self.deleted[at]
        if name in self.live:
            with pytest.raises(Refused, match="taken since"):
                templates.restore(self.store, "user:ada", kept.id)
            return
        templates.restore(self.store, "user:ada", kept.id)
        self.live[name] = kept
        del self.deleted[at]

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store(Settings(database=f"{self.folder.name}/workbench.duckdb"))

    @invariant()
    def agrees(self) -> None:
        connection = self.store.connection
        assert count(connection, Query()) == len(self.live)
        for name, kept in self.live.items():
            assert finding.template(connection, name).id == kept.id
            history = templates.versions(connection, name)
            assert [one.number for one in history] == list(range(len(kept.texts), 0, -1))
            found = {one.name: one.number for one in labels.labels(connection, name)}
            assert found == kept.labels
            assert self.served(name, Ask()) == kept.texts[-1]
            for label, number in kept.labels.items():
                assert self.served(name, Ask(label=label)) == kept.texts[number - 1]

    def served(self, name: str, ask: Ask) -> Any:
        return fetch(self.store, name, ask).prompt["messages"][0]["content"][0]["text"]


Registry.TestCase.settings = settings(max_examples=8, stateful_step_count=25)
TestHistories = Registry.TestCase


class LongRegistry(Registry):
    """The same with longer histories."""


LongRegistry.TestCase.settings = settings(max_examples=60, stateful_step_count=60)
TestLongHistories = pytest.mark.slow(LongRegistry.TestCase)
