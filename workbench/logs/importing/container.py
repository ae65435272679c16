"""How files are cut into blocks: a position to go on from, and rows that a worker decodes.

A container reads in constant memory. The process that reads cuts (cheap); whoever takes a block
decodes it (dear), perhaps in another process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.logs.importing.record import Refusal, Row

# A block holds about this much, so that a few of them under way cost little memory.
BLOCK_BYTES = 2**20
BLOCK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Position:
    """Where a block begins. offset: bytes (rows in Parquet). place: of the first row, from 1."""

    offset: int = 0
    place: int = 1


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows, not decoded. end: where the next block begins. refused: rows that are no rows."""

    payload: Any
    start: Position
    end: Position
    refused: tuple[Refusal, ...] = field(default=())


class Container(Protocol):
    """A kind of file. unit: what a place counts ("line", "row", "element")."""

    unit: str

    def blocks(self, start: Position) -> Iterator[Block]:
        """Blocks from `start`, which is the beginning or the end of a block."""

    def decoder(self) -> Decoder:
        """What decodes the blocks; it can be sent to another process."""


class Decoder(Protocol):
    def rows(self, block: Block) -> Iterator[tuple[int, Row | Refusal]]:
        """Each row with its place, or why it is none."""
