"""The form of the Export page: format, columns, file names. Packs have a module of their own."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.export.bucket import configured
from workbench.export.formats import FORMATS, TABLE
from workbench.export.spec import DATASETS, PROMPTS, REQUESTS
from workbench.filters import Filter
from workbench.store.export_columns import COLUMNS, SCORE
from workbench.store.export_prompts import PROMPT_COLUMNS
from workbench.store.store import open_store
from workbench.store.suggestions import suggestions
from workbench.ui import state
from workbench.ui.export_dataset import draw_dataset_choice
from workbench.ui.export_draft import Options, bound, choose_source, put, value_at
from workbench.ui.export_masking import draw_masking
from workbench.ui.export_tuning import draw_tuning
from workbench.ui.export_words import KINDS, METADATA, label_of_format

_SOURCE, _KIND, _FORMAT = "export-source", "export-kind", "export-format"
SOURCES = {REQUESTS: "Requests", PROMPTS: "Prompt templates", DATASETS: "Datasets"}


def draw_form(options: Options, name: str, filter_: Filter, now: datetime) -> None:
    """name: the format. What stands in the form is in the link after every change."""
    if value_at(options, "source") == PROMPTS:
        _draw_format(name, [TABLE])
        st.text_input(
            "Part of their name",
            placeholder="All prompt templates",
            max_chars=200,
            **bound(options, "q", lambda text: text or "", lambda text: text.strip() or None),
        )
        _draw_prompt_columns(options)
        draw_masking(options, None)
        _draw_files(options)
        return
    if value_at(options, "source") == DATASETS:
        _draw_format(name, [TABLE])
        draw_dataset_choice(options)
        draw_masking(options, None)
        _draw_files(options)
        return
    _draw_format(name, list(KINDS))
    keys = _keys("metadata_keys", filter_, now)
    scores = _keys("score_names", filter_, now)
    if FORMATS[name].kind == TABLE:
        _draw_columns(options, keys, scores)
    else:
        draw_tuning(options, FORMATS[name].kind, keys, scores)
    draw_masking(options, keys)
    _draw_files(options)


def _draw_prompt_columns(options: Options) -> None:
    st.multiselect(
        "Columns",
        list(PROMPT_COLUMNS),
        format_func=lambda one: PROMPT_COLUMNS[one].label if one in PROMPT_COLUMNS else one,
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


def draw_source(source: str) -> None:
    """The choice between requests and prompt templates."""
    st.session_state[_SOURCE] = source
    st.segmented_control(
        "What",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        key=_SOURCE,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: choose_source(st.session_state[_SOURCE]),
    )


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
        st.caption(KINDS[kind][1])
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
