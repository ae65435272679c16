"""Rows and columns of datasets as plain values, checked and made ready to be written."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from workbench.store import blobs
from workbench.store.dataset_names import Names
from workbench.store.errors import Refused
from workbench.store.long_values import LongValue, taken_apart

MAX_ROW_BYTES = 32 * 2**20
MAX_COLUMNS = 1000
MAX_NAME = 200
MAX_TAGS, MAX_TAG = 100, 200
EMPTY, TEXT, NUMBER, BOOLEAN, JSON = "empty", "text", "number", "boolean", "json"
#: What a column's values are. "empty": none has come yet. "json": objects, lists, or a mixture.
TYPES: Final = (EMPTY, TEXT, NUMBER, BOOLEAN, JSON)
INPUT, EXPECTED, METADATA = "input", "expected", "metadata"
#: What a column is for: what goes in, the answer that is expected, or what is told beside it.
ROLES: Final = (INPUT, EXPECTED, METADATA)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a version. type: of TYPES. role: of ROLES."""

    name: str
    type: str = EMPTY
    role: str = INPUT


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to add. values: JSON by column. source_request: the log that it came from."""

    values: Mapping[str, Any]
    split: str | None = None
    tags: Sequence[str] = ()
    source_request: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows ready to be inserted; what only the writer knows is missing.

    types: of the values, by column in the order in which they were met. roles: of columns that
    are to be something else than INPUT where they come in new. values: of the rows as they came.
    """

    texts: tuple[str, ...]
    digests: tuple[str, ...]
    splits: tuple[str | None, ...]
    tags: tuple[tuple[str, ...], ...]
    sources: tuple[int | None, ...]
    types: Mapping[str, str]
    roles: Mapping[str, str] = field(default_factory=dict)
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    #: Of each row, what it tells of values that leave it (None for nothing), and those.
    told: tuple[str | None, ...] = ()
    long: tuple[tuple[LongValue, ...], ...] = ()
    values: tuple[Mapping[str, Any], ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    def under(self, names: Names) -> Prepared:
        """The rows with values under the keys of their columns."""
        if all(names.key(name) == name for name in self.types):
            return self
        made = [encoded(names.keyed(values)) for values in self.values]
        return replace(
            self,
            texts=tuple(one.text for one in made),
            digests=tuple(one.digest for one in made),
            blobs={blob.sha256: blob.data for one in made for blob in one.blobs},
            told=tuple(one.told for one in made),
            long=tuple(one.long for one in made),
        )


class Preparing:
    """Rows that are made ready one by one, away from the writer. size: about their bytes."""

    def __init__(self, roles: Mapping[str, str] | None = None) -> None:
        self._roles = dict(roles or {})
        self._texts: list[str] = []
        self._digests: list[str] = []
        self._rows: list[tuple[str | None, tuple[str, ...], int | None]] = []
        self._types: dict[str, str] = {}
        self._blobs: dict[str, bytes] = {}
        self._told: list[str | None] = []
        self._long: list[tuple[LongValue, ...]] = []
        self._values: list[Mapping[str, Any]] = []
        self.size = 0

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, row: NewRow) -> None:
        """Raises Refused for a row that cannot be kept; it is as if it had not come then."""
        for name in row.values.keys() - self._types.keys():
            checked_column(name)
        split, tags = checked_split(row.split), checked_tags(row.tags)
        made = encoded(row.values)
        self._texts.append(made.text)
        self._digests.append(made.digest)
        self._told.append(made.told)
        self._long.append(made.long)
        self._values.append(row.values)
        self._rows.append((split, tags, row.source_request))
        self._blobs.update((one.sha256, one.data) for one in made.blobs)
        self.size += len(made.text) + sum(len(one.data) for one in made.blobs)
        self.size += sum(len(one.text) for one in made.long)
        for name, value in row.values.items():
            self._types[name] = merged(self._types.get(name, EMPTY), type_of(value))

    def ready(self) -> Prepared:
        return Prepared(
            tuple(self._texts),
            tuple(self._digests),
            tuple(split for split, _, _ in self._rows),
            tuple(tags for _, tags, _ in self._rows),
            tuple(source for _, _, source in self._rows),
            self._types,
            self._roles,
            self._blobs,
            tuple(self._told),
            tuple(self._long),
            tuple(self._values),
        )


