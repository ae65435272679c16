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


def as_utf8(path: Path, head: bytes, encoding: str | None, folder: Path) -> Path:
    """The file itself where it is UTF-8, else a copy in `folder`.

    encoding: what the caller says it is. Raises ImportFailed for files that hold no text and for
    bytes that the encoding does not have.
    """
    for mark, what in _BINARY.items():
        if head.startswith(mark):
            raise ImportFailed(f"{path.name} is {what}.")
    found = _normal(encoding) if encoding else encoding_of(head)
    only_returns = b"\r" in head and b"\n" not in head
    if found == "utf-8" and not only_returns:
        return path
    copy = folder / "readable"
    with path.open("rb") as source, copy.open("wb") as target:
        decoder = codecs.getincrementaldecoder(found)(errors="strict")
        while True:
            chunk = source.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise ImportFailed(
                    f"{path.name} is not {found} text: byte 0x{error.object[error.start]:02x} "
                    "means nothing there."
                ) from None
            if only_returns:
                text = text.replace("\r", "\n")
            target.write(text.encode("utf-8", "replace"))
            if not chunk:
                return copy


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
