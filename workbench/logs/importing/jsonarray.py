"""A JSON file with a list of objects, or an object that has one; read element by element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from workbench.logs.importing.container import BLOCK_BYTES, BLOCK_ROWS, Block, Position
from workbench.logs.importing.lines import BOM, read_line
from workbench.logs.importing.record import MAX_RECORD, ImportFailed, Refusal, Row
from workbench.logs.importing.taking import excerpt

#: Where answers of APIs that list records keep the list.
LISTS = ("data", "items", "spans", "runs", "observations", "traces", "requests", "results", "logs")
_HEAD = 2**16
_CHUNK = 2**20
_SPACE = b" \t\r\n"
_LIST = re.compile(rb'"(' + "|".join(LISTS).encode() + rb')"\s*:\s*\[')
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\],]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ElementDecoder:
    def rows(self, block: Block) -> Iterator[tuple[int, Row | Refusal]]:
        for place, element in enumerate(block.payload, block.start.place):
            if element:
                found = read_line(element, place)
                if isinstance(found, Refusal):
                    reason = found.reason.replace("The line", "The element")
                    found = Refusal(place, reason, found.field, found.text)
                yield place, found


class JsonArray:
    """The elements of a file's list; a file that is one object is one element."""

    unit = "element"

    def __init__(self, path: Path, max_record: int = MAX_RECORD) -> None:
        """Raises ImportFailed for a file that is neither a list nor an object."""
        self._path = path
        self._max = max_record
        with path.open("rb") as file:
            head = file.read(_HEAD)
        skipped = len(BOM) if head.startswith(BOM) else 0
        skipped += len(head[skipped:]) - len(head[skipped:].lstrip(_SPACE))
        self._single = False
        if head[skipped : skipped + 1] == b"[":
            self._first = skipped + 1
        elif head[skipped : skipped + 1] == b"{":
            found = _LIST.search(head)
            self._single = found is None
            self._first = found.end() if found else skipped
        else:
            raise ImportFailed(
                "This JSON file is neither a list of objects nor an object with one."
            )

    def decoder(self) -> ElementDecoder:
        return ElementDecoder()

    def blocks(self, start: Position) -> Iterator[Block]:
        with self._path.open("rb") as file:
            if self._single:
                yield from self._whole(file, start)
                return
            offset = max(start.offset, self._first)
            file.seek(offset)
            yield from self._elements(file, offset, start.place)

    def _whole(self, file: BufferedReader, start: Position) -> Iterator[Block]:
        if start.offset:
            return
        file.seek(self._first)
        data = file.read(self._max + 1)
        end = Position(self._first + len(data), 2)
        if len(data) > self._max:
            yield Block([], start, end, (self._too_long(1, data),))
        else:
            yield Block([data.strip()], start, end)

    def _elements(self, file: BufferedReader, offset: int, place: int) -> Iterator[Block]:
        splitter = _Splitter(file, offset, self._max)
        start = Position(offset, place)
        elements: list[bytes] = []
        refused: list[Refusal] = []
        size = 0
        for element, behind in splitter:
            if element is None:
                refused.append(self._too_long(start.place + len(elements), splitter.head))
            elements.append(element or b"")
            size += len(elements[-1])
            if size >= BLOCK_BYTES or len(elements) >= BLOCK_ROWS:
                at = Position(behind, start.place + len(elements))
                yield Block(elements, start, at, tuple(refused))
                start, elements, refused, size = at, [], [], 0
        end = Position(splitter.offset, start.place + len(elements))
        if splitter.rest:
            reason = "The file ends before its list does: it was cut off here."
            refused.append(Refusal(end.place, reason, text=excerpt(splitter.rest)))
        if elements or refused:
            yield Block(elements, start, end, tuple(refused))

    def _too_long(self, place: int, head: bytes) -> Refusal:
        return Refusal(
            place, f"The element has more than {self._max:,} bytes, the limit.", text=excerpt(head)
        )


class _Splitter:
    """The elements of a list whose "[" was read, each with the offset behind its comma.

    None stands for an element beyond the limit. rest: what an unfinished list leaves over.
    """

    def __init__(self, file: BufferedReader, offset: int, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.offset = offset
        self.head = b""
        self.rest = b""

    def __iter__(self) -> Iterator[tuple[bytes | None, int]]:
        data, begun, looked, depth, too_long = b"", 0, 0, 0, False
        while chunk := self._file.read(_CHUNK):
            data = data[begun:] + chunk
            looked -= begun
            begun = 0
            for token in _TOKEN.finditer(data, looked):
                looked = token.end()
                mark = data[token.start()]
                if mark in b"{[":
                    depth += 1
                elif mark == 0x7D:
                    # A brace too many breaks its own element and not the list.
                    depth = max(0, depth - 1)
                elif mark == 0x5D:
                    depth -= 1
                if depth < 0 or (depth == 0 and mark == 0x2C):
                    element = None if too_long else data[begun : looked - 1].strip()
                    self.offset += looked - begun
                    begun, too_long = looked, False
                    if depth >= 0 or element is None or element:
                        yield element, self.offset
                    if depth < 0:
                        return
            opened = data.find(b'"', looked)
            looked = opened if opened >= 0 else len(data)
            if len(data) - begun > self._limit:
                if not too_long:
                    self.head = data[begun : begun + 10_000]
                too_long = True
                data = self._shortened(data, begun, looked)
                begun = looked = 0
        self.rest = data[begun:].strip()
        self.offset += len(data) - begun

    def _shortened(self, data: bytes, begun: int, looked: int) -> bytes:
        """What of an element beyond the limit has to stay: the beginning of an open string."""
        kept = data[looked:]
        if len(kept) > self._limit:
            slashes = len(kept) - len(kept.rstrip(b"\\"))
            kept = b'"\\' if slashes % 2 else b'"'
        self.offset += len(data) - begun - len(kept)
        return kept
