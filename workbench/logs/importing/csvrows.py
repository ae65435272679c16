"""CSV with a header, as RFC 4180 has it, and as spreadsheets write it (semicolons, tabs).

A record is refused alone: where a quote is broken, reading goes on with the next physical line.
Nothing is evaluated: a cell that begins with "=" is text.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from workbench.logs.importing.container import BLOCK_BYTES, BLOCK_ROWS, Block, Position
from workbench.logs.importing.lines import BOM
from workbench.logs.importing.record import MAX_RECORD, ImportFailed, Refusal, Row
from workbench.logs.importing.taking import excerpt

csv.field_size_limit(MAX_RECORD)
DELIMITERS = ",;\t|"
MAX_COLUMNS = 5000
# What a spreadsheet would run; exports put an apostrophe before it.
_FORMULA = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_NOT_UTF8 = "this is not UTF-8 text; name the file's encoding, such as windows-1252"


@dataclass(frozen=True, slots=True)
class CsvDecoder:
    header: tuple[str, ...]

    def rows(self, block: Block) -> Iterator[tuple[int, Row | Refusal]]:
        for place, cells in block.payload:
            yield place, dict(zip(self.header, map(_as_written, cells), strict=True))


def _as_written(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class _TooLong(Exception):
    pass


class _Feed:
    """Physical lines as text, which can be taken back up to the first of a record."""

    def __init__(self, file: BufferedReader, offset: int, place: int, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._ahead: deque[bytes] = deque()
        self.offset, self.place = offset, place
        self.taken: list[bytes] = []
        self._size = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._file.readline(self._limit)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self._size += len(line)
        if self._size >= self._limit:
            raise _TooLong
        return line.decode("utf-8", "surrogateescape")

    def begin(self) -> None:
        """What was taken is one record; the next one begins."""
        self.offset += self._size
        self.place += len(self.taken)
        self.taken.clear()
        self._size = 0

    def give_back(self, keep: int) -> bytes:
        """Take back all but `keep` lines, which are returned."""
        kept, rest = self.taken[:keep], self.taken[keep:]
        self._ahead.extendleft(reversed(rest))
        self.taken = kept
        self._size = sum(map(len, kept))
        return b"".join(kept)

    def drop_line(self) -> None:
        """Pass over the rest of a physical line that is too long."""
        while self.taken and not self.taken[-1].endswith(b"\n"):
            rest = self._file.readline(self._limit)
            if not rest:
                return
            self._size += len(rest)
            self.taken[-1] = rest[-1:]


class Csv:
    """A CSV file in UTF-8; the first record names the columns."""

    unit = "line"

    def __init__(
        self,
        path: Path,
        max_record: int = MAX_RECORD,
        *,
        block_bytes: int = BLOCK_BYTES,
        block_rows: int = BLOCK_ROWS,
    ) -> None:
        """Raises ImportFailed for a file without a usable header."""
        self._path = path
        self._max = max_record
        self._block = block_bytes, block_rows
        with path.open("rb") as file:
            self._bom = len(BOM) if file.read(len(BOM)) == BOM else 0
            file.seek(self._bom)
            self._delimiter = delimiter_of(file.readline(2**20))
            file.seek(self._bom)
            feed = _Feed(file, self._bom, 1, max_record)
            try:
                cells = next(self._reader(feed), None)
            except (csv.Error, _TooLong) as error:
                raise ImportFailed(
                    f"The header of this CSV file cannot be read: {error}."
                ) from error
            feed.begin()
            self._first = Position(feed.offset, feed.place)
        self.header = _header(cells or [])

    def decoder(self) -> CsvDecoder:
        return CsvDecoder(self.header)

    def blocks(self, start: Position) -> Iterator[Block]:
        at = start if start.offset > self._first.offset else self._first
        with self._path.open("rb") as file:
            file.seek(at.offset)
            feed = _Feed(file, at.offset, at.place, self._max)
            reader = self._reader(feed)
            while True:
                block = self._next(feed, reader)
                if block is None:
                    return
                yield block

    def _reader(self, feed: _Feed) -> Iterator[list[str]]:
        return csv.reader(feed, delimiter=self._delimiter, strict=True)

    def _next(self, feed: _Feed, reader: Iterator[list[str]]) -> Block | None:
        start = Position(feed.offset, feed.place)
        rows: list[tuple[int, list[str]]] = []
        refused: list[Refusal] = []
        most_bytes, most_rows = self._block
        while len(rows) + len(refused) < most_rows and feed.offset - start.offset < most_bytes:
            place = feed.place
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                kept = feed.give_back(1)
                refused.append(Refusal(place, _broken(error), text=excerpt(kept)))
            except _TooLong:
                refused.append(self._too_long(feed, place))
            else:
                found = self._checked(feed, place, cells)
                if isinstance(found, Refusal):
                    refused.append(found)
                elif found is not None:
                    rows.append((place, found))
            feed.begin()
        end = Position(feed.offset, feed.place)
        if end == start:
            return None
        return Block(rows, start, end, tuple(refused))

    def _too_long(self, feed: _Feed, place: int) -> Refusal:
        if len(feed.taken) > 1:
            kept = feed.give_back(1)
            reason = f"A quote that opens here is not closed within {self._max:,} bytes."
        else:
            kept = feed.taken[0]
            feed.drop_line()
            reason = f"The line has more than {self._max:,} bytes, which is the limit."
        return Refusal(place, reason, text=excerpt(kept))

    def _checked(self, feed: _Feed, place: int, cells: list[str]) -> list[str] | Refusal | None:
        """The cells, one for each column; None for a line that holds nothing."""
        width = len(self.header)
        if len(cells) != width:
            if not any(cells):
                return None
            if len(cells) > width and not any(cells[width:]):
                return cells[:width]
            # A quote that swallowed the following lines: those are read for themselves.
            several = len(feed.taken) > 1
            kept = feed.give_back(1) if several else b"".join(feed.taken)
            reason = f"{len(cells)} values stand here, the header names {width} columns."
            if several:
                reason = f"A quote is not closed on its line, and {reason}"
            return Refusal(place, reason, text=excerpt(kept))
        if _has_broken_bytes(feed.taken):
            return Refusal(place, f"In this row {_NOT_UTF8}.", text=excerpt(b"".join(feed.taken)))
        return cells


def delimiter_of(line: bytes) -> str:
    """What stands between the cells of a header: the most frequent candidate outside quotes."""
    outside = b"".join(line.split(b'"')[::2])
    counts = {each: outside.count(each.encode()) for each in DELIMITERS}
    return max(DELIMITERS, key=lambda each: counts[each])


def _header(cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip().strip("\x00") for cell in cells]
    if not any(names):
        raise ImportFailed("The first line of this CSV file names no columns.")
    if len(names) > MAX_COLUMNS:
        raise ImportFailed(
            f"This CSV file has {len(names):,} columns; {MAX_COLUMNS:,} are the limit."
        )
    if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
        raise ImportFailed(f"In the header of this CSV file {_NOT_UTF8}.")
    seen: dict[str, int] = {}
    result = []
    for number, name in enumerate(names, 1):
        name = name or f"column {number}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(result)


def _broken(error: csv.Error) -> str:
    said = str(error)
    if "end of data" in said:
        return "A quote that opens here is not closed before the file ends."
    if "expected after" in said:
        return "A quote stands inside a quoted value: it must be written twice."
    if "new-line" in said:
        return "A line break stands outside quotes in the middle of a row."
    return f"This is no CSV: {said}."


def _has_broken_bytes(lines: list[bytes]) -> bool:
    for line in lines:
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                return True
    return False
