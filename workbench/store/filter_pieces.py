"""Conditions on texts of which the row has only the first piece (store/pieces.py).

What a row decides, it decides; pieces are looked at beside it, by themselves. Where there are none,
as in most stores, that costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from workbench.store.filter_parts import Part, joined
from workbench.store.pieces import FOLDED, OVERLAP, PIECE

_ALL = Part("TRUE")
_BOUNDS = re.compile(r"/\* of (\w) \*/ TRUE")


def _bounds(alias: str) -> str:
    return f"/* of {alias} */ TRUE"


def within(
    sql: str,
    *,
    ids: Sequence[int] | None = None,
    above: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """A condition of this module for some requests only, so that no others' pieces are read.

    above: only ids above it. since, until: of `started_at` as it is stored; `until` itself is left
    out.
    """
    tests: list[str] = []
    if ids is not None:
        tests.append(f"{{0}}.request_id IN ({', '.join(map(str, ids)) or 'NULL'})")
    if above is not None:
        tests.append(f"{{0}}.request_id > {above}")
    if since is not None:
        tests.append(f"{{0}}.started_at >= TIMESTAMP '{since.isoformat(' ')}'")
    if until is not None:
        tests.append(f"{{0}}.started_at < TIMESTAMP '{until.isoformat(' ')}'")
    if not tests:
        return sql
    condition = " AND ".join(tests)
    return _BOUNDS.sub(lambda match: condition.format(match[1]), sql)


def in_pieces(
    names: Sequence[str], operator: str, test: str, folded: str, params: tuple[str, ...]
) -> Part:
    """Whether a folded text is found in any of the columns `names` of bodies.

    test: SQL of the test with its place for the text to look into; it binds `params`.
    """
    rows = [Part(test.format(f"b.{name}"), params) for name in names]
    if operator == "starts_with" and len(folded) <= PIECE:
        return joined(rows, "OR")
    if operator == "ends_with":
        rows = [
            Part(f"({row.sql} AND NOT {_is_cut(name)})", row.params)
            for row, name in zip(rows, names, strict=True)
        ]
    if len(folded) > OVERLAP:
        # Longer than what pieces share. What is not in the row as a whole ends in a piece.
        some = Part(
            f"p.request_id IN (SELECT q.request_id FROM folded_pieces q WHERE {_bounds('q')} "
            "AND contains(q.text, ?))",
            (folded[-OVERLAP:],),
        )
        wholes = [_in_wholes(name, Part(test.format(f"b.{name}"), params), some) for name in names]
        return joined([*rows, *wholes], "OR")
    listed = ", ".join(f"'{name}'" for name in names)
    last = " AND p.remaining = 0" if operator == "ends_with" else ""
    pieces = Part(
        f"b.request_id IN (SELECT p.request_id FROM folded_pieces p WHERE {_bounds('p')} "
        f"AND p.name IN ({listed}){last} AND {test.format('p.text')})",
        params,
    )
    return joined([*rows, pieces], "OR")


def in_whole(name: str, part: Part) -> Part:
    """A condition that takes a column of bodies apart, for long texts on the whole of it."""
    whole = _in_wholes(name, part)
    return Part(
        f"CASE WHEN {_is_cut(name)} THEN {whole.sql} ELSE {part.sql} END",
        (*whole.params, *part.params),
    )


def without_cut(name: str, sql: str) -> str:
    """An expression that takes a column of bodies apart, NULL where the row has a first piece."""
    return f"CASE WHEN {_is_cut(name)} THEN NULL ELSE {sql} END"


def _is_cut(name: str) -> str:
    return (
        f"(strlen(b.{name}) >= {PIECE} AND length(b.{name}) = {PIECE} AND b.request_id IN "
        f"(SELECT p.request_id FROM {_table(name)} p WHERE {_bounds('p')} AND p.name = '{name}'))"
    )


def _in_wholes(name: str, test: Part, some: Part = _ALL) -> Part:
    """Whether the row is one whose whole text passes a test of `b.name`.

    some: what a row `p` of pieces must be for its text to be put together.
    """
    table = _table(name)
    piece = f"substr(p.text, {OVERLAP + 1})" if name in FOLDED else "p.text"
    return Part(
        "b.request_id IN (SELECT b.request_id FROM (SELECT p.request_id, any_value(o."
        f"{name}) || string_agg({piece}, '' ORDER BY p.remaining DESC) AS {name} "
        f"FROM {table} p JOIN bodies o ON o.request_id = p.request_id "
        f"WHERE {_bounds('p')} AND {_bounds('o')} AND p.name = '{name}' AND {some.sql} "
        f"GROUP BY p.request_id) b WHERE {test.sql})",
        (*some.params, *test.params),
    )


def _table(name: str) -> str:
    return "folded_pieces" if name in FOLDED else "body_pieces"
