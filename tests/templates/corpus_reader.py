"""Reads the corpus: prompts written for this project, with what must be found in each.

A case starts with ``=== title``; header lines follow; ``---`` ends the header. Places are lines,
in a chat ``message:line``. ``·`` in a name is a space. What is not listed must not be found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "corpus"


@dataclass
class Case:
    title: str
    file: str
    parser: str = "f-string"
    kind: str = "text"
    variables: dict[str, list[str]] = field(default_factory=dict)
    diagnoses: list[str] = field(default_factory=list)
    optional: set[str] = field(default_factory=set)
    text: str = ""

    def prompt(self) -> dict[str, Any]:
        """The text of a chat case as a blueprint."""
        messages: list[dict[str, Any]] = []
        for block in ("\n" + self.text).split("\n--- ")[1:]:
            head, _, body = block.partition("\n")
            role, *words = head.split()
            if role == "placeholder":
                messages.append({"role": role, "name": words[0], "content": []})
                continue
            messages.append(
                {
                    "role": role,
                    "template_format": words[0] if words else "f-string",
                    "content": [{"type": "text", "text": body}],
                }
            )
        return {"type": "chat", "messages": messages}


def cases() -> list[Case]:
    found: list[Case] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for block in ("\n" + path.read_text(encoding="utf-8")).split("\n=== ")[1:]:
            head, _, text = block.partition("\n---\n")
            title, *rows = head.split("\n")
            found.append(_case(title, path.stem, rows, text.removesuffix("\n")))
    return found


def _case(title: str, file: str, rows: list[str], text: str) -> Case:
    case = Case(title, file)
    for row in rows:
        key, _, value = row.partition(": ")
        if key == "vars":
            for word in value.split():
                name, _, places = word.rpartition("@")
                case.variables[name.replace("·", " ")] = places.split(",")
        elif key == "diags":
            case.diagnoses = value.split()
        elif key == "optional":
            case.optional = set(value.split())
        elif key == "crlf":
            text = text.replace("\n", "\r\n")
        elif key in ("parser", "kind"):
            setattr(case, key, value)
        else:
            raise ValueError(f"{title}: what is {row!r}")
    case.text = text
    return case
