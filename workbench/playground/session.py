"""A playground session: shared messages and up to six columns. One value that a page changes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.registry import editing as editings
from workbench.registry.editing import Editing
from workbench.store.errors import Refused

MAX_COLUMNS = 6
_LETTERS = "ABCDEF"
_FORM = 1


@dataclass(slots=True)
class TemplateChoice:
    """The version of a registry template that a column takes its messages from: of that number,
    of the label, or the newest where both are None."""

    id: int
    name: str
    version: int | None = None
    label: str | None = None

    @property
    def words(self) -> str:
        if self.label is not None:
            return f"{self.name} · {self.label}"
        return f"{self.name} · " + (f"version {self.version}" if self.version else "newest")


@dataclass(slots=True)
class Column:
    """A model with its settings, a template version, or both.

    model: "provider/model"; "" takes the template's. parameters: settings under our names or any
    vendor's (`workbench.providers.parameters`); they win over the template's. own: messages in the
    place of the shared ones. values: variables in the place of the shared ones, by name.
    is_locked: not run with the others. thread: what was said so far after the messages, one of
    {"run": id}, {"request": id of the log}, {"messages": [...]} each.
    """

    id: str
    name: str = ""
    model: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    template: TemplateChoice | None = None
    own: Editing | None = None
    own_is_plain: bool = False
    values: dict[str, str] = field(default_factory=dict)
    is_locked: bool = False
    thread: list[dict[str, Any]] = field(default_factory=list)

    @property
    def overrides(self) -> list[str]:
        """What it has in place of what the columns share, in words."""
        said = []
        if self.template is not None:
            said.append(f"messages of {self.template.words}")
        elif self.own is not None:
            said.append("messages of its own")
        said += [f"{name} of its own" for name in self.values]
        return said

    @property
    def run_ids(self) -> list[str]:
        return [str(entry["run"]) for entry in self.thread if "run" in entry]


@dataclass(slots=True)
class Session:
    """What stands on a playground page.

    shared: messages, tools, variables; its `model.parameters.response_format` is the structured
    output that all columns are asked for. is_plain: no parser reads the shared texts, braces are
    braces. mocks: the result to answer each tool's calls with, by the tool's name. sets: named
    values to try it with, where no template keeps them. rows: variables to run over, one row after
    the other, in the place of the shared ones; rows_from: where they came from, in words. repeats:
    how often each row is run, as it was chosen last. blind_seed: what the order of the hidden
    columns is drawn from; None where names are shown. revision: of the store; 0 where it is not
    kept yet. sign: of what the store has at that revision, b"" where that is not known.
    """

    id: int
    shared: Editing
    columns: list[Column]
    name: str = ""
    is_plain: bool = False
    mocks: dict[str, str] = field(default_factory=dict)
    next_column: int = 0
    sets: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    rows_from: str = ""
    repeats: int = 1
    blind_seed: int | None = None
    revision: int = 0
    sign: bytes = b""
    source_request: int | None = None
    forked_from: int | None = None

    # Reading

    def column(self, id_: str) -> Column | None:
        return next((one for one in self.columns if one.id == id_), None)

    def title(self, column: Column) -> str:
        """How a column is called: its own name, or the letter of its place."""
        return column.name or _LETTERS[self.columns.index(column)]

    @property
    def place(self) -> str:
        return f"playground/{self.id}"

    @property
    def display_name(self) -> str:
        """Its name, or the first words of its messages."""
        if self.name:
            return self.name
        texts = (
            str(part.get("text") or "")
            for message in reversed(self.shared.messages)
            for part in message.get("content") or ()
            if isinstance(part, dict)
        )
        words = " ".join(next((text for text in texts if text.strip()), "").split())
        return words[:60] or "New comparison"

    def to_json(self) -> dict[str, Any]:
        """All but what the store keeps beside it (id, revision, where it came from)."""
        return {
            "form": _FORM,
            "name": self.name,
            "is_plain": self.is_plain,
            "shared": self.shared.to_json(),
            "columns": [asdict(one) for one in self.columns],
            "mocks": self.mocks,
            "next_column": self.next_column,
            "sets": self.sets,
            "rows": self.rows,
            "rows_from": self.rows_from,
            "repeats": self.repeats,
            "blind_seed": self.blind_seed,
        }

    # Changes

    def add(self, model: str = "") -> Column:
        """A column at the end. Raises Refused where there are MAX_COLUMNS."""
        self._require_room()
        column = Column(self._column_id(), model=model)
        self.columns.append(column)
        return column

    def duplicate(self, column: Column) -> Column:
        """The same column again beside it, without what was said in it."""
        self._require_room()
        copied = deepcopy(column)
        copied.id, copied.name = self._column_id(), ""
        copied.thread, copied.is_locked = [], False
        if copied.own is not None:
            copied.own.place = self.own_place(copied.id)
        self.columns.insert(self.columns.index(column) + 1, copied)
        return copied

    def put_back(self, column: Column, place: int) -> None:
        """A removed column where it was. Raises Refused where there are MAX_COLUMNS."""
        self._require_room()
        self.columns.insert(place, column)

    def remove(self, column: Column) -> None:
        self.columns.remove(column)

    def move(self, column: Column, step: int) -> None:
        """One place to the left (-1) or right (1); nothing happens at either end."""
        here = self.columns.index(column)
        there = here + step
        if 0 <= there < len(self.columns):
            self.columns[here], self.columns[there] = self.columns[there], self.columns[here]

    def take_own(self, column: Column) -> None:
        """Give a column a copy of the shared messages, to be changed for it alone."""
        column.template = None
        column.own = editings.from_json(deepcopy(self.shared.to_json()))
        assert column.own is not None
        column.own.place = self.own_place(column.id)
        column.own_is_plain = self.is_plain

    def own_place(self, column_id: str) -> str:
        return f"{self.place}/{column_id}"

    def settle(self, id_: int) -> None:
        """Give the session an id of its own: its editors belong to it from then on."""
        self.id = id_
        self.shared.place = self.place
        for column in self.columns:
            if column.own is not None:
                column.own.place = self.own_place(column.id)

    def _require_room(self) -> None:
        if len(self.columns) >= MAX_COLUMNS:
            raise Refused(f"A session has at most {MAX_COLUMNS} columns: remove one first.")

    def _column_id(self) -> str:
        self.next_column += 1
        return f"c{self.next_column}"


def from_json(id_: int, value: Any) -> Session | None:
    """What `to_json` gave; None where another version wrote something that cannot be read."""
    if not isinstance(value, dict) or value.get("form") != _FORM:
        return None
    try:
        shared = editings.from_json(value["shared"])
        columns = [_column(each) for each in value["columns"]]
        if shared is None or len(columns) > MAX_COLUMNS:
            return None
        session = Session(
            id=id_,
            shared=shared,
            columns=columns,
            name=value["name"],
            is_plain=value["is_plain"],
            mocks=value["mocks"],
            next_column=value["next_column"],
            # Not in what was kept before these were there.
            sets=value.get("sets") or {},
            rows=value.get("rows") or [],
            rows_from=value.get("rows_from") or "",
            repeats=value.get("repeats") or 1,
            blind_seed=value.get("blind_seed"),
        )
    except (KeyError, TypeError):
        return None
    session.settle(id_)
    return session


def _column(value: dict[str, Any]) -> Column:
    own, template = value["own"], value["template"]
    return Column(
        **{
            **value,
            "own": editings.from_json(own) if own is not None else None,
            "template": TemplateChoice(**template) if template is not None else None,
        }
    )
