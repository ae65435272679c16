"""The columns of the log table: which there are, which are shown, and the menu that chooses.

A link may name columns; without it those that this person chose last are shown, else the usual
ones. A person is the login; where there is none, everybody at this workbench shares one choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import orjson
import streamlit as st

from workbench.filters import Filter
from workbench.store import clock, preferences
from workbench.store.extras import Extra
from workbench.store.rows import Summary
from workbench.store.sorting import MAX_KEY
from workbench.store.store import open_store
from workbench.store.suggestions import suggestions
from workbench.ui import state
from workbench.ui.access import NOBODY, actor, person

MAX_SHOWN = 30
MAX_KEYS = 100
_MENU = "columns-shown"
_STATUS = {"SUCCESS": "● ok", "WARNING": "▲ warning", "ERROR": "■ error"}
_config = st.column_config
Value = Callable[[Summary, Extra], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. name: in links; sort: the order that its heading asks for, "" for none;
    descending: which direction comes first; is_extra: it needs more than the usual row."""

    name: str
    label: str
    value: Value
    make: Callable[..., Any]
    width: int
    sort: str = ""
    descending: bool = False
    is_extra: bool = False
    format: str | None = None

    def config(self, label: str, width: int) -> Any:
        more = {} if self.format is None else {"format": self.format}
        return self.make(label, width=width, **more)


def _template(row: Summary, _: Extra) -> str:
    if not row.prompt_name:
        return ""
    return f"{row.prompt_name} v{row.prompt_version}" if row.prompt_version else row.prompt_name


def _tokens(row: Summary, _: Extra) -> int | None:
    if row.input_tokens is None and row.output_tokens is None:
        return None
    return (row.input_tokens or 0) + (row.output_tokens or 0)


def _error(row: Summary, _: Extra) -> str:
    return (row.error_type or "").replace("_", " ").lower()


def _seconds(row: Summary, _: Extra) -> float | None:
    return None if row.latency_ms is None else row.latency_ms / 1000


def _text(name: str, label: str, value: Value, width: int, sort: str = "") -> Column:
    return Column(name, label, value, _config.TextColumn, width, sort)


def _extra(name: str, label: str, field: str, width: int, sort: str = "") -> Column:
    return Column(
        name,
        label,
        lambda _, extra: getattr(extra, field),
        _config.TextColumn,
        width,
        sort,
        is_extra=True,
    )


def _number(
    name: str, label: str, value: Value, width: int, sort: str = "", format_: str = "localized"
) -> Column:
    return Column(
        name, label, value, _config.NumberColumn, width, sort, descending=True, format=format_
    )


STAR = _text("starred", "★", lambda row, _: "★" if row.starred else "", 34)
_LIST = (
    STAR,
    Column(
        "time",
        "Time",
        lambda row, _: row.started_at,
        _config.DatetimeColumn,
        132,
        "time",
        descending=True,
        format="distance",
    ),
    _text("status", "Status", lambda row, _: _STATUS.get(row.status, row.status), 82, "status"),
    _text("model", "Model", lambda row, _: row.model or row.provider or "", 160, "model"),
    _text("provider", "Provider", lambda row, _: row.provider or "", 96, "provider"),
    _text("prompt", "Template", _template, 140, "prompt"),
    _text("input", "Input", lambda row, _: row.input_preview, 320, "input"),
    _text("output", "Output", lambda row, _: row.output_preview or _error(row, _), 190, "output"),
    _number("latency", "Latency", _seconds, 76, "latency", "%.2f s"),
    _number("tokens", "Tokens", _tokens, 72, "tokens"),
    _number("input_tokens", "Input tokens", lambda row, _: row.input_tokens, 96, "input_tokens"),
    _number(
        "output_tokens", "Output tokens", lambda row, _: row.output_tokens, 104, "output_tokens"
    ),
    _number(
        "cost",
        "Cost",
        lambda row, _: None if row.cost is None else float(row.cost),
        84,
        "cost",
        "$%.5f",
    ),
    Column("tags", "Tags", lambda row, _: row.tags, _config.ListColumn, 110, "tags"),
    _text("error", "Error", _error, 140, "error"),
    _extra("finish", "Finish reason", "finish_reason", 104, "finish"),
    _extra("label", "Release label", "prompt_label", 104, "label"),
    _extra("session", "Session", "group_id", 130, "session"),
    _extra("function", "Function", "function_name", 190, "function"),
    _extra("source", "Source", "source", 110, "source"),
    _extra("origin", "Origin", "origin", 90, "origin"),
    _extra("actor", "Logged by", "actor", 110),
    Column(
        "tools",
        "Tools called",
        lambda _, extra: extra.tool_names or [],
        _config.ListColumn,
        140,
        is_extra=True,
    ),
    _text("id", "Request", lambda row, _: str(row.id), 140, "id"),
)
COLUMNS = {column.name: column for column in _LIST}
USUAL = (
    *("time", "status", "model", "prompt", "input", "output", "latency", "tokens", "cost", "tags"),
)


