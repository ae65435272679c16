"""A/B releases of a label: percentages, segments by metadata, one version for the same user."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd
import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import ab, labels, templates
from workbench.registry.ab import Release, Segment, Share
from workbench.store.errors import NotFound, Refused
from workbench.store.registry_rows import LabelRequest, Template
from workbench.store.store import open_store
from workbench.ui import access, state
from workbench.ui.hostile import escaped

_HELP = (
    "One line a share. Lines without a segment are for every other request; a segment is a name, a "
    "metadata key and its values, with percentages of its own that sum to 100."
)
_COLUMNS = ("Segment", "Metadata key", "Values", "Version", "Percent")


def draw_splits(template: Template) -> None:
    for release in ab.releases(open_store().connection, template.id):
        if release.is_running:
            _draw_release(template, release)
    if st.button("Start an A/B release…", icon=":material/call_split:", type="tertiary"):
        _ask_start(template)


def _draw_release(template: Template, release: Release) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        pieces = [_shares(release.shares)]
        pieces += [
            f"{segment.name} ({_when(segment)}): {_shares(segment.shares)}"
            for segment in release.segments
        ]
        if release.sticky_key:
            pieces.append(f"the same for the same {release.sticky_key}")
        said = " · ".join(pieces)
        st.html(
            f"<p><strong>{escaped(release.label)}</strong> A/B "
            f'<span class="wb-note">{escaped(said)}</span></p>',
            width="stretch",
        )
        if st.button("End", key=f"end-{release.id}", help="The label serves its own version again"):
            try:
                ab.end(open_store(), access.actor(), template.id, release.label)
            except (Refused, NotFound) as error:
                st.error(escaped(str(error)))
            else:
                st.rerun()


def _shares(shares: tuple[Share, ...]) -> str:
    return ", ".join(f"version {share.number} {share.percent.normalize():f} %" for share in shares)


def _when(segment: Segment) -> str:
    return "; ".join(f"{key} is {' or '.join(values)}" for key, values in segment.when.items())


@st.dialog("Start an A/B release", width="large")
def _ask_start(template: Template) -> None:
    connection = open_store().connection
    numbers = [info.number for info in templates.versions(connection, template.id)]
    label = st.selectbox(
        "Label",
        labels.label_names(connection),
        index=None,
        accept_new_options=True,
        placeholder="prod",
    )
    first = [
        [None, None, None, number, percent]
        for number, percent in zip(
            numbers[:2], (10.0, 90.0) if len(numbers) > 1 else (100.0,), strict=False
        )
    ]
    st.caption(_HELP)
    rows = st.data_editor(
        pd.DataFrame(first, columns=list(_COLUMNS)),
        num_rows="dynamic",
        hide_index=True,
        key="split-rows",
        column_config={
            "Version": st.column_config.SelectboxColumn(options=numbers, required=True),
            "Percent": st.column_config.NumberColumn(min_value=0, max_value=100, required=True),
            "Segment": st.column_config.TextColumn(),
            "Metadata key": st.column_config.TextColumn(),
            "Values": st.column_config.TextColumn(help="Several with commas between them"),
        },
    )
    sticky = st.text_input(
        "Same version for the same value of", placeholder="user_id", help="A metadata key"
    )
    if st.button("Start", type="primary", disabled=not label) and label:
        try:
            release = read_release(label, rows.to_dict("records"), sticky.strip() or None)
            done = ab.start(open_store(), access.actor(), template.id, release)
        except (FieldError, Refused, NotFound) as error:
            st.error(escaped(str(error)))
            return
        waits = isinstance(done, LabelRequest)
        st.session_state[state.SAID] = (
            f"The release of {label} waits for a second person." if waits else f"{label} is split."
        )
        st.rerun()


def read_release(label: str, rows: list[dict[Any, Any]], sticky_key: str | None) -> Release:
    """The release that the lines of the form say. Raises FieldError where a line is unfinished."""
    shares: list[Share] = []
    segments: dict[str, Segment] = {}
    for line, row in enumerate(rows, 1):
        share = _share(line, row)
        name, key = _text(row.get("Segment")), _text(row.get("Metadata key"))
        if not name and not key:
            shares.append(share)
            continue
        values = tuple(
            value.strip() for value in _text(row.get("Values")).split(",") if value.strip()
        )
        if not (name and key and values):
            raise FieldError(f"line {line}", "a segment needs a name, a metadata key and values")
        known = segments.get(name)
        if known is not None and dict(known.when) != {key: values}:
            raise FieldError(f"line {line}", f"the segment {name} has two conditions")
        before = known.shares if known is not None else ()
        segments[name] = Segment(name, {key: values}, (*before, share))
    return Release(label, tuple(shares), tuple(segments.values()), sticky_key)


def _share(line: int, row: dict[Any, Any]) -> Share:
    number, percent = row.get("Version"), row.get("Percent")
    if pd.isna(number) or pd.isna(percent):
        raise FieldError(f"line {line}", "a version and a percentage are needed")
    try:
        return Share(int(str(number).split(".")[0]), Decimal(str(percent)))
    except (ValueError, InvalidOperation):
        raise FieldError(f"line {line}", "a version and a percentage are needed") from None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
