"""Pieces of a filter's SQL: an expression with what it binds, and the search in one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.filters.folding import Place, needle


@dataclass(frozen=True, slots=True)
class Part:
    sql: str
    params: tuple[Any, ...] = ()


def joined(parts: Sequence[Part], logic: str) -> Part:
    sql = f" {logic} ".join(part.sql for part in parts)
    params = tuple(value for part in parts for value in part.params)
    return Part(sql if len(parts) == 1 else f"({sql})", params)


def marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def found_in(expression: str, text: str, place: Place, inner: tuple[Any, ...] = ()) -> Part:
    """Whether a text is found without regard to case; `inner`: what the expression itself binds.

    Texts of ASCII alone, most texts in many stores, take the quick pattern; telling them apart
    costs a tenth of the slow one.
    """
    ways = needle(text, place)
    parts = [Part(f"contains({expression}, ?)", (*inner, literal)) for literal in ways.literals]
    if ways.ascii_pattern is not None:
        sql = f"regexp_matches({expression}, ?)"
        parts.append(Part(sql, (*inner, ways.ascii_pattern)))
    if ways.pattern is not None:
        sql = f"(strlen({expression}) > length({expression}) AND regexp_matches({expression}, ?))"
        parts.append(Part(sql, (*inner, *inner, *inner, ways.pattern)))
    return joined(parts, "OR")


# From the commonest to the rarest in texts of many languages and in JSON.
_BY_RARITY = ' etaoinsrhl",dcumpgf:.1yb0w2v359486k7xjqz'
_RARITY = {letter: rank for rank, letter in enumerate(_BY_RARITY)}
_USUAL = _RARITY["p"]
_WORTH_IT = 8


def rare_end(text: str) -> str | None:
    """The end of a text from its rarest letter on, where that is much rarer than the first.

    A search for a text looks for its first letter and then compares. In texts full of that letter
    it took twice as long as with a look for such an end before it, which sorts out almost all.
    """
    ranks = [_RARITY.get(letter, _USUAL) for letter in text[:-1]]
    if not ranks or max(ranks) - ranks[0] < _WORTH_IT:
        return None
    return text[ranks.index(max(ranks)) :]
