"""What names may be. All else that people write is a name: any script, slashes, colons, spaces."""

from __future__ import annotations

import re
import unicodedata

from workbench.jsontext import FieldError

MAX_NAME = 512
MAX_LABEL = 255
MAX_FOLDER = 255
MAX_MESSAGE = 1000
MAX_TAGS = 100
MAX_TAG = 255
# Line and paragraph separators, controls, halves of characters; and the marks that let a name be
# shown as another one (overrides and isolates of the writing direction).
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DIGITS = re.compile(r"[0-9]{1,19}\Z")


def check_name(name: str, field: str = "prompt_name") -> str:
    """A template's name as it is; raises FieldError for one that cannot be used."""
    _check(name, field, MAX_NAME)
    if ".." in name or name == ".":
        raise FieldError(field, 'a name cannot hold "..", which addresses read as "one up"')
    return name


def check_label(name: str, field: str = "release_labels") -> str:
    """A release label's name; `@` ends it where a snippet is referred to, so it cannot hold one."""
    _check(name, field, MAX_LABEL)
    if "@" in name:
        raise FieldError(field, 'a release label cannot hold "@"')
    return name


def check_folder(name: str, field: str = "name") -> str:
    return _check(name, field, MAX_FOLDER)


def check_set(name: str, field: str = "name") -> str:
    """The name of a variable set or of a provider base URL."""
    return _check(name, field, MAX_LABEL)


def check_message(message: str | None, field: str = "commit_message") -> str | None:
    """A version's message; None for an empty one."""
    if message is None or not message.strip():
        return None
    if len(message) > MAX_MESSAGE:
        raise FieldError(field, f"{MAX_MESSAGE} characters are the limit, {len(message)} came")
    return message


def check_tags(tags: list[str] | tuple[str, ...], field: str = "tags") -> list[str]:
    """Tags without outer space, each once."""
    if len(tags) > MAX_TAGS:
        raise FieldError(field, f"{MAX_TAGS} tags are the limit, {len(tags)} came")
    stripped = [tag.strip() for tag in tags]
    return [_check(tag, field, MAX_TAG) for tag in dict.fromkeys(stripped) if tag]


def as_id(identifier: str) -> int | None:
    """The id that an identifier in an address may be, where it is not a name."""
    return int(identifier) if _DIGITS.match(identifier) else None


def _check(name: str, field: str, longest: int) -> str:
    if not name.strip():
        raise FieldError(field, "it is empty")
    if len(name) > longest:
        raise FieldError(field, f"{longest} characters are the limit, {len(name)} came")
    if name != name.strip():
        raise FieldError(field, "it begins or ends with a space")
    for place, character in enumerate(name, 1):
        if character in _DIRECTION or unicodedata.category(character) in _REFUSED_CATEGORIES:
            code = f"U+{ord(character):04X}"
            raise FieldError(field, f"character {place} is a control character ({code})")
    return name
