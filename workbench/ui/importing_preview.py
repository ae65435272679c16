"""A file before it is imported: its format, its columns, its first rows, what is not understood."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from workbench.logs.importing import formats, incoming
from workbench.logs.importing.background_job import Asked
from workbench.logs.importing.incoming import Incoming
from workbench.logs.importing.preview import Inspected
from workbench.logs.importing.record import ImportFailed
from workbench.settings import LOCAL_ZONE, settings
from workbench.store.store import open_store
from workbench.ui import words
from workbench.ui.access import actor
from workbench.ui.hostile import escaped
from workbench.ui.importing import all_jobs, receive, show_choice, show_job
from workbench.ui.importing_look import Look, Reading, inspected, look
from workbench.ui.importing_mapping import draw_known_columns, draw_mapping
from workbench.ui.importing_words import ENCODINGS, format_label, plain, zone_label
from workbench.ui.zones import zone_name

_BATCH = "openai-batch"


def draw_preview(file: Incoming) -> None:
    head = st.container(horizontal=True, vertical_alignment="center")
    with head:
        st.html(
            f'<p class="wb-head" dir="auto"><b>{escaped(file.name)}</b> '
            f"· {words.size(file.size)}</p>",
            width="stretch",
        )
        st.button("Choose another file", on_click=_leave, args=(file,))
    chosen = _draw_choices(file)
    if chosen is None:
        return
    found, reading = chosen
    if reading.format == formats.MAPPED:
        left, right = st.columns([1, 1.7], gap="medium")
        with left:
            mapping = draw_mapping(found, file.token)
        reading = replace(reading, mapping=tuple(mapping.items()))
        with right:
            readable = _draw_look(reading)
    else:
        if reading.format == "neutral":
            draw_known_columns(found)
        readable = _draw_look(reading)
    with head:
        st.button(
            "Import",
            type="primary",
            icon=":material/upload_file:",
            disabled=not readable,
            on_click=_start,
            args=(file, reading),
        )


def _leave(file: Incoming) -> None:
    """An upload that is not wanted goes at once."""
    if all(file.token not in job.tokens for job in all_jobs().listed()):
        incoming.discard(all_jobs().folder, file.token)
    show_choice()


def _start(file: Incoming, reading: Reading) -> None:
    asked = Asked(
        file=file.token,
        name=reading.name,
        format=reading.format,
        mapping=None if reading.mapping is None else dict(reading.mapping),
        provider=reading.provider,
        encoding=reading.encoding,
        zone=reading.zone,
        companion=st.session_state.get(_companion_key(file)) if reading.companion else None,
    )
    try:
        job = all_jobs().start(asked, open_store(), actor())
    except ImportFailed as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        show_job(job.id)


def _draw_choices(file: Incoming) -> tuple[Inspected, Reading] | None:
    """What the file is and how it is to be read; None where it cannot be."""
    top = st.container(horizontal=True, vertical_alignment="bottom")
    with (
        st.expander("More: name, provider, encoding", expanded=not _is_readable(file)),
        st.container(horizontal=True),
    ):
        name = st.text_input(
            "Name of the import",
            file.name,
            max_chars=200,
            key=f"import-name-{file.token}",
            help="The rows have the origin import:NAME, by which they are found.",
        )
        provider = st.text_input(
            "Provider of rows that name none",
            max_chars=200,
            placeholder="openai, anthropic …",
            key=f"import-provider-{file.token}",
        )
        encoding = st.selectbox(
            "Encoding",
            [None, *ENCODINGS],
            format_func=lambda one: one or "found by its content",
            key=_encoding_key(file),
        )
    stamp = file.path.stat().st_mtime_ns
    try:
        found = inspected(file.path, stamp, encoding)
    except ImportFailed as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    if found.unread is not None:
        st.error(
            f"None of the first rows can be read. {found.unit.capitalize()} {found.unread.place}: "
            f"{plain(found.unread.reason)} If the file has another encoding, choose it above.",
            icon=":material/error:",
        )
        return None
    with top:
        reading = Reading(
            file.path,
            stamp,
            name.strip() or file.name,
            _draw_format(file, found),
            provider=provider.strip(),
            encoding=encoding,
            zone=_draw_zone(file),
        )
    return found, _with_companion(file, reading) if reading.format == _BATCH else reading


def _draw_format(file: Incoming, detected: Inspected) -> str:
    names = formats.names()
    return (
        st.selectbox(
            "Format",
            names,
            names.index(detected.format),
            format_func=lambda one: (
                f"{format_label(one)} (found)" if one == detected.format else format_label(one)
            ),
            key=f"import-format-{file.token}",
            width=420,
        )
        or detected.format
    )


def _draw_zone(file: Incoming) -> str | None:
    names = [LOCAL_ZONE, *sorted(available_timezones())]
    chosen = st.selectbox(
        "Times without a zone are in",
        names,
        names.index(settings().time_zone) if settings().time_zone in names else 0,
        format_func=zone_label,
        key=f"import-zone-{file.token}",
        width=240,
    )
    return None if chosen in (None, LOCAL_ZONE) else chosen


def _encoding_key(file: Incoming) -> str:
    return f"import-encoding-{file.token}"


def _is_readable(file: Incoming) -> bool:
    """Whether rows can be read without saying more about the file."""
    try:
        return inspected(file.path, file.path.stat().st_mtime_ns, None).unread is None
    except ImportFailed:
        return True


def _companion_key(file: Incoming) -> str:
    return f"import-companion-{file.token}"


def _with_companion(file: Incoming, reading: Reading) -> Reading:
    """A batch's output says nothing of what was asked: its input file does."""
    key = _companion_key(file)
    other = incoming.find(all_jobs().folder, st.session_state.get(key) or "")
    if other is not None:
        st.caption(f"With the requests of {plain(other.name)}.")
        return replace(reading, companion=other.path)
    kept = receive("The batch's other file: its input file, which holds the requests", key + "-up")
    if kept is not None:
        st.session_state[key] = kept.token
        st.rerun()
    return reading


