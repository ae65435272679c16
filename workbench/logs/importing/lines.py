"""JSON Lines: one object a line. Cut by bytes, so that cutting costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from workbench.jsontext import JsonError, read_object
from workbench.logs.importing.container import BLOCK_BYTES, Block, Position
from workbench.logs.importing.record import MAX_RECORD, Refusal, Row
from workbench.logs.importing.taking import excerpt

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class LineDecoder:
    def rows(self, block: Block) -> Iterator[tuple[int, Row | Refusal]]:
        place = block.start.place
        for line in block.payload.split(b"\n"):
            stripped = line.strip()
            if stripped:
                yield place, read_line(stripped, place)
            place += 1


def read_line(line: bytes, place: int) -> Row | Refusal:
    """The object on a line, or why there is none."""
    if line.startswith(BOM):
        line = line[len(BOM) :]
    try:
        return read_object(line)
    except JsonError as error:
        reason = str(error).replace(f"(line 1, column {error.column})", f"(column {error.column})")
        reason = reason.replace("The body", "The line").replace("the body", "the line")
        return Refusal(place, reason, error.field or None, excerpt(line))


class Lines:
    """A JSONL file in UTF-8. Lines that hold nothing but space are passed over."""

    unit = "line"

    def __init__(self, path: Path, max_record: int = MAX_RECORD) -> None:
        self._path = path
        self._max = max_record

    def decoder(self) -> LineDecoder:
        return LineDecoder()

    def blocks(self, start: Position) -> Iterator[Block]:
        with self._path.open("rb") as file:
            file.seek(start.offset)
            at = start
            while True:
                block = self._next(file, at)
                if block is None:
                    return
                yield block
                at = block.end

    def _next(self, file: BufferedReader, at: Position) -> Block | None:
        data = file.read(BLOCK_BYTES)
        if not data:
            return None
        if len(data) == BLOCK_BYTES and not data.endswith(b"\n"):
            rest = file.readline(self._max)
            data += rest
            if len(rest) >= self._max and not rest.endswith(b"\n"):
                return self._without_last(file, data, at)
        end = Position(at.offset + len(data), at.place + data.count(b"\n"))
        return Block(data.removesuffix(b"\n"), at, end)

    def _without_last(self, file: BufferedReader, data: bytes, at: Position) -> Block:
        """The lines before one that is too long, which is passed over and refused."""
        cut = data.rfind(b"\n") + 1
        length = len(data) - cut
        while rest := file.readline(2**20):
            length += len(rest)
            if rest.endswith(b"\n"):
                break
        place = at.place + data.count(b"\n")
        refusal = Refusal(
            place,
            f"The line has {length:,} bytes; {self._max:,} are the limit.",
            text=excerpt(data[cut:]),
        )
        end = Position(at.offset + cut + length, place + 1)
        return Block(data[:cut].removesuffix(b"\n"), at, end, (refusal,))
