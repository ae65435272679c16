"""Generated values for proving that two texts render the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.templates.variables import Variable

_TRICKY = (
    "plain words",
    "{x} {{ y }} {% z %} {# c #} }} %} #} { }",
    "quote \" ' back\\slash \\n @@@name@@@ $1 %s {0}",
    "line one\nline two\r\nline three\rend ",
    "é 漢字 😀 \ud83d \u202e\x00 <b>&amp;</b>",
    "",
)
_OTHERS: tuple[Any, ...] = (0, 3, -2.5, True, ["a", {"b": 1}], {"k": "{v}", "n": [1]}, 12345678)


def sample_values(variables: Sequence[Variable]) -> list[dict[str, Any]]:
    """Sets of values for the variables of a text: hostile strings, numbers, containers, nothing.

    Variables whose attributes are read get an object of that shape. None is left out: the two
    formats print it differently, and `fixes.py` looks for it in the logged inputs instead.
    """
    plain = [one for one in variables if not one.suspicious]
    sets: list[dict[str, Any]] = [{}]
    sets.extend(
        {
            one.name: _value(one, _TRICKY[(shift + at) % len(_TRICKY)])
            for at, one in enumerate(plain)
        }
        for shift in range(len(_TRICKY))
    )
    sets.extend(
        {one.name: _OTHERS[(shift + at) % len(_OTHERS)] for at, one in enumerate(plain)}
        for shift in range(len(_OTHERS))
    )
    sets.append({one.name: 3.14159 for one in plain})
    sets.append({one.name: _value(one, 7) for one in plain})
    return sets


def _value(variable: Variable, leaf: Any) -> Any:
    """A value of the shape that the variable's use suggests."""
    if not variable.attributes:
        return [leaf, leaf] if "iterated" in variable.hints else leaf
    shaped: dict[str, Any] = {}
    for path in variable.attributes[:50]:
        _put(shaped, path, leaf)
    whole = any(path.startswith("[]") for path in variable.attributes)
    return [shaped, shaped] if whole else shaped


def _put(shaped: dict[str, Any], path: str, leaf: Any) -> None:
    target = shaped
    steps = [step for step in path.replace("[]", "").split(".") if step][:10]
    for step in steps[:-1]:
        inner = target.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        target = inner
    if steps:
        target.setdefault(steps[-1], leaf)


def names_with_none(logged: Sequence[Mapping[str, Any]]) -> set[str]:
    """Variables that stand as None in some logged input."""
    return {name for values in logged for name, value in values.items() if value is None}
