"""Text files of other encodings made into UTF-8, in constant memory."""

from __future__ import annotations

import codecs
from pathlib import Path

from workbench.logs.importing.lines import BOM
from workbench.logs.importing.record import ImportFailed

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = {
    b"PK\x03\x04": "a ZIP archive (or an Excel file): unpack it, or save it as CSV",
    b"\x1f\x8b": "a gzip file: unpack it first",
    b"BZh": "a bzip2 file: unpack it first",
    b"\x28\xb5\x2f\xfd": "a Zstandard file: unpack it first",
    b"%PDF": "a PDF file",
    b"SQLite format 3": "an SQLite database",
}
_CHUNK = 2**20
_MANY_NULS = 0.3


def needed(path: Path, head: bytes, encoding: str | None) -> str | None:
    """The encoding that the file must be read in; None where it can be read as it is.

    encoding: what the caller says it is. Raises ImportFailed for files that hold no text.
    """
    for mark, what in _BINARY.items():
        if head.startswith(mark):
            raise ImportFailed(f"{path.name} is {what}.")
    found = _normal(encoding) if encoding else encoding_of(head)
    return None if found == "utf-8" and not _only_returns(head) else found


def as_utf8(path: Path, head: bytes, encoding: str, folder: Path) -> Path:
    """A copy in UTF-8; raises ImportFailed for bytes that the encoding does not have."""
    copy = folder / "readable"
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    only_returns = _only_returns(head)
    with path.open("rb") as source, copy.open("wb") as target:
        while True:
            chunk = source.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise ImportFailed(
                    f"{path.name} is not {encoding} text: byte 0x{error.object[error.start]:02x} "
                    "means nothing there."
                ) from None
            if only_returns:
                text = text.replace("\r", "\n")
            target.write(text.encode("utf-8", "replace"))
            if not chunk:
                return copy


def _only_returns(head: bytes) -> bool:
    """Whether lines end as they did on old Macs."""
    return b"\r" in head and b"\n" not in head


def encoding_of(head: bytes) -> str:
    """UTF-16 and UTF-32 by their byte order mark or their zeros; everything else is UTF-8."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    pairs = len(head) // 2
    if pairs and not head.startswith(BOM):
        if head[1::2].count(0) > _MANY_NULS * pairs and head[::2].count(0) == 0:
            return "utf-16-le"
        if head[::2].count(0) > _MANY_NULS * pairs and head[1::2].count(0) == 0:
            return "utf-16-be"
    return "utf-8"


def _normal(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise ImportFailed(f'"{name}" is no encoding that is known.') from None
    if not codecs.lookup(found)._is_text_encoding:
        raise ImportFailed(f'"{name}" is no encoding of text.')
    return "utf-8" if found in ("utf-8-sig", "ascii") else found
