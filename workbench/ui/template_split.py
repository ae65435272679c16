"""A/B releases of a label: percentages, segments by metadata, one version for the same user."""

from __future__ import annotations

import csv
from collections.abc import Sequence
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
from workbench.ui.template_moves import draw_release_check

_HELP = (
    "One line a share. Lines without a segment are for every other request. A segment has a name, "
    "metadata keys with their values (a line each; all of them have to fit), and percentages of "
    "its own that sum to 100: a line may say a key, a share, or both."
)
COLUMNS = ("Segment", "Metadata key", "Values", "Version", "Percent")


def draw_splits(template: Template) -> None:
    for release in ab.releases(open_store().connection, template.id):
        if release.is_running:
            _draw_release(template, release)
    if st.button("Start an A/B release…", icon=":material/call_split:", type="tertiary"):
        _ask_start(template, None)


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
        if st.button("Change…", key=f"change-{release.id}"):
            _ask_start(template, release)
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


@st.dialog("An A/B release", width="large")
def _ask_start(template: Template, running: Release | None) -> None:
    """running: the release that is changed, None for a new one."""
    connection = open_store().connection
    numbers = [info.number for info in templates.versions(connection, template.id)]
    if running is None:
        label = st.selectbox(
            "Label",
            labels.label_names(connection),
            index=None,
            accept_new_options=True,
            placeholder="prod",
        )
        first = _first(numbers)
    else:
        label = running.label
        st.html(
            f"<p><strong>{escaped(label)}</strong> serves these shares from the next call on.</p>"
        )
        first = rows_of(running)
    st.caption(_HELP)
    rows = st.data_editor(
        pd.DataFrame(first, columns=list(COLUMNS)),
        num_rows="dynamic",
        hide_index=True,
        key=f"split-rows-{running.id if running else 'new'}",
        column_config={
            "Version": st.column_config.SelectboxColumn(options=numbers),
            "Percent": st.column_config.NumberColumn(min_value=0, max_value=100),
            "Segment": st.column_config.TextColumn(),
            "Metadata key": st.column_config.TextColumn(),
            "Values": st.column_config.TextColumn(help="Several with commas between them"),
        },
    )
    sticky = st.text_input(
        "Same version for the same value of",
        (running.sticky_key or "") if running else "",
        placeholder="user_id",
        help="A metadata key",
    )
    if not label:
        st.caption("Choose a label.")
        return
    try:
        release = read_release(label, rows.to_dict("records"), sticky.strip() or None)
        ab.check(release)
    except FieldError as error:
        st.warning(escaped(str(error)), icon=":material/info:")
        return
    if labels.is_protected(connection, template.id, label):
        st.info("This label is protected: the release waits for a second person.")
    if st.button("Start" if running is None else "Change", type="primary", key="split-start"):
        _start(template, release)
    try:
        draw_release_check(template, release)
    except NotFound as error:
        st.error(escaped(str(error)))


def _first(numbers: list[int]) -> list[list[Any]]:
    """A tenth for the newest version, to begin with."""
    percents = (10.0, 90.0) if len(numbers) > 1 else (100.0,)
    return [
        ["", "", "", number, percent]
        for number, percent in zip(numbers[:2], percents, strict=False)
    ]


def _start(template: Template, release: Release) -> None:
    try:
        done = ab.start(open_store(), access.actor(), template.id, release)
    except (FieldError, Refused, NotFound) as error:
        st.error(escaped(str(error)))
        return
    waits = isinstance(done, LabelRequest)
    label = release.label
    st.session_state[state.SAID] = (
        f"The release of {label} waits for a second person." if waits else f"{label} is split."
    )
    st.rerun()


def rows_of(release: Release) -> list[list[Any]]:
    """A release as lines of the form, which `read_release` reads back."""
    rows: list[list[Any]] = [
        ["", "", "", share.number, float(share.percent)] for share in release.shares
    ]
    for segment in release.segments:
        keys = [(key, _written(values)) for key, values in segment.when.items()]
        shares = [(share.number, float(share.percent)) for share in segment.shares]
        for at in range(max(len(keys), len(shares))):
            key, values = keys[at] if at < len(keys) else ("", "")
            number, percent = shares[at] if at < len(shares) else (None, None)
            rows.append([segment.name, key, values, number, percent])
    return rows


def read_release(label: str, rows: list[dict[Any, Any]], sticky_key: str | None) -> Release:
    """The release that the lines of the form say. Raises FieldError where a line is unfinished."""
    shares: list[Share] = []
    when: dict[str, dict[str, tuple[str, ...]]] = {}
    own: dict[str, list[Share]] = {}
    for line, row in enumerate(rows, 1):
        name, key = _text(row.get("Segment")), _text(row.get("Metadata key"))
        share = _share(line, row)
        if not name:
            if key or share is None:
                reason = (
                    "a segment needs a name" if key else "a version and a percentage are needed"
                )
                raise FieldError(f"line {line}", reason)
            shares.append(share)
            continue
        if key:
            values = _values(_text(row.get("Values")))
            if not values:
                raise FieldError(f"line {line}", f"the metadata key {key} needs values")
            if when.setdefault(name, {}).setdefault(key, values) != values:
                raise FieldError(f"line {line}", f"the segment {name} has {key} twice")
        elif share is None:
            raise FieldError(f"line {line}", "a metadata key or a share is needed")
        own.setdefault(name, [])
        if share is not None:
            own[name].append(share)
    segments = tuple(Segment(name, when.get(name, {}), tuple(own[name])) for name in own)
    for segment in segments:
        if not segment.when:
            raise FieldError(f"segment {segment.name}", "a metadata key with values is needed")
    return Release(label, tuple(shares), segments, sticky_key)


def _values(text: str) -> tuple[str, ...]:
    """Values with commas between them; one that holds a comma stands in quotes."""
    read = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(value.strip() for value in read if value.strip())


def _written(values: Sequence[str]) -> str:
    """What `_values` reads."""

    def one(value: str) -> str:
        doubled = value.replace('"', '""')
        return f'"{doubled}"' if set(value) & set(',"') else value

    return ", ".join(one(value) for value in values)


def _share(line: int, row: dict[Any, Any]) -> Share | None:
    """The share that a line says; None where it says neither version nor percentage."""
    number, percent = row.get("Version"), row.get("Percent")
    if pd.isna(number) and pd.isna(percent):
        return None
    if pd.isna(number) or pd.isna(percent):
        raise FieldError(f"line {line}", "a version and a percentage are needed")
    try:
        return Share(int(str(number).split(".")[0]), Decimal(str(percent)))
    except (ValueError, InvalidOperation):
        raise FieldError(f"line {line}", "a version and a percentage are needed") from None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