def _draw_look(reading: Reading) -> bool:
    """The first rows as they would be read; whether they can be."""
    try:
        found = look(reading)
    except ImportFailed as error:
        st.error(plain(str(error)), icon=":material/error:")
        return False
    _draw_rows(found)
    return True


def _draw_rows(found: Look) -> None:
    st.markdown("**The first rows, as they would be read**")
    if found.rows:
        _draw_table(found)
    else:
        st.markdown("None of the first rows can be read.")
    if found.rows:
        said = f"Times are shown in {zone_name()}."
        if found.naive:
            said += (
                f" Of {words.plural(found.naive, 'row')} the time, or its zone, is not in the "
                "file: it is assumed, and marked so."
            )
        st.caption(said)
    for reason, number in found.skipped.items():
        st.caption(f"Passed over: {number:,} × {plain(reason)}.")
    if found.refused:
        st.markdown("**Not understood in the first rows**")
        st.dataframe(
            pd.DataFrame(
                {
                    found.unit.capitalize(): [one.place for one in found.refused],
                    "Why": [one.reason for one in found.refused],
                    "Begins with": [one.text[:300] for one in found.refused],
                }
            ),
            hide_index=True,
            row_height=30,
        )
        st.caption("Such rows are refused one by one; the others are imported.")


def _draw_table(found: Look) -> None:
    frame = pd.DataFrame(list(found.rows))
    started = pd.to_datetime(frame["Started"], utc=True).astype("datetime64[us, UTC]")
    frame["Started"] = started.dt.tz_convert(zone_name())
    config = st.column_config
    empty = [name for name in frame.columns if _says_nothing(frame[name])]
    st.dataframe(
        frame.drop(columns=empty),
        hide_index=True,
        row_height=30,
        column_config={
            found.unit.capitalize(): config.NumberColumn(width=60),
            "Started": config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", width=150),
            "Input": config.TextColumn(width=260),
            "Output": config.TextColumn(width=260),
            "Took": config.NumberColumn(format="%.2f s", width=80),
            "Cost": config.NumberColumn(format="$%.5f", width=90),
            "Tags": config.ListColumn(width=120),
            "Metadata": config.TextColumn(width=220),
        },
        placeholder="",
        alt="The first rows of the file as requests",
    )


def _says_nothing(column: pd.Series) -> bool:
    return all(value is None or value in ("", []) or value != value for value in column)
