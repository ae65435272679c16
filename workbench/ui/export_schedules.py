"""Exports that repeat: add one with what stands in the form, pause it, remove it."""

from __future__ import annotations

import streamlit as st

from workbench.export import schedules
from workbench.export.schedules import Schedule
from workbench.export.sources import words_of
from workbench.export.spec import Spec, read_spec
from workbench.jsontext import FieldError
from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.ui import state
from workbench.ui.access import actor
from workbench.ui.export_draft import show_spec
from workbench.ui.export_list import show_export
from workbench.ui.export_words import label_of_format
from workbench.ui.hostile import escaped
from workbench.ui.zones import exact

_EVERY = "export-every"


def draw_add(spec: Spec) -> None:
    """A menu that makes what stands in the form repeat."""
    with st.popover("Repeat", icon=":material/event_repeat:", key="repeat"):
        st.markdown(
            "The same export again and again, with the requests of that moment: a time such as "
            "*last 24 hours* counts back from each run. The newest files are in the list."
        )
        st.segmented_control(
            "Every",
            list(schedules.EVERY),
            default="day",
            required=True,
            key=_EVERY,
        )
        st.button("Add it", type="primary", key="add-schedule", on_click=_add, args=(spec,))


def _add(spec: Spec) -> None:
    every = st.session_state[_EVERY]
    try:
        schedules.add(open_store(), actor(), spec, every)
    except (StoreError, FieldError) as error:
        st.session_state[state.SAID] = str(error)
        return
    st.session_state[state.SAID] = f"It repeats every {every}"


def draw_schedules() -> None:
    """Nothing where nothing repeats."""
    listed = schedules.listed(open_store().connection)
    if not listed:
        return
    st.subheader("Repeating", anchor=False)
    for each in listed:
        _draw(each)


def _draw(each: Schedule) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"schedule-{each.id}"
    ):
        when = "paused" if each.paused else f"next {exact(each.next_at)[:16]}"
        st.html(
            f'<p class="wb-text"><b>{escaped(each.name)}</b> · '
            f"{escaped(label_of_format(each.spec.get('format', 'csv')))} · every "
            f"{escaped(each.every)} · {escaped(when)}</p>"
            f'<p class="wb-note">{escaped(_filter_words(each))}</p>',
            width="stretch",
        )
        if each.last_export is not None:
            st.button(
                "Newest", key=f"newest-{each.id}", on_click=show_export, args=(each.last_export,)
            )
        st.button(
            "Go on" if each.paused else "Pause",
            key=f"pause-{each.id}",
            icon=":material/play_arrow:" if each.paused else ":material/pause:",
            on_click=_change,
            args=(each.id, not each.paused),
        )
        with st.popover("Remove", icon=":material/delete:", key=f"remove-menu-{each.id}"):
            st.markdown("It repeats no more. Files that it made stay as long as they are kept.")
            st.button("Put it into the form", key=f"form-{each.id}", on_click=_show, args=(each,))
            st.button(
                "Remove it",
                type="primary",
                key=f"remove-{each.id}",
                on_click=_change,
                args=(each.id, None),
            )


def _filter_words(each: Schedule) -> str:
    try:
        return words_of(read_spec(each.spec))
    except FieldError:
        return "made by another version"


def _show(each: Schedule) -> None:
    try:
        show_spec(each.spec)
    except FieldError as error:
        st.session_state[state.SAID] = f"It was made by another version: {error}"


def _change(id_: int, paused: bool | None) -> None:
    """paused: None removes it."""
    try:
        if paused is None:
            schedules.remove(open_store(), actor(), id_)
        else:
            schedules.pause(open_store(), actor(), id_, paused)
    except StoreError as error:
        st.session_state[state.SAID] = str(error)
