"""The control with which a person rates: keys for small scales, a box with Enter for the rest."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from workbench.evals import rating
from workbench.evals.columns.human import HumanConfig
from workbench.evals.grid_reading import CellView
from workbench.evals.grids import Grid
from workbench.jsontext import FieldError
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.ui import access
from workbench.ui.dataset_links import say
from workbench.ui.saying import done_or_said

Rate = Callable[[int | float | str], None]


def draw_rate(found: Grid, row: int, column: str, cell: CellView) -> None:
    """In the cell's detail."""

    def rate(value: int | float | str) -> None:
        keep(found.run.id, row, column, value)

    config: HumanConfig = found.column(column).config  # type: ignore[assignment]
    draw_control(config, cell, f"rate-{found.run.id}-{row}-{column}", rate)
    if cell.author:
        st.button(
            "Take the rating back",
            icon=":material/undo:",
            type="tertiary",
            key="unrate",
            on_click=take_back,
            args=(found.run.id, row, column),
        )


def scale_of(config: HumanConfig) -> list[int]:
    """The values of a small scale, which a number key gives; [] of another."""
    low, high = config.ui_element.min, config.ui_element.max
    if config.data_type != "number" or low is None or high is None:
        return []
    if not float(low).is_integer() or not float(high).is_integer() or low < 0 or high > 9:
        return []
    return list(range(int(low), int(high) + 1))


def draw_control(config: HumanConfig, cell: CellView, key: str, rate: Rate) -> None:
    scale = scale_of(config)
    if scale:
        with st.container(horizontal=True, gap="small", key="rating-scale"):
            for value in scale:
                st.button(
                    # Its key stands on it.
                    "",
                    help=f"Rate {value}",
                    key=f"{key}-{value}",
                    shortcut=str(value),
                    type="primary" if cell.value == value else "secondary",
                    on_click=rate,
                    args=(value,),
                )
        return
    _draw_box(config, cell, key, rate)


def _draw_box(config: HumanConfig, cell: CellView, key: str, rate: Rate) -> None:
    with st.form(f"{key}-form", border=False):
        if config.data_type == "number":
            low, high = config.ui_element.min, config.ui_element.max
            st.number_input(
                "Rating",
                min_value=None if low is None else float(low),
                max_value=None if high is None else float(high),
                value=float(cell.value) if isinstance(cell.value, int | float) else None,
                key=f"{key}-value",
                label_visibility="collapsed",
            )
        else:
            st.text_input(
                "Rating",
                cell.text,
                key=f"{key}-value",
                label_visibility="collapsed",
                placeholder="Enter saves",
            )

        def submit() -> None:
            value = st.session_state.get(f"{key}-value")
            if value is None or value == "":
                say("Nothing was entered, and nothing was kept.")
                return
            rate(value)

        st.form_submit_button("Save", type="primary", on_click=submit)


def keep(run_id: int, row: int, column: str, value: int | float | str) -> bool:
    """From a callback; what is refused is said after the run."""
    try:
        rating.rate(open_store(), access.actor(), run_id, row, column, value)
    except (Refused, NotFound, FieldError) as error:
        say(str(error))
        return False
    return True


def take_back(run_id: int, row: int, column: str) -> None:
    done_or_said(lambda: rating.unrate(open_store(), access.actor(), run_id, row, column))
