"""Variables whose names look like one name written twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from workbench.templates.doctor.diagnosis import Diagnosis
from workbench.templates.variables import Variable

_LONG = 8
_MANY = 200


def examine_names(variables: Sequence[Variable]) -> list[Diagnosis]:
    """Names that differ only in case, in separators, or by one slip of the keyboard.

    A slip is two letters exchanged or one left out, inside a word and in names of at least eight
    characters, so ``start_date`` and ``end_date``, ``item`` and ``items`` stay alone. The
    diagnosis stands at the name that is used less, or later.
    """
    names = [one for one in variables if not one.suspicious and one.name.strip() == one.name != ""][
        :_MANY
    ]
    found: list[Diagnosis] = []
    groups: dict[str, list[Variable]] = {}
    for variable in names:
        groups.setdefault(_plain(variable.name), []).append(variable)
    for group in groups.values():
        first = min(group, key=lambda one: (-len(one.occurrences), _place(one)))
        found.extend(_same(first, other) for other in group if other.name != first.name)
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            if _plain(one.name) != _plain(other.name) and _slip(one.name, other.name):
                first, second = (one, other)
                if len(other.occurrences) > len(one.occurrences):
                    first, second = second, first
                found.append(_diagnose("near-duplicate", first, second, "are nearly the same name"))
    return sorted(found, key=lambda one: (one.message or 0, one.part or 0, one.start))


def _place(variable: Variable) -> tuple[int, int, int]:
    place = variable.occurrences[0]
    return place.message or 0, place.part or 0, place.start


def _plain(name: str) -> str:
    return re.sub(r"[_\-\s]", "", name).casefold()


def _same(first: Variable, other: Variable) -> Diagnosis:
    if first.name.casefold() == other.name.casefold():
        return _diagnose("case-only", first, other, "differ only in upper and lower case")
    return _diagnose("near-duplicate", first, other, "are nearly the same name")


def _slip(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _LONG or any(char.isdigit() for char in one + other):
        return False
    if len(one) == len(other):
        unequal = [at for at in range(len(one)) if one[at] != other[at]]
        if len(unequal) != 2 or unequal[1] != unequal[0] + 1:
            return False
        left, right = unequal
        return one[left] == other[right] and one[right] == other[left]
    if abs(len(one) - len(other)) != 1:
        return False
    long, short = (one, other) if len(one) > len(other) else (other, one)
    at = next((at for at in range(len(short)) if long[at] != short[at]), len(short))
    if long[:at] + long[at + 1 :] != short:
        return False
    around = long[at - 1 : at] + long[at + 1 : at + 2]
    return len(around) == 2 and around.isalpha() and long[at].isalpha()


def _diagnose(rule: str, first: Variable, second: Variable, how: str) -> Diagnosis:
    place, other = second.occurrences[0], first.occurrences[0]
    message = f" of message {other.message + 1}" if other.message is not None else ""
    reason = (
        f"Line {place.line}: {second.name} and {first.name} (line {other.line}{message}) {how}, "
        "so each needs a value of its own."
    )
    return replace(
        Diagnosis(rule, "warning", reason, place.start, place.end, place.line, place.column),
        variable=second.name,
        spans=((place.start, place.end),),
        advice=f"Use {first.name} in both places if they are meant to be one.",
        message=place.message,
        part=place.part,
    )
