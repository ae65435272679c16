"""A folder of template files: which file is which template, read and written safely."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.jsontext import FieldError
from workbench.registry.files.form import MAX_BYTES, FileTemplate, from_text, to_text

ENDING = ".yaml"
MAX_FILES = 20_000
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_. ")
# Names that Windows gives to devices.
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
_LONGEST = 150


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is no template, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a folder holds: files by the name of their template."""

    templates: Mapping[str, tuple[Path, FileTemplate]]
    unread: tuple[Unread, ...]


def read_folder(root: Path) -> Read:
    """Every template file below a folder. Links out of the folder and hidden folders are left."""
    found: dict[str, tuple[Path, FileTemplate]] = {}
    unread: list[Unread] = []
    for path in _files(root):
        try:
            template = read_file(path)
        except FieldError as error:
            unread.append(Unread(path, str(error)))
            continue
        if template.name in found:
            other = found[template.name][0].relative_to(root)
            unread.append(Unread(path, f"{other} is the template {template.name!r} too."))
        else:
            found[template.name] = (path, template)
    return Read(found, tuple(unread))


def _files(root: Path) -> list[Path]:
    found: list[Path] = []
    inside = root.resolve()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            is_ours = name.endswith((ENDING, ".yml")) and not name.startswith(".")
            if is_ours and path.resolve().is_relative_to(inside):
                found.append(path)
        if len(found) > MAX_FILES:
            raise FieldError("", f"{root} holds more than {MAX_FILES} template files")
    return found


def read_file(path: Path) -> FileTemplate:
    """The template in a file; raises FieldError."""
    return from_text(read_text(path))


def read_text(path: Path) -> str:
    """A file of UTF-8; raises FieldError for one that is too large or none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FieldError("", f"the file cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise FieldError("", f"a file has at most {MAX_BYTES} bytes")
    try:
        # Line ends as they are: a text's own carriage returns are the text's.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FieldError("", "the file is not UTF-8 text") from None


def path_of(template: FileTemplate) -> Path:
    """Where a template's file stands by default: the same on every system, two never in one place.

    Capitals and signs that file systems treat each in their own way are written as %XX.
    """
    *folders, name = [_safe(each) for each in (*template.folder, template.name)]
    return Path(*folders, f"{name}{ENDING}")


def _safe(name: str) -> str:
    text = "".join(
        each
        if each in _PLAIN or (each.isalnum() and each.lower() == each and not each.isascii())
        else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "surrogatepass"))
        for each in name
    )
    if len(text.encode()) > _LONGEST:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        text = f"{text.encode()[: _LONGEST - 13].decode(errors='ignore')}~{digest}"
    if text.startswith(".") or text.partition(".")[0].strip() in _DEVICES:
        text = f"%{ord(text[0]):02X}{text[1:]}"
    if text.endswith((".", " ")):
        text = f"{text[:-1]}%{ord(text[-1]):02X}"
    return text


def write(root: Path, path: Path, template: FileTemplate) -> bool:
    """Write a template's file, whole or not at all; False where it says the same already.

    Raises FieldError where the path leads out of the folder.
    """
    target = path if path.is_absolute() else root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise FieldError("", f"{target} is not inside {root}")
    text = to_text(template).encode()
    if target.exists() and target.read_bytes() == text:
        return False
    partial = target.with_name(f".{target.name}.partial")
    partial.write_bytes(text)
    os.replace(partial, target)
    return True