def column_named(name: str) -> Column | None:
    """The column of this name, also that of a metadata key or a score; None where there is none."""
    kind, dot, key = name.partition(".")
    if not dot:
        return COLUMNS.get(name)
    if not key or len(key) > MAX_KEY or not key.isprintable():
        return None
    if kind == "metadata":
        return Column(
            name,
            name,
            lambda _, extra: _shown(extra.metadata.get(key)),
            _config.TextColumn,
            130,
            name,
            is_extra=True,
        )
    if kind == "score":
        return Column(
            name,
            f"score {key}",
            lambda _, extra: extra.scores.get(key),
            _config.NumberColumn,
            96,
            name,
            descending=True,
            is_extra=True,
            format="localized",
        )
    return None


def _shown(value: Any) -> str | None:
    return value if isinstance(value, str) or value is None else orjson.dumps(value).decode()


def parse(text: str) -> tuple[str, ...]:
    """The columns that a link names, those that exist; () where it names none."""
    names = dict.fromkeys(unquote(name) for name in text.split(",")[: 2 * MAX_SHOWN])
    return tuple(name for name in names if column_named(name) is not None)[:MAX_SHOWN]


def as_text(names: Sequence[str]) -> str:
    return ",".join(quote(name, safe=". /:@") for name in names)


def chosen() -> tuple[str, ...]:
    """The names of the columns to show, in order."""
    linked = parse(st.query_params.get(state.COLUMNS, ""))
    if linked:
        return linked
    kept = _kept()
    return parse(kept if isinstance(kept, str) else "") or USUAL


def shown() -> list[Column]:
    """The columns to show, in order."""
    return [column for name in chosen() if (column := column_named(name)) is not None]


def choose(names: Sequence[str]) -> None:
    """Show these columns from now on, and put them into the link unless they are the usual ones."""
    text = "" if tuple(names) == USUAL else as_text(names)
    if text:
        st.query_params[state.COLUMNS] = text
    else:
        st.query_params.pop(state.COLUMNS, None)
    store, who, name = open_store(), actor(), _preference()
    if _kept() != text:
        store.change(lambda cursor: store.preferences.put(cursor, who, name, text)).result()


def _preference() -> str:
    return f"columns:{person()}"


def _kept() -> Any:
    """What this person chose; else what was chosen before browsers were told apart."""
    connection = open_store().connection
    of_all = preferences.get(connection, f"columns:{NOBODY}", "")
    return preferences.get(connection, _preference(), of_all)


def keyed_names() -> list[str]:
    """Columns of the metadata keys and scores that the newest requests have."""
    connection, now = open_store().connection, clock.from_stored(clock.now())
    found = []
    for kind, field in (("metadata", "metadata_keys"), ("score", "score_names")):
        listed = suggestions(connection, field, Filter(), now=now, limit=MAX_KEYS).values
        # A path with a dot leads into a value; a column is one of the first level.
        found += [f"{kind}.{each.value}" for each in listed]
    return [name for name in found if column_named(name) is not None]


def label_of(name: str) -> str:
    column = column_named(name)
    return name if column is None else "Star" if column is STAR else column.label


def draw_columns() -> None:
    """The menu that chooses; what is chosen comes in the order of choosing."""
    menu = st.popover(
        "Columns", icon=":material/view_column:", key="columns", type="tertiary", on_change="rerun"
    )
    # Looking for keys reads the newest requests, so it waits for the menu to be opened.
    if not menu.open:
        return
    with menu:
        names = chosen()
        st.session_state[_MENU] = list(names)
        st.multiselect(
            "Columns, in their order",
            list(dict.fromkeys([*names, *COLUMNS, *keyed_names()])),
            format_func=label_of,
            key=_MENU,
            max_selections=MAX_SHOWN,
            on_change=_chosen_anew,
        )
        st.button(
            "The usual columns",
            type="tertiary",
            disabled=names == USUAL,
            on_click=choose,
            args=(USUAL,),
        )


def _chosen_anew() -> None:
    choose(st.session_state[_MENU] or USUAL)
