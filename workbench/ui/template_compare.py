"""Two versions beside each other: words of the messages, variables, tools, settings."""

from __future__ import annotations

import streamlit as st

from workbench.registry.compare import Comparison
from workbench.ui.diff import draw_changes, draw_text_diff
from workbench.ui.hostile import escaped

_SAID = {"added": "new", "removed": "removed", "changed": "changed"}


def draw_comparison(found: Comparison) -> None:
    before, after = found.before.number, found.after.number
    if found.is_same:
        st.caption(f"Versions {before} and {after} are the same.")
        return
    for change in found.messages:
        side = change.after or change.before
        if change.kind == "same" or side is None:
            continue
        st.html(
            f'<p class="wb-role">Message {side.index + 1} · {escaped(side.role)} · '
            f"{_SAID[change.kind]}</p>"
        )
        draw_text_diff(
            change.before.text if change.before else "",
            change.after.text if change.after else "",
            layout="together",
        )
        if change.other:
            draw_changes(change.other)
    draw_beside(found)


def draw_beside(found: Comparison) -> None:
    """What differs beside the messages."""
    if found.variables:
        said = [
            f"Input variables {word}: {escaped(', '.join(names))}"
            for word, names in (("new", found.variables.added), ("gone", found.variables.removed))
            if names
        ]
        st.html(f"<p>{'. '.join(said)}.</p>")
    for tool in found.tools:
        if tool.kind != "same":
            st.html(f"<p>Tool <strong>{escaped(tool.name)}</strong>: {_SAID[tool.kind]}</p>")
            if tool.changes:
                draw_changes(tool.changes)
    if found.settings:
        st.html('<p class="wb-role">Settings</p>')
        draw_changes(found.settings)
