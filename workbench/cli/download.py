"""A file of an export, from the running server or the exports folder: checked against its digest,
under its name when it is whole."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

from workbench.cli.target import KEY_VARIABLES
from workbench.cli.target import _opener as no_redirects
from workbench.store.errors import StoreError

_TRIES = 5


def download(url: str, path: Path, sha256: str | None) -> None:
    """Write the file to `path`; it has its name when it is whole.

    sha256: what its digest must be, in hexadecimal. Raises StoreError.
    """
    partial = _partial(path)
    for attempt in range(_TRIES):
        try:
            _more(url, partial)
            break
        except urllib.error.HTTPError as error:
            raise StoreError(f"The server refused {path.name}: status {error.code}.") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == _TRIES - 1:
                raise StoreError(f"{path.name} cannot be downloaded: {error}.") from error
            time.sleep(attempt)
    _finish(partial, path, sha256)


def copy(source: Path, path: Path, sha256: str | None) -> None:
    """The same for a file of this machine. Raises StoreError."""
    partial = _partial(path)
    try:
        shutil.copyfile(source, partial)
        _finish(partial, path, sha256)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be written: {error}.") from error


def _partial(path: Path) -> Path:
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    return partial


def _finish(partial: Path, path: Path, sha256: str | None) -> None:
    if sha256 is not None and _digest(partial) != sha256:
        raise StoreError(f"{path.name} came damaged: its digest is not the manifest's.")
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def _more(url: str, partial: Path) -> None:
    """What is still missing of the file."""
    there = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    key = next((os.environ[name] for name in KEY_VARIABLES if os.environ.get(name)), None)
    if key is not None:
        headers["X-API-KEY"] = key
    if there:
        headers["Range"] = f"bytes={there}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - an address the user gave
    with no_redirects.open(request, timeout=600) as answer, partial.open("ab") as file:
        length = int(answer.headers.get("Content-Length", -1))
        if there and answer.status != 206:
            file.truncate(0)
        got = 0
        while data := answer.read(2**20):
            file.write(data)
            got += len(data)
        if 0 <= length != got:
            raise http.client.IncompleteRead(b"", length - got)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
