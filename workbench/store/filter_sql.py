"""The log filter as a WHERE expression over `requests r` and `bodies b`, with bound values only.

Every expression runs on DuckDB and on DuckLake alike. A positive comparison of a missing value is
NULL, which WHERE and OR take for no; a negative one is written so that it holds for what is
missing. Nothing negates a whole expression, so NULL never turns into yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from workbench.filters import Condition, Filter, Group
from workbench.filters.folding import search_fold
from workbench.filters.times import back_from
from workbench.filters.units import plain
from workbench.store.filter_explain import KEY_LISTS, explained, explained_nested, explained_text
from workbench.store.filter_nested import keys_part, nested_part
from workbench.store.filter_parts import Part, joined, marks, rare_end
from workbench.store.filter_pieces import in_pieces

_COLUMNS = {
    "pl_id": "r.id",
    "prompt_id": "r.prompt_id",
    "prompt_name": "r.prompt_name",
    "prompt_label": "r.prompt_label",
    "prompt_version_number": "r.prompt_version",
    "engine": "r.model",
    "provider_type": "r.provider",
    "function_name": "r.function_name",
    "source": "r.source",
    "origin": "r.origin",
    "status": "r.status",
    "error_type": "r.error_type",
    "finish_reason": "r.finish_reason",
    "group_id": "r.group_id",
    "input_tokens": "r.input_tokens",
    "output_tokens": "r.output_tokens",
    "total_tokens": "CASE WHEN r.input_tokens IS NOT NULL OR r.output_tokens IS NOT NULL THEN "
    "coalesce(r.input_tokens, 0)::HUGEINT + coalesce(r.output_tokens, 0) END",
    "cost": "r.cost",
    "latency_ms": "r.latency_ms",
    "request_start_time": "r.started_at",
    "request_end_time": "r.ended_at",
    "is_json": "r.is_json",
    "is_tool_call": "r.is_tool_call",
    "is_plain_text": "r.is_plain_text",
    "is_starred": "(r.id IN (SELECT request_id FROM stars))",
    "tags": "r.tags",
    "tool_names": "r.tool_names",
    "input_text": "b.input_folded",
    "output_text": "b.output_folded",
}
_Kinds = dict[str, Callable[[Condition], Part]]
_BODY = re.compile(r"\bb\.")
_SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A WHERE expression over `requests r`, and `bodies b` where needs_bodies, with its values in
    the order of their question marks. "TRUE" for the empty filter."""

    sql: str
    params: list[Any]
    needs_bodies: bool


def compile_filter(filter_: Filter, now: datetime) -> Compiled:
    """The whole filter. now: an aware time, from where relative times count back."""
    return _compiled(_parts(filter_, now))


def compile_in_two(filter_: Filter, now: datetime) -> tuple[Compiled, Compiled]:
    """What narrow rows can decide, and what needs bodies: both must hold."""
    parts = _parts(filter_, now)
    narrow = [part for part in parts if not _reads_bodies(part)]
    return _compiled(narrow), _compiled(parts[len(narrow) :])


def _compiled(parts: Sequence[Part]) -> Compiled:
    sql = " AND ".join(part.sql for part in parts) or "TRUE"
    params = [value for part in parts for value in part.params]
    return Compiled(sql, params, any(map(_reads_bodies, parts)))


def _reads_bodies(part: Part) -> bool:
    return _BODY.search(part.sql) is not None


def explain_sql(filter_: Filter, now: datetime) -> str:
    """The filter as SQL to read, for people and manifests: values written out, searches in texts
    as ILIKE, paths into JSON in short. It is not what runs, and is never to be run; what can be is
    `select_sql`."""
    kinds = {
        **_KINDS,
        "text": explained_text,
        "nested": explained_nested,
        "array": _explained_array,
    }
    parts = [_item(item, now, kinds) for item in filter_.items]
    parts += [explained_text(Condition("text", "contains", term)) for term in filter_.terms]
    return explained(joined(parts, "AND")) if parts else "TRUE"


def select_sql(filter_: Filter, now: datetime, up_to: int) -> str:
    """One statement that finds the ids of what the filter finds in requests up to an id, values
    written out: whoever has the store can run it."""
    compiled = compile_filter(filter_, now)
    bodies = " JOIN bodies b ON b.request_id = r.id" if compiled.needs_bodies else ""
    sql = (
        f"SELECT r.id FROM requests r{bodies} WHERE r.deleted_at IS NULL AND r.id <= {up_to} "
        f"AND ({compiled.sql}) ORDER BY r.id"
    )
    return explained(Part(sql, tuple(compiled.params)))


def _parts(filter_: Filter, now: datetime) -> list[Part]:
    """What must all hold, cheap comparisons of narrow rows before searches in bodies."""
    parts = [_item(item, now, _KINDS) for item in filter_.items]
    parts += [_in_text("text", term, "contains") for term in filter_.terms]
    return sorted(parts, key=_reads_bodies)


def _item(item: Condition | Group, now: datetime, kinds: _Kinds) -> Part:
    if isinstance(item, Condition):
        return _date(item, now) if item.spec.kind == "date" else kinds[item.spec.kind](item)
    return joined([_item(child, now, kinds) for child in item.items], item.logic)


