"""Files that wait to be imported by the server: uploads, and what lies in the imports folder.

Names come from outside: a file is only ever found below the folder, and by a token of ours.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.logs.importing.record import ImportFailed
from workbench.settings import Settings
from workbench.store.connection import data_folder

UPLOADS = "uploads"
JOBS = "jobs"
# An upload that nobody imports is forgotten after a day.
KEPT_SECONDS = 86_400
_UPLOAD = re.compile(r"upload-([0-9a-f]{16})")
_PLACED = "file-"
_MAX_NAME_BYTES = 200
_CHUNK = 2**20
# What imports themselves leave in the folder.
_OURS = re.compile(r"\.(state\.json|refused\.jsonl|refused\.csv|new|partial)$")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file to import. token: its name in a link. size: bytes."""

    token: str
    name: str
    path: Path
    size: int

    @property
    def is_upload(self) -> bool:
        return _UPLOAD.fullmatch(self.token) is not None


def imports_folder(settings: Settings) -> Path:
    """The folder whose files can be imported without an upload."""
    return data_folder(settings) / "imports"


def placed(folder: Path) -> list[Incoming]:
    """Files that lie in the folder, the newest first."""
    try:
        entries = [entry for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []
    found: list[tuple[float, Incoming]] = []
    for entry in entries:
        if not entry.name.startswith(".") and _OURS.search(entry.name) is None and _is_text(entry):
            about = entry.stat(follow_symlinks=False)
            token = f"{_PLACED}{entry.name}"
            one = Incoming(token, entry.name, Path(entry.path), about.st_size)
            found.append((about.st_mtime, one))
    return [one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]


def find(folder: Path, token: str) -> Incoming | None:
    """The file of a token, which may come from a link; None where there is none."""
    upload = _UPLOAD.fullmatch(token)
    if upload is None:
        return next((one for one in placed(folder) if one.token == token), None)
    inside = placed(folder / UPLOADS / upload[1])
    if not inside:
        return None
    return Incoming(token, inside[0].name, inside[0].path, inside[0].size)


def keep_upload(folder: Path, name: str, source: IO[bytes]) -> Incoming:
    """Write an upload to the disk, a piece at a time; raises ImportFailed where that fails."""
    mark = secrets.token_hex(8)
    place = folder / UPLOADS / mark
    path = place / clean_name(name)
    try:
        place.mkdir(parents=True)
        with path.open("xb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
        return Incoming(f"upload-{mark}", path.name, path, path.stat().st_size)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        reason = error.strerror or error
        raise ImportFailed(f"The upload cannot be kept in {folder}: {reason}.") from error


def discard(folder: Path, token: str) -> None:
    """Remove an upload. A file that somebody placed in the folder is theirs and stays."""
    upload = _UPLOAD.fullmatch(token)
    if upload is not None:
        shutil.rmtree(folder / UPLOADS / upload[1], ignore_errors=True)


def sweep(folder: Path, needed: Collection[str]) -> None:
    """Remove uploads of yesterday whose token nobody needs."""
    try:
        entries = list(os.scandir(folder / UPLOADS))
    except OSError:
        return
    for entry in entries:
        old = time.time() - entry.stat(follow_symlinks=False).st_mtime > KEPT_SECONDS
        if old and f"upload-{entry.name}" not in needed:
            discard(folder, f"upload-{entry.name}")


def _is_text(entry: os.DirEntry[str]) -> bool:
    """Whether the name can be shown: on Linux it may be bytes that are no text."""
    try:
        return bool(entry.name.encode())
    except UnicodeEncodeError:
        return False


def clean_name(name: str) -> str:
    """A name for a file of ours, made of whatever a browser calls it.

    >>> clean_name("../../etc/passwd"), clean_name("C:\\\\logs\\\\a b.csv"), clean_name("..")
    ('passwd', 'a b.csv', 'upload')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(char if char.isprintable() else "_" for char in last)
    shown = shown.encode("utf-8", "replace")[:_MAX_NAME_BYTES].decode("utf-8", "ignore")
    shown = shown.strip(" .")
    return "upload" if not shown or _OURS.search(shown) else shown
