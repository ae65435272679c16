"""What the readers of files give, and what an import tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

# Longer lines, rows and elements are refused: no call is that large, and memory stays bounded.
MAX_RECORD = 32 * 2**20
# So much of a refused row is written beside its reason.
MAX_EXCERPT = 2000
Row = dict[str, Any]


class ImportFailed(Exception):
    """The file as a whole cannot be read. The text is a sentence for the person who will read it.

    What was stored before stays stored, and the state says how far that was.
    """


@dataclass(frozen=True, slots=True)
class Record:
    """One call out of a file.

    body: a body as `POST /track-request` (is_call) or `POST /log-request` takes it, checked.
    key: the source's own id of the record; None where it has none.
    time_assumed: a time, or its zone, is not in the file.
    known: columns that such a body has no field for (cached_tokens, cache_write_tokens,
        reasoning_tokens, finish_reason), and `billing` as `workbench.usage.Usage` has it.
    """

    body: dict[str, Any]
    is_call: bool = False
    key: str | None = None
    time_assumed: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that is right and no call to a model, such as the span of a tool."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken. place: its line, row or element, from 1. text: its beginning."""

    place: int
    reason: str
    field: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a format needs beside the row.

    provider: said by the caller for rows that name none. zone: of times that come without one
    (None: this machine's). base: the time of records in files that hold no times.
    mapping: column -> field, for files of a shape of their own.
    companion: the other file, where a format spreads a record over two.
    """

    provider: str = ""
    zone: tzinfo | None = None
    base: datetime | None = None
    mapping: Mapping[str, str] | None = None
    companion: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows: read = stored + duplicates + refused + skipped.

    skipped: rows that are no calls to a model, by reason. finished: the end of the file was
    reached. refused_file: where the refused rows are, None when there are none.
    """

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    finished: bool = False
    refused_file: str | None = None

    @property
    def skipped_rows(self) -> int:
        return sum(self.skipped.values())
