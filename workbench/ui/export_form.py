"""The form of the Export page: format, columns, file names. Packs have a module of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from workbench.export.bucket import configured
from workbench.export.formats import FORMATS, PREFERENCE, TABLE
from workbench.export.sources import REQUESTS, SOURCES
from workbench.filters import Filter
from workbench.store.export_columns import COLUMNS, SCORE, Column
from workbench.store.store import open_store
from workbench.store.suggestions import suggestions
from workbench.ui import state
from workbench.ui.export_choice import CHOICES
from workbench.ui.export_draft import (
    Options,
    bound,
    drop_what_pairs_cannot_take,
    put,
    read_source,
    value_at,
)
from workbench.ui.export_masking import draw_masking
from workbench.ui.export_rows import draw_row_tuning
from workbench.ui.export_tuning import draw_tuning
from workbench.ui.export_words import KINDS, METADATA, label_of_format

_KIND, _FORMAT = "export-kind", "export-format"


def draw_form(
    options: Options, name: str, filter_: Filter, now: datetime, offered: Sequence[Column]
) -> None:
    """name: the format. offered: all columns of a source that is not requests. What stands in the
    form is in the link after every change."""
    source = SOURCES[read_source()]
    _draw_format(name, [kind for kind in KINDS if kind in source.kinds])
    if source.name != REQUESTS:
        CHOICES[source.name](options)
        if FORMATS[name].kind == TABLE:
            _draw_offered(options, offered)
        else:
            draw_row_tuning(options, FORMATS[name], now)
        draw_masking(options, None)
        _draw_files(options)
        return
    keys = _keys("metadata_keys", filter_, now)
    scores = _keys("score_names", filter_, now)
    if FORMATS[name].kind == TABLE:
        _draw_columns(options, keys, scores)
    else:
        draw_tuning(options, FORMATS[name], keys, scores, _keys("tags", filter_, now))
    draw_masking(options, keys)
    _draw_files(options)


def _draw_offered(options: Options, offered: Sequence[Column]) -> None:
    labels = {column.name: column.label for column in offered}
    given = [name for name in options.get("columns") or [] if name not in labels]
    st.multiselect(
        "Columns",
        [*labels, *given],
        format_func=lambda one: labels.get(one, one),
        placeholder="All columns",
        **bound(options, "columns"),
    )


def _draw_files(options: Options) -> None:
    with st.expander("Files", key="export-files"):
        st.text_input(
            "Name of the files",
            max_chars=60,
            help="Letters, digits, - and _",
            **bound(options, "name", kept=lambda text: text.strip()),
        )
        st.number_input(
            "Kept for so many days",
            1,
            365,
            step=1,
            help="Then the files are removed; the manifest stays in the list",
            **bound(options, "keep_days"),
        )
        bucket = configured(open_store().settings)
        if bucket is not None or value_at(options, "bucket"):
            st.toggle(
                "Into the bucket too",
                help=f"s3://{bucket.name}" if bucket is not None else "None is set up here",
                **bound(options, "bucket"),
            )


def _keys(field: str, filter_: Filter, now: datetime) -> list[str]:
    """Names that the filter's requests use, the most frequent first."""
    found = suggestions(open_store().connection, field, filter_, now=now, limit=50)
    return [each.value for each in found.values]


def _draw_format(name: str, kinds: list[str]) -> None:
    kind = FORMATS[name].kind
    if len(kinds) > 1:
        st.session_state[_KIND] = kind
        st.segmented_control(
            "What for",
            kinds,
            format_func=lambda one: KINDS[one][0],
            key=_KIND,
            required=True,
            on_change=_choose_kind,
            label_visibility="collapsed",
        )
        st.caption(KINDS[kind][1].format(noun=SOURCES[read_source()].noun))
    st.session_state[_FORMAT] = name
    names = [each.name for each in FORMATS.values() if each.kind == kind]
    if len(names) <= 4:
        st.segmented_control(
            "Format",
            names,
            format_func=label_of_format,
            key=_FORMAT,
            required=True,
            on_change=_choose_format,
        )
    else:
        st.selectbox(
            "Format", names, format_func=label_of_format, key=_FORMAT, on_change=_choose_format
        )
    if FORMATS[name].source:
        st.caption(f"Checked against the [published rules]({FORMATS[name].source}).")


def _choose_kind() -> None:
    kind = st.session_state[_KIND]
    if kind != PREFERENCE:
        put("tuning.rejected_column", None)
    else:
        drop_what_pairs_cannot_take()
    st.query_params[state.EXPORT_FORMAT] = next(
        each.name for each in FORMATS.values() if each.kind == kind
    )


def _choose_format() -> None:
    st.query_params[state.EXPORT_FORMAT] = st.session_state[_FORMAT]


def _draw_columns(options: Options, keys: list[str], scores: list[str]) -> None:
    chosen = options.get("columns") or []
    offered = [*COLUMNS, *(METADATA + key for key in keys), *(SCORE + one for one in scores)]
    offered += [name for name in chosen if isinstance(name, str) and name not in offered]
    st.multiselect(
        "Columns",
        offered,
        format_func=_label_of_column,
        accept_new_options=True,
        placeholder="The usual columns, ready to be imported again",
        help="metadata.KEY and score.NAME are one key each: type one that is not offered",
        **bound(options, "columns"),
    )
    if not chosen:
        st.toggle(
            "A column for each metadata key and score",
            help="Instead of one column that holds all of them as JSON",
            **bound(options, "flatten"),
        )
    else:
        st.button("The usual columns", type="tertiary", on_click=put, args=("columns", []))


def _label_of_column(name: str) -> str:
    if name in COLUMNS:
        return COLUMNS[name].label
    return name.replace(METADATA, "Metadata ", 1).replace(SCORE, "Score ", 1)