def _string(condition: Condition) -> Part:
    column, value = _COLUMNS[condition.field], condition.value
    match condition.operator:
        case "is":
            return Part(f"{column} = ?", (value,))
        case "is_not":
            return Part(f"{column} IS DISTINCT FROM ?", (value,))
        case "in":
            return Part(f"{column} IN ({marks(value)})", value)
        case "not_in":
            return Part(f"({column} IS NULL OR {column} NOT IN ({marks(value)}))", value)
    return _presence(column, condition.operator)


def _presence(column: str, operator: str) -> Part:
    return Part(f"{column} IS {'NULL' if operator == 'is_null' else 'NOT NULL'}")


def _number(condition: Condition) -> Part:
    column = _COLUMNS[condition.field]
    if condition.field == "total_tokens":
        column = f"({column})"
    operator, value = condition.operator, condition.value
    if operator in ("is_null", "is_not_null"):
        return _presence(column, operator)
    if operator == "between":
        low = _compared(condition.field, column, "gte", value[0])
        return joined([low, _compared(condition.field, column, "lte", value[1])], "AND")
    return _compared(condition.field, column, operator, value)


def _compared(field: str, column: str, operator: str, value: int | Decimal) -> Part:
    mark = "?"
    bound: Any = value
    if field == "cost":
        mark, bound = "CAST(? AS DECIMAL(27, 12))", plain(value)
        if -(10**9) < value < 10**9 and Decimal(value) == round(Decimal(value), 9):
            # The column's own type: row groups can be passed over.
            mark = "CAST(? AS DECIMAL(18, 9))"
    elif field == "latency_ms":
        bound = float(value)
    elif isinstance(value, Decimal):
        # Whole numbers against a fraction: compare with its whole neighbour.
        if operator in ("eq", "neq"):
            return Part("FALSE" if operator == "eq" else "TRUE")
        up = operator in ("gte", "lt")
        bound = int(value.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))
    if operator == "neq":
        return Part(f"{column} IS DISTINCT FROM {mark}", (bound,))
    return Part(f"{column} {_SIGNS[operator]} {mark}", (bound,))


def _score(condition: Condition) -> Part:
    operator, value = condition.operator, condition.value
    tests: list[str] = []
    params: list[Any] = []
    if condition.key is not None:
        tests.append("s.name = ?")
        params.append(condition.key)
    if operator == "between":
        tests.append("s.value BETWEEN ? AND ?")
        params += [float(value[0]), float(value[1])]
    elif value is not None:
        tests.append(f"s.value {_SIGNS.get(operator, '=')} ?")
        params.append(float(value))
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    word = "NOT IN" if operator in ("neq", "is_null") else "IN"
    return Part(f"r.id {word} (SELECT s.request_id FROM scores s{where})", tuple(params))


def _date(condition: Condition, now: datetime) -> Part:
    column, value = _COLUMNS[condition.field], condition.value
    match condition.operator:
        case "within":
            return Part(f"{column} >= ?", (_stored(back_from(now, value)),))
        case "between":
            return Part(f"{column} BETWEEN ? AND ?", (_stored(value[0]), _stored(value[1])))
    sign = {"is": "=", "before": "<", "after": ">="}[condition.operator]
    return Part(f"{column} {sign} ?", (_stored(value),))


def _stored(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


def _boolean(condition: Condition) -> Part:
    column = _COLUMNS[condition.field]
    return Part(column if condition.operator == "is_true" else f"{column} IS NOT TRUE")


def _array(condition: Condition) -> Part:
    if condition.field not in _COLUMNS:
        return keys_part(condition)
    return _list(condition, _COLUMNS[condition.field])


def _explained_array(condition: Condition) -> Part:
    return _list(condition, _COLUMNS.get(condition.field) or KEY_LISTS[condition.field])


def _list(condition: Condition, column: str) -> Part:
    value = condition.value
    match condition.operator:
        case "contains":
            return Part(f"list_contains({column}, ?)", (value,))
        case "not_contains":
            return Part(f"NOT coalesce(list_contains({column}, ?), FALSE)", (value,))
        case "in":
            return Part(f"list_has_any({column}, ?::VARCHAR[])", (list(value),))
        case "not_in":
            return Part(
                f"NOT coalesce(list_has_any({column}, ?::VARCHAR[]), FALSE)", (list(value),)
            )
    return Part(f"coalesce(len({column}), 0) {'=' if condition.operator == 'is_empty' else '>'} 0")


def _text_field(condition: Condition) -> Part:
    found = _in_text(condition.field, condition.value, condition.operator)
    if condition.operator == "not_contains":
        return Part(f"NOT coalesce({found.sql}, FALSE)", found.params)
    return found


_FOUND = {"starts_with": "starts_with({}, ?)", "ends_with": "ends_with({}, ?)"}


def _in_text(field: str, value: str, operator: str) -> Part:
    """Whole texts are kept folded, so this is a plain substring search in every script."""
    fields = ("input_text", "output_text") if field == "text" else (field,)
    test = _FOUND.get(operator, "contains({}, ?)")
    folded = search_fold(value)
    end = None if operator in _FOUND else rare_end(folded)
    if end is not None:
        test = "(contains({0}, ?) AND contains({0}, ?))"
    params = (folded,) if end is None else (end, folded)
    names = [_COLUMNS[each].removeprefix("b.") for each in fields]
    return in_pieces(names, operator, test, folded, params)


_KINDS: _Kinds = {
    "id": _string,
    "string": _string,
    "number": _number,
    "score": _score,
    "boolean": _boolean,
    "array": _array,
    "nested": nested_part,
    "text": _text_field,
}
