"""How far an import came, on disk: what a later one of the same file goes on from."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from workbench.logs.importing.container import Position
from workbench.logs.importing.record import Counts

_HEAD = 2**16


@dataclass(frozen=True, slots=True)
class State:
    """position: where reading goes on. refused_bytes: how long the file of refusals is there."""

    position: Position
    counts: Counts
    refused_bytes: int


def fingerprint(path: Path, *settings: Any) -> str:
    """What tells this file, read in this way, from another."""
    about = path.stat()
    with path.open("rb") as file:
        head = file.read(_HEAD)
    told = orjson.dumps([about.st_size, list(map(str, settings))])
    return hashlib.sha256(told + head).hexdigest()


class StateFile:
    """The state of one import. A damaged or foreign state is no state."""

    def __init__(self, path: Path, mark: str) -> None:
        self._path = path
        self._mark = mark

    def read(self) -> State | None:
        """None where there is none of this file, or where the import was finished."""
        try:
            found = orjson.loads(self._path.read_bytes())
            if found["file"] != self._mark or found["finished"]:
                return None
            counts = Counts(
                int(found["read"]),
                int(found["stored"]),
                int(found["duplicates"]),
                int(found["refused"]),
                {str(key): int(number) for key, number in found["skipped"].items()},
            )
            position = Position(int(found["offset"]), int(found["place"]))
            return State(position, counts, int(found["refused_bytes"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, state: State, *, finished: bool = False) -> None:
        """Replace the state in one step: after a kill it is the old one or the new one."""
        counts = state.counts
        told = {
            "file": self._mark,
            "offset": state.position.offset,
            "place": state.position.place,
            "read": counts.read,
            "stored": counts.stored,
            "duplicates": counts.duplicates,
            "refused": counts.refused,
            "skipped": dict(counts.skipped),
            "refused_bytes": state.refused_bytes,
            "finished": finished,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(self._path.name + ".new")
        with new.open("wb") as file:
            file.write(orjson.dumps(told))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
