"""What differs between two versions of a dataset: counts, columns, each row with both states."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench.diff import json_diff
from workbench.store import dataset_diff, datasets
from workbench.store.dataset_diff import KINDS, Difference, RowChange
from workbench.store.dataset_reading import DatasetRow
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.dataset_links import Opened, draw_pages, read_number, turn_to, version_name
from workbench.ui.dataset_values import dumped
from workbench.ui.diff import changes_html, text_diff_html
from workbench.ui.hostile import escaped

SHOWN = 20
_CUT = 20_000


def draw_changes(found: Opened) -> None:
    connection = open_store().connection
    listed = datasets.versions(connection, found.dataset.id)
    if len(listed) < 2:
        st.info("There is one version alone: the next one can be compared with it.")
        return
    names = {one.number: version_name(one) for one in listed}
    after = _wanted("after", names, found.version.number)
    before = _wanted("before", names, max(1, after - 1))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_choice("From", "before", names, before)
        _draw_choice("To", "after", names, after)
        counted = dataset_diff.difference(connection, found.dataset.id, before, after)
        kinds = st.pills(
            "Kind",
            KINDS,
            selection_mode="multi",
            default=KINDS,
            format_func=lambda kind: f"{getattr(counted, kind):,} {kind}",
            key="change-kinds",
            label_visibility="collapsed",
        )
    _draw_columns(counted)
    total = sum(getattr(counted, kind) for kind in kinds)
    if total == 0:
        st.info("No row differs." if counted.total == 0 else "No row of these kinds differs.")
        return
    pages = (total + SHOWN - 1) // SHOWN
    page = min(max(1, read_number("page") or 1), pages)
    for change in dataset_diff.changes(
        connection,
        found.dataset.id,
        before,
        after,
        kinds=kinds,
        offset=(page - 1) * SHOWN,
        limit=SHOWN,
    ):
        st.html(change_html(change))
    draw_pages(pages, page)


def _wanted(name: str, names: dict[int, str], usual: int) -> int:
    """The version that the link names, where there is such a one."""
    wanted = read_number(name) or usual
    return wanted if wanted in names else usual


def _draw_choice(label: str, name: str, names: dict[int, str], now: int) -> None:
    key = f"compare-{name}"
    st.session_state[key] = now

    def choose() -> None:
        st.query_params[name] = str(st.session_state[key])
        turn_to(1)

    st.selectbox(
        label, list(names), key=key, format_func=names.__getitem__, width=200, on_change=choose
    )


def _draw_columns(counted: Difference) -> None:
    for said, names in (
        ("New columns", counted.columns_added),
        ("Columns that went", counted.columns_removed),
        ("Renamed", [f"{before} → {after}" for before, after in counted.columns_renamed]),
    ):
        if names:
            shown = ", ".join(names[:50])
            more = f" and {words.plural(len(names) - 50, 'other')}" if len(names) > 50 else ""
            st.html(f'<p class="wb-note">{said}: {escaped(shown)}{more}</p>')


def change_html(change: RowChange) -> str:
    """A row that differs, as escaped HTML: values that came, went or changed, by column."""
    signs = {"added": "+", "removed": "−", "changed": "~"}
    head = (
        f'<p class="wb-turn"><strong>{signs[change.kind]} Row {change.id}</strong> '
        f"{change.kind}</p>"
    )
    before, after = _state(change.before), _state(change.after)
    pieces = []
    for name in dict.fromkeys((*before, *after)):
        left, right = before.get(name), after.get(name)
        if left != right or type(left) is not type(right):
            pieces.append(f'<p class="wb-role">{escaped(name)}</p>{_value_html(left, right)}')
    return f'<div class="wb-pair">{head}{"".join(pieces)}</div>'


def _value_html(left: Any, right: Any) -> str:
    if isinstance(left, dict | list) and isinstance(right, dict | list):
        return f'<div class="wb-scroll">{changes_html(json_diff(left, right)[:100])}</div>'
    return text_diff_html(_text(left), _text(right))


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else dumped(value, indent=True)
    if text.startswith("data:"):
        return f"{text[:40].partition(',')[0]}, {len(text):,} characters"
    return text[:_CUT]


def _state(row: DatasetRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    about = {"split": row.split, "tags": ", ".join(row.tags) or None}
    return {**row.values, **{f"({name})": one for name, one in about.items() if one}}
