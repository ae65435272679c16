"""What a person should know about a version that was saved: it was saved all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.templates import PromptAnalysis


@dataclass(frozen=True, slots=True)
class Notice:
    """One remark, as a sentence.

    kind: a rule of the doctor ("json-object", "mixed-formats", …), "variable-added",
    "variable-removed", "kind-changed", "label-waits", "base-url", "parent" or "snippet-name".
    message and part count from 0, None where the remark is about the whole.
    """

    kind: str
    text: str
    message: int | None = None
    part: int | None = None


def of_texts(analysis: PromptAnalysis) -> list[Notice]:
    """What the doctor found."""
    found = []
    for one in analysis.diagnoses:
        text = one.reason if one.message is None else _placed(one.message, one.reason)
        found.append(Notice(one.rule, text, one.message, one.part))
    return found


def _placed(message: int, reason: str) -> str:
    if reason.startswith("Message "):
        return reason
    return f"Message {message + 1}, {reason[:1].lower()}{reason[1:]}"


def of_variables(before: Sequence[str], after: Sequence[str]) -> list[Notice]:
    """Variables that the version before did not have, or had."""
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    found = []
    if added:
        text = f"{_listed('input variable', added)} new: callers have to send {_it(added)} now."
        found.append(Notice("variable-added", text))
    if removed:
        text = f"{_listed('input variable', removed)} gone: what callers send is not used."
        found.append(Notice("variable-removed", text))
    return found


def _listed(noun: str, names: Sequence[str]) -> str:
    shown = ", ".join(names[:12]) + ("…" if len(names) > 12 else "")
    return f"The {noun} {shown} is" if len(names) == 1 else f"The {noun}s {shown} are"


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
