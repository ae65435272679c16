"""Base64 in a record goes once into a table of blobs; the text comes back byte-equal.

A reference is a digest between two control characters. JSON text holds no such character; where
another text does, it is written twice, so that nothing from outside can be mistaken for a
reference.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MARK = "\x1f"
# Shorter runs are not worth a row of their own.
MIN_LENGTH = 1024
_RUN_FROM = re.compile(r"[A-Za-z0-9+/]*+")
_UP_TO_RUN = re.compile(r".*[^A-Za-z0-9+/]", re.DOTALL)
# Either a reference or, with nothing between, the mark itself.
_MARKED = re.compile(f"{MARK}([0-9a-f]{{64}}|){MARK}")


@dataclass(frozen=True, slots=True)
class Blob:
    sha256: str
    data: bytes


def take_out(text: str) -> tuple[str, list[Blob]]:
    """The text with references in place of long base64 runs, and what they refer to."""
    if MARK in text:
        text = text.replace(MARK, MARK * 2)
    found: dict[str, Blob] = {}
    pieces: list[str] = []
    done = 0
    for start, end in _runs(text):
        data = _decode(text[start:end])
        if data is not None:
            digest = hashlib.sha256(data).hexdigest()
            found[digest] = Blob(digest, data)
            pieces += (text[done:start], MARK, digest, MARK)
            done = end
    return "".join((*pieces, text[done:])) if pieces else text, list(found.values())


def put_back(text: str, blobs: Mapping[str, bytes]) -> str:
    """The text as it was before `take_out`; a blob that was purged leaves an empty string."""
    if MARK not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        if not match[1]:
            return MARK
        return base64.b64encode(blobs.get(match[1], b"")).decode()

    return _MARKED.sub(replace, text)


def references(text: str) -> list[str]:
    """Digests of the blobs that a text refers to, each once."""
    return list(dict.fromkeys(digest for digest in _MARKED.findall(text) if digest))


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Where base64 of at least MIN_LENGTH characters stands, with its padding.

    Such a run covers one of any MIN_LENGTH neighbouring places, so only every MIN_LENGTH-th
    character is looked at: a hundred times faster than a search, and linear in any text.
    """
    left = 0
    at = MIN_LENGTH - 1
    while at < len(text):
        end = _end_of_run(text, at)
        if end == at:
            at += MIN_LENGTH
            continue
        before = _UP_TO_RUN.match(text, max(left, at - MIN_LENGTH + 1), at)
        start = before.end() if before else max(left, at - MIN_LENGTH + 1)
        left = end
        if end - start >= MIN_LENGTH:
            while left < min(end + 2, len(text)) and text[left] == "=":
                left += 1
            yield start, left
        at = left + MIN_LENGTH - 1


def _end_of_run(text: str, at: int) -> int:
    match = _RUN_FROM.match(text, at)
    assert match is not None
    return match.end()


def _decode(run: str) -> bytes | None:
    """The bytes, if encoding them again gives exactly this text."""
    if len(run) % 4:
        return None
    try:
        data = base64.b64decode(run, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data).decode() == run else None