def prepare(rows: Iterable[NewRow]) -> Prepared:
    """Rows made ready. Raises Refused for the first that cannot be kept."""
    preparing = Preparing()
    for row in rows:
        preparing.add(row)
    return preparing.ready()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A row as it is kept. text: JSON without images and long values. told: what it tells of
    those, None where there are none."""

    text: str
    digest: str
    told: str | None
    long: tuple[LongValue, ...]
    blobs: list[blobs.Blob]


def encoded(values: Mapping[str, Any]) -> Encoded:
    """A row made ready. Raises Refused.

    The digest does not depend on the order of keys.
    """
    try:
        raw = orjson.dumps(values)
        ordered = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Refused(f"A row holds a value that JSON cannot hold: {error}.") from None
    if len(raw) > MAX_ROW_BYTES:
        raise Refused(
            f"A row may hold {MAX_ROW_BYTES // 2**20} MB; one holds {len(raw) / 2**20:.1f} MB."
        )
    text, told, long, taken = taken_apart(values)
    digest = hashlib.md5(ordered, usedforsecurity=False).digest()
    return Encoded(text, str(uuid.UUID(bytes=digest)), told, long, taken)


def type_of(value: Any) -> str:
    """Of TYPES, for one value."""
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int | float):
        return NUMBER
    return TEXT if isinstance(value, str) else JSON


def merged(one: str, other: str) -> str:
    """The type of a column that holds values of both."""
    if EMPTY in (one, other):
        return other if one == EMPTY else one
    return one if one == other else JSON


def widened(
    columns: Sequence[Column], types: Mapping[str, str], roles: Mapping[str, str]
) -> list[Column]:
    """The columns after rows with values of these types came in; new ones stand at the end, with
    their roles (of "output" EXPECTED, of others INPUT, where none is given).

    Raises Refused beyond MAX_COLUMNS.
    """
    by_name = {column.name: column for column in columns}
    for name, type_ in types.items():
        there = by_name.get(name)
        if there is None:
            usual = EXPECTED if name == "output" else INPUT
            by_name[name] = Column(name, type_, roles.get(name, usual))
        else:
            by_name[name] = Column(name, merged(there.type, type_), there.role)
    if len(by_name) > MAX_COLUMNS:
        raise Refused(
            f"A dataset has at most {MAX_COLUMNS:,} columns; this would be {len(by_name):,}."
        )
    return list(by_name.values())


def checked_columns(columns: Iterable[Column]) -> list[Column]:
    """The columns; raises Refused for names that stand twice, and unknown types and roles."""
    kept = list(columns)
    names = [checked_column(column.name) for column in kept]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise Refused(f'Two columns are named "{name}".')
    for column in kept:
        if column.type not in TYPES or column.role not in ROLES:
            raise Refused(
                f'Column "{column.name}": a type is one of {", ".join(TYPES)}, '
                f"a role one of {', '.join(ROLES)}."
            )
    if len(kept) > MAX_COLUMNS:
        raise Refused(f"A dataset has at most {MAX_COLUMNS:,} columns.")
    return kept


def checked_column(name: str) -> str:
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Refused(
            f'A column\'s name is 1 to {MAX_NAME} printable characters; "{name[:60]}" is not.'
        )
    return name


def checked_name(name: str) -> str:
    """A dataset's name without outer space; raises Refused where it cannot be one."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Refused(f"A dataset's name is 1 to {MAX_NAME} printable characters.")
    return name


def checked_split(split: str | None) -> str | None:
    """A split's name without outer space; None for none."""
    split = None if split is None else " ".join(split.split())
    if split and (len(split) > MAX_NAME or not split.isprintable()):
        raise Refused(f"A split's name is at most {MAX_NAME} printable characters.")
    return split or None


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without outer space, each once, in their order."""
    kept = tuple(dict.fromkeys(one for tag in tags if (one := " ".join(tag.split()))))
    if len(kept) > MAX_TAGS or any(len(tag) > MAX_TAG or not tag.isprintable() for tag in kept):
        raise Refused(f"At most {MAX_TAGS} tags are kept, of {MAX_TAG} printable characters each.")
    return kept


def read_columns(text: str) -> tuple[Column, ...]:
    """The columns as `columns_text` wrote them, without hidden ones."""
    return tuple(
        Column(str(one["name"]), str(one["type"]), str(one["role"]))
        for one in orjson.loads(text)
        if "role" in one
    )


def columns_text(columns: Iterable[Column], names: Names) -> str:
    """The columns as a version keeps them, with their keys; of one that is hidden and has a key
    that is all."""
    kept: list[dict[str, str]] = []
    for one in columns:
        key = names.key(one.name)
        told = {} if key == one.name else {"key": key}
        kept.append({"name": one.name, "type": one.type, "role": one.role, **told})
    there = {one["name"] for one in kept}
    hidden = [(key, name) for key, name in names.by_key.items() if name not in there]
    return orjson.dumps([*kept, *({"name": name, "key": key} for key, name in hidden)]).decode()
