"""Histories: whatever is starred, tagged, scored, deleted and brought back between searches of
texts, each of them finds what a plain reading of the same requests finds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.store.samples import NOON, some_request
from workbench.filters import FIELDS, Filter, parse_text
from workbench.logs import bulk
from workbench.settings import Settings
from workbench.store import search, text_scan, text_search
from workbench.store.purge import purge
from workbench.store.store import Store
from workbench.store.text_scan import Pace

SMALL = Pace(first=1, second=2, growth=2, by_id=2, scattered=1e9)
WHO = "user:ada"


@dataclass
class Kept:
    """What the model knows of a request."""

    text: str
    minutes: int
    tags: set[str] = field(default_factory=set)
    starred: bool = False
    plan: str | None = None
    score: float | None = None
    group: int | None = None
    variable: str | None = None
    deleted: bool = False


def has(word: str) -> Callable[[Kept], bool]:
    return lambda each: word in each.text


# The search line, and what it asks for.
SEARCHES: dict[str, Callable[[Kept], bool]] = {
    "parcel": has("parcel"),
    "parcel is:starred": lambda r: "parcel" in r.text and r.starred,
    "parcel -is:starred": lambda r: "parcel" in r.text and not r.starred,
    "parcel tag:vip": lambda r: "parcel" in r.text and "vip" in r.tags,
    "refund -tag:vip": lambda r: "refund" in r.text and "vip" not in r.tags,
    "parcel metadata.plan:pro": lambda r: "parcel" in r.text and r.plan == "pro",
    "refund -metadata.plan:pro": lambda r: "refund" in r.text and r.plan != "pro",
    "parcel score.tone>=50": lambda r: "parcel" in r.text and (r.score or 0) >= 50,
    "(is:starred OR text:refund)": lambda r: r.starred or "refund" in r.text,
    "(tag:vip OR text:refund)": lambda r: "vip" in r.tags or "refund" in r.text,
    "variable.city:Oslo": lambda r: r.variable == "Oslo",
    "last:20m parcel": lambda r: "parcel" in r.text and r.minutes >= -20,
}
LINES = st.sampled_from(list(SEARCHES))
CHOICE = st.integers(0, 50)


class History(RuleBasedStateMachine):
    engine = "file"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        place = self.folder.name
        database = (
            f"{place}/workbench.duckdb"
            if self.engine == "file"
            else f"ducklake:{place}/catalogue.ducklake"
        )
        self.store = Store(Settings(database=database))
        self.kept: dict[int, Kept] = {}
        self.undoable: list[int] = []
        # The searches that are made again after each step.
        self.lines: list[str] = []

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @initialize(
        rows=st.lists(st.tuples(st.integers(-40, 0), st.booleans()), min_size=2, max_size=6),
        lines=st.lists(LINES, min_size=2, max_size=2, unique=True),
    )
    def begin(self, rows: list[tuple[int, bool]], lines: list[str]) -> None:
        self.lines = lines
        for minutes, is_parcel in rows:
            self.arrive(minutes, "a parcel" if is_parcel else "a refund")

    @rule(minutes=st.integers(-40, 0), text=st.sampled_from(["a parcel", "a refund", "both"]))
    def arrive(self, minutes: int, text: str) -> None:
        text = "a parcel, a refund" if text == "both" else text
        at = NOON + timedelta(minutes=minutes)
        row = some_request(started_at=at, ended_at=at, input_text=text)
        self.kept[self.store.add(row).result().id] = Kept(text, minutes)

    def _one(self, choice: int) -> tuple[int, Kept] | None:
        live = sorted(id_ for id_, each in self.kept.items() if not each.deleted)
        if not live:
            return None
        id_ = live[choice % len(live)]
        return id_, self.kept[id_]

    def _change(self, name: str, *args: Any) -> None:
        changes = self.store.stars if name == "put" else self.store.annotations
        if name == "put":
            self.store.change(
                lambda c: self.store.stars.put(c, WHO, args[0], starred=args[1])
            ).result()
        else:
            self.store.change(lambda c: getattr(changes, name)(c, WHO, *args)).result()

    @rule(choice=CHOICE, starred=st.booleans())
    def star(self, choice: int, starred: bool) -> None:
        if one := self._one(choice):
            self._change("put", one[0], starred)
            one[1].starred = starred

    @rule(choice=CHOICE, tags=st.sampled_from([[], ["vip"], ["vip", "other"]]))
    def tag(self, choice: int, tags: list[str]) -> None:
        if one := self._one(choice):
            self._change("set_tags", one[0], tags)
            one[1].tags = set(tags)

    @rule(choice=CHOICE, plan=st.sampled_from(["pro", "free"]))
    def describe(self, choice: int, plan: str) -> None:
        if one := self._one(choice):
            self._change("set_metadata", one[0], {"plan": plan})
            one[1].plan = plan

    @rule(choice=CHOICE, value=st.sampled_from([10.0, 90.0]))
    def score(self, choice: int, value: float) -> None:
        if one := self._one(choice):
            self._change("set_score", one[0], "tone", value)
            one[1].score = value

    @rule(choice=CHOICE, city=st.sampled_from(["Oslo", "Rome"]))
    def link(self, choice: int, city: str) -> None:
        if one := self._one(choice):
            self._change("set_prompt", one[0], "greeting", 1, None, {"city": city})
            one[1].variable = city

    @rule(choice=CHOICE)
    def delete(self, choice: int) -> None:
        if one := self._one(choice):
            self._change("delete", one[0])
            one[1].deleted = True

    @rule(which=st.integers(0, 1))
    def delete_all_that_match(self, which: int) -> None:
        line = self.lines[which]
        wanted = self._wanted(line)
        chosen = bulk.Selection(filter=parse_text(line), now=NOON)
        done = bulk.run(self.store, WHO, chosen, bulk.Deleting())
        assert done.changed == len(wanted)
        for id_ in wanted:
            self.kept[id_].deleted = True
        self.undoable.append(done.id)

    @rule(which=st.integers(0, 1))
    def star_all_that_match(self, which: int) -> None:
        line = self.lines[which]
        wanted = self._wanted(line)
        chosen = bulk.Selection(filter=parse_text(line), now=NOON)
        done = bulk.run(self.store, WHO, chosen, bulk.Starring())
        assert done.changed == sum(not self.kept[id_].starred for id_ in wanted)
        for id_ in wanted:
            self.kept[id_].starred = True

    @rule()
    def undo_the_last_deletion(self) -> None:
        if self.undoable:
            change = self.undoable.pop()
            with self.store.connection.cursor() as cursor:
                rows = cursor.execute(
                    "SELECT request_id FROM bulk_before WHERE change_id = ?", [change]
                ).fetchall()
            bulk.undo(self.store, WHO, change)
            for (id_,) in rows:
                self.kept[id_].deleted = False

    @rule()
    def purge(self) -> None:
        # Erasing the bytes is another matter, and slow: the rows go.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("workbench.store.purge.erase", lambda *_: True)
            purge(self.store, WHO)
        self.kept = {id_: each for id_, each in self.kept.items() if not each.deleted}
        self.undoable.clear()

    def _wanted(self, line: str) -> list[int]:
        """Newest first."""
        rows = [
            (each.minutes, id_)
            for id_, each in self.kept.items()
            if not each.deleted and SEARCHES[line](each)
        ]
        return [id_ for _, id_ in sorted(rows, reverse=True)]

    @invariant()
    def first_pages_agree(self) -> None:
        for line in self.lines:
            page = search.page(self.store.connection, parse_text(line), now=NOON, limit=3)
            assert [row.id for row in page.rows] == self._wanted(line)[:3]

    @rule(which=st.integers(0, 1), limit=st.integers(1, 4))
    def list_every_page(self, which: int, limit: int) -> None:
        line = self.lines[which]
        assert self._pages(parse_text(line), limit) == self._wanted(line)

    def _pages(self, filter_: Filter, limit: int) -> list[int]:
        met: list[int] = []
        at: search.Position | None = None
        for _ in range(100):
            page = search.page(
                self.store.connection,
                filter_,
                now=NOON,
                limit=limit,
                position=at,
                direction="older" if at else "from",
            )
            met += [row.id for row in page.rows]
            if not page.has_older:
                break
            at = page.positions[-1] if page.positions else at
        return met

    @rule(which=st.integers(0, 1))
    def count_them(self, which: int) -> None:
        line = self.lines[which]
        filter_, wanted = parse_text(line), self._wanted(line)
        connection = self.store.connection
        assert search.count(connection, filter_, now=NOON) == len(wanted)
        assert search.totals(connection, filter_, now=NOON).requests == len(wanted)
        assert search.ids(connection, filter_, now=NOON) == sorted(wanted)

    @rule(which=st.integers(0, 1))
    def search_to_the_end(self, which: int) -> None:
        line = self.lines[which]
        (*_, last) = text_search.slices(
            self.store.connection, parse_text(line), now=NOON, up_to=None, seconds=60
        )
        assert last.is_complete
        assert last.found == len(self._wanted(line))

    @rule(which=st.integers(0, 1))
    def search_one_slice(self, which: int) -> None:
        line = self.lines[which]
        reach = text_search.advance(
            self.store.connection, parse_text(line), now=NOON, up_to=None, enough=1
        )
        assert reach is not None
        wanted = self._wanted(line)
        assert reach.found <= len(wanted)
        assert reach.found >= min(1, len(wanted))


@pytest.mark.parametrize(
    ("engine", "examples"),
    [
        ("file", 8),
        ("ducklake", 1),
        pytest.param("file", 100, marks=pytest.mark.slow),
        pytest.param("ducklake", 10, marks=pytest.mark.slow),
    ],
)
def test_searches_agree_with_a_plain_reading_after_every_history(
    engine: str, examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_scan, "PACE", SMALL)
    monkeypatch.setattr(History, "engine", engine)
    run_state_machine_as_test(
        History, settings=settings(max_examples=examples, stateful_step_count=15)
    )


def test_a_search_knows_of_every_field_whether_it_can_change_later() -> None:
    """A new field belongs to those that change until someone says that it cannot."""
    changing = set(FIELDS) - text_search.FIXED
    assert set(FIELDS) >= text_search.FIXED
    assert changing == {
        "tags",
        "metadata",
        "metadata_keys",
        "score",
        "is_starred",
        "group_id",
        "prompt_name",
        "prompt_id",
        "prompt_version_number",
        "prompt_label",
        "input_variables",
        "input_variable_keys",
    }
