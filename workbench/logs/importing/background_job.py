"""An import that the server runs: what was asked, how it stands, and both on the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from workbench.logs.importing.record import Counts, ImportFailed

WAITING, RUNNING, DONE = "waiting", "running", "done"
STOPPED, FAILED, INTERRUPTED = "stopped", "failed", "interrupted"
#: Where a job stands when it can go on.
RESUMABLE = (STOPPED, FAILED, INTERRUPTED)
UNFINISHED = (WAITING, RUNNING)
_ID = re.compile(r"[0-9a-f]{16}")
_FILE = "job.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be imported and how: the fields are those of `job.Options`.

    file, companion: tokens of `incoming`. zone: an IANA name; None is this machine's.
    """

    file: str
    name: str
    format: str
    mapping: Mapping[str, str] | None = None
    provider: str = ""
    encoding: str | None = None
    zone: str | None = None
    companion: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """How an import stands. rate: rows a second. fraction: of the file, None where unknown.

    problem: why it failed, as a sentence.
    """

    id: str
    asked: Asked
    actor: str
    created_at: datetime
    state: str = WAITING
    counts: Counts = field(default_factory=Counts)
    rate: float = 0.0
    fraction: float | None = 0.0
    problem: str | None = None
    ended_at: datetime | None = None

    @property
    def origin(self) -> str:
        """The origin of the rows that it stores."""
        return f"import:{self.asked.name}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """Of the files that it reads."""
        return (self.asked.file, *((self.asked.companion,) if self.asked.companion else ()))


def write_job(folder: Path, job: Job) -> None:
    """Replace the note of a job in one step; raises OSError."""
    told = asdict(job)
    # Where it is depends on where the folder is.
    told["counts"]["refused_file"] = None
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{_FILE}.new"
    new.write_bytes(orjson.dumps(told))
    new.replace(folder / _FILE)


def read_job(folder: Path) -> Job:
    """Raises OSError, ValueError, KeyError or TypeError for a note that is none of ours."""
    told = orjson.loads((folder / _FILE).read_bytes())
    if told["id"] != folder.name or _ID.fullmatch(told["id"]) is None:
        raise ValueError("it is the note of another job")
    ended = told["ended_at"]
    return Job(
        told["id"],
        Asked(**told["asked"]),
        told["actor"],
        datetime.fromisoformat(told["created_at"]),
        # The server that ran it is gone.
        INTERRUPTED if told["state"] in UNFINISHED else told["state"],
        Counts(**told["counts"]),
        fraction=told["fraction"],
        problem=told["problem"],
        ended_at=datetime.fromisoformat(ended) if ended else None,
    )


def zone_named(name: str | None) -> tzinfo | None:
    """The zone of an IANA name; None is this machine's. Raises ImportFailed for what is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImportFailed(f'"{name}" is no time zone that is known.') from None
