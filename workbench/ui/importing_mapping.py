"""Which column of a file goes where: a line for each column, with an example and a choice."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from workbench.logs.importing.mapping import Proposal
from workbench.logs.importing.neutral import FIELDS, METADATA, field_of
from workbench.logs.importing.preview import Inspected
from workbench.ui.hostile import escaped
from workbench.ui.importing_words import plain

_HEIGHT = 520
_MOST_IN_FULL = 8
_METADATA_KEY = "metadata key"
_LEFT_OUT = "leave out"
# Of one field the first column that says something is taken, but these gather.
_GATHERING = {"", "metadata", "tags"}


def draw_mapping(found: Inspected, token: str) -> dict[str, str]:
    """Draw the choices; the mapping that they are: column -> field."""
    st.markdown("**Which column goes where**")
    tall = len(found.proposals) > _MOST_IN_FULL
    with st.container(height=_HEIGHT if tall else "content", border=True, key="import-mapping"):
        mapping = {
            each.column: _draw_line(each, found.examples.get(each.column, ""), token, number)
            for number, each in enumerate(found.proposals)
        }
    _draw_notes(mapping)
    return mapping


def _draw_line(proposal: Proposal, example: str, token: str, number: int) -> str:
    left, right = st.columns([1.1, 1], gap="small", vertical_alignment="center")
    left.html(
        f'<p class="wb-mono" dir="auto" style="margin:0" title="{escaped(proposal.why)}">'
        f"{escaped(proposal.column)}</p>"
        f'<p class="wb-note" dir="auto" style="overflow-wrap:anywhere">{escaped(example)}</p>'
    )
    key = f"{METADATA}{proposal.column}"
    options = ["", key, *FIELDS]
    field = proposal.field if proposal.field in options else ""
    chosen = right.selectbox(
        f"Field of {plain(proposal.column)}",
        options,
        options.index(field),
        format_func=lambda name: _label(name, key),
        key=f"import-map-{token}-{number}",
        label_visibility="collapsed",
    )
    return chosen or ""


def _label(field: str, key: str) -> str:
    return {"": _LEFT_OUT, key: _METADATA_KEY}.get(field, field)


def _draw_notes(mapping: Mapping[str, str]) -> None:
    columns: dict[str, list[str]] = {}
    for column, field in mapping.items():
        columns.setdefault(field, []).append(column)
    for field, several in columns.items():
        if len(several) > 1 and field not in _GATHERING:
            names = ", ".join(map(plain, several))
            st.caption(f"{field} comes from the first of these that is not empty: {names}.")
    if columns.get(""):
        st.caption(f"Left out: {', '.join(map(plain, columns['']))}.")


def draw_known_columns(found: Inspected) -> None:
    """What becomes of the columns of the neutral schema."""
    unknown = [column for column in found.columns if field_of(column) is None]
    if unknown:
        st.caption(
            "Columns that are no field stay in the raw record alone: "
            f"{', '.join(map(plain, unknown[:50]))}. To search by them, choose the format "
            "“Own columns, mapped here”."
        )
