"""The formats by name, and which of them a file holds. Listing them imports none."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.logs.importing.container import Container, Position
from workbench.logs.importing.csvrows import Csv
from workbench.logs.importing.encodings import as_utf8, needed
from workbench.logs.importing.jsonarray import JsonArray
from workbench.logs.importing.lines import BOM, Lines, read_line
from workbench.logs.importing.mapping import mapping_of, propose
from workbench.logs.importing.record import Context, ImportFailed, Record, Refusal, Row, Skipped

#: Name -> module of this package. The order decides between formats that look equally likely.
MODULES = {
    "calls": "calls",
    "openai-batch": "openai_batch",
    "openai-finetuning": "openai_finetuning",
    "promptlayer": "promptlayer",
    "langfuse": "langfuse",
    "langsmith": "langsmith",
    "phoenix": "phoenix",
    "helicone": "helicone",
    "neutral": "neutral",
}
#: A file of a shape of its own, read through a mapping of its columns.
MAPPED = "mapped"
_SAMPLE = 50
_SURE = 0.5


class Format(Protocol):
    """A module that reads rows of one format."""

    NAME: str
    LABEL: str

    def looks(self, columns: frozenset[str], sample: Row) -> float:
        """How surely rows with these columns are of this format: from 0 to 1."""

    def read(self, row: Row, context: Context) -> Record | Skipped:
        """The record of a row; raises FieldError where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What a file is. columns: of its first rows. rows: those rows. sure: from 0 to 1."""

    format: str
    sure: float
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def names() -> list[str]:
    """What a caller may name as the format."""
    return [*MODULES, MAPPED]


def module_of(name: str) -> Format:
    """The module that reads a format; raises ImportFailed for a name that is none."""
    if name == MAPPED:
        name = "neutral"
    if name not in MODULES:
        raise ImportFailed(f'"{name}" is no format. Formats are {", ".join(names())}.')
    module: Any = importlib.import_module(f"workbench.logs.importing.{MODULES[name]}")
    found: Format = module
    return found


@contextmanager
def opened(path: Path, encoding: str | None = None) -> Iterator[Container]:
    """The container of a file, by its content; raises ImportFailed for what is none."""
    try:
        with path.open("rb") as file:
            head = file.read(2**16)
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read: {error.strerror or error}.") from error
    if not head:
        raise ImportFailed(f"{path.name} is empty.")
    if head.startswith(b"PAR1"):
        from workbench.logs.importing.parquetrows import Parquet

        yield Parquet(path)
        return
    foreign = needed(path, head, encoding)
    if foreign is None:
        yield _text_container(path)
        return
    with tempfile.TemporaryDirectory(prefix="workbench-import-") as folder:
        yield _text_container(as_utf8(path, head, foreign, Path(folder)))


def _text_container(path: Path) -> Container:
    with path.open("rb") as file:
        head = file.read(2**20)
    stripped = head.removeprefix(BOM).lstrip()
    if stripped.startswith(b"["):
        return JsonArray(path)
    if stripped.startswith(b"{"):
        line = stripped.partition(b"\n")[0].strip()
        rest = stripped[len(line) :].lstrip()
        first = read_line(line, 1)
        is_one = isinstance(first, Refusal) and b"\n" in stripped
        if rest.startswith(b"{") or not is_one:
            if not rest and not isinstance(first, Refusal) and _holds_a_list(first):
                return JsonArray(path)
            return Lines(path)
        return JsonArray(path)
    return Csv(path)


def _holds_a_list(value: Row) -> bool:
    from workbench.logs.importing.jsonarray import LISTS

    return any(_is_list_of_objects(value.get(key)) for key in LISTS)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def first_rows(container: Container, number: int = _SAMPLE) -> list[Row]:
    """The first rows that are rows."""
    found: list[Row] = []
    decoder = container.decoder()
    for block in container.blocks(Position()):
        for _, row in decoder.rows(block):
            if not isinstance(row, Refusal):
                found.append(row)
                if len(found) >= number:
                    return found
        if block.start.place > 10_000:
            break
    return found


def detect(container: Container) -> Detected:
    """The format of a file by its columns and first rows; MAPPED when none fits."""
    rows = first_rows(container)
    columns = tuple(getattr(container, "header", ())) or _columns_of(rows)
    best, sure = MAPPED, 0.0
    for name in MODULES:
        module = module_of(name)
        found = max((module.looks(frozenset(row), row) for row in rows[:5]), default=0.0)
        if not rows and columns:
            found = module.looks(frozenset(columns), {})
        if found > sure:
            best, sure = name, found
    if sure < _SURE:
        best = MAPPED
    return Detected(best, sure, columns, tuple(rows))


def proposed(found: Detected) -> dict[str, str]:
    """The mapping that is proposed for a file: column -> field."""
    return mapping_of(propose(found.columns, found.rows))


def _columns_of(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for row in rows for column in row))
