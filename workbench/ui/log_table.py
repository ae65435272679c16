"""The dense table of requests: one line each, and a click anywhere on a line opens it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from workbench.store.rows import Summary
from workbench.ui.zones import zone_name

ROW_HEIGHT = 30
# Beside an open request there is room for these.
NARROW = ("Time", "Status", "Model", "Input", "Latency", "Cost")
_COLOURS = {"● ok": "#2e9e63", "▲ warning": "#c98a06", "■ error": "#d9534f"}
_STATUS = {"SUCCESS": "● ok", "WARNING": "▲ warning", "ERROR": "■ error"}


def frame_of(rows: Sequence[Summary]) -> pd.DataFrame:
    """The table's data; its row numbers are those of `rows`."""
    zone = zone_name()
    return pd.DataFrame(
        {
            "Time": pd.Series(
                [row.started_at for row in rows], dtype="datetime64[us, UTC]"
            ).dt.tz_convert(zone),
            "Status": [_STATUS.get(row.status, row.status.lower()) for row in rows],
            "Model": [row.model or row.provider or "" for row in rows],
            "Template": [_template(row) for row in rows],
            "Input": [row.input_preview for row in rows],
            "Output": [row.output_preview or _error_word(row) for row in rows],
            "Latency": [None if r.latency_ms is None else r.latency_ms / 1000 for r in rows],
            "Tokens": [_tokens(row) for row in rows],
            "Cost": [None if row.cost is None else float(row.cost) for row in rows],
            "Tags": [row.tags for row in rows],
        }
    )


def draw_rows(
    rows: Sequence[Summary],
    key: str,
    *,
    narrow: bool = False,
    height: int | None = None,
    **selection: Any,
) -> None:
    """Draw the table; `selection` goes to `st.dataframe` (on_select, selection_mode)."""
    st.dataframe(
        _coloured(frame_of(rows)),
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=height or "auto",
        column_order=NARROW if narrow else None,
        column_config=_columns(narrow),
        placeholder="",
        alt="Requests, the newest first",
        **selection,
    )


def _coloured(frame: pd.DataFrame) -> Any:
    """The table with its status marks in colour; the word says the same without it."""
    return frame.style.map(lambda word: f"color: {_COLOURS.get(word, '')}", subset=["Status"])


def _columns(narrow: bool) -> dict[str, Any]:
    config = st.column_config
    return {
        "Time": config.DatetimeColumn("Time", format="distance", width=116),
        "Status": config.TextColumn("Status", width=82),
        "Model": config.TextColumn("Model", width=140 if narrow else 160),
        "Template": config.TextColumn("Template", width=140),
        "Input": config.TextColumn("Input", width=200 if narrow else 320),
        "Output": config.TextColumn("Output", width=190),
        "Latency": config.NumberColumn("Latency", format="%.2f s", width=76),
        "Tokens": config.NumberColumn("Tokens", format="localized", width=72),
        "Cost": config.NumberColumn("Cost", format="$%.5f", width=84),
        "Tags": config.ListColumn("Tags", width=110),
    }


def _template(row: Summary) -> str:
    if not row.prompt_name:
        return ""
    return f"{row.prompt_name} v{row.prompt_version}" if row.prompt_version else row.prompt_name


def _tokens(row: Summary) -> int | None:
    if row.input_tokens is None and row.output_tokens is None:
        return None
    return (row.input_tokens or 0) + (row.output_tokens or 0)


def _error_word(row: Summary) -> str:
    return (row.error_type or "").replace("_", " ").lower()
