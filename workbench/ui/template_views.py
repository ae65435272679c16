"""The views of a template beside its text: variables with their places, the text marked, and the
result for chosen values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from workbench.registry.editing import Editing
from workbench.registry.snippets import SnippetFinder
from workbench.templates import OnMissing, PromptAnalysis, Variable, render_prompt, shared_pool
from workbench.ui import state
from workbench.ui.conversation import Look, draw_conversation
from workbench.ui.hostile import escaped
from workbench.ui.kept_open import kept_open
from workbench.ui.marked_text import marked_html, marks_of
from workbench.ui.template_values import draw_values, read_values

VALUES = "Values"
VARIABLES, MARKED, RENDERED = "Variables", "Marked text", "Rendered"
VIEWS = (VARIABLES, MARKED, RENDERED)
MISSING: dict[str, OnMissing] = {"empty": "empty", "left as written": "leave", "refused": "refuse"}


def draw_one_view(
    editing: Editing,
    analysis: PromptAnalysis,
    resolve: SnippetFinder,
    changed: Callable[[], None],
    more: Sequence[str],
    template: tuple[int, str] | None,
) -> None:
    view = st.segmented_control(
        "View",
        (VALUES, *VIEWS),
        default=VALUES,
        required=True,
        key=f"panel-{editing.subject}",
        label_visibility="collapsed",
    )
    if view == VALUES:
        draw_values(editing, analysis, changed, more, template)
        if not analysis.variables and not more:
            st.caption("Variables that stand in the messages are filled in here.")
    elif view == MARKED:
        _draw_marked(analysis)
    elif view == RENDERED:
        draw_values(editing, analysis, changed)
        _draw_rendered(editing, analysis, resolve)
    else:
        st.html(variables_html(analysis.variables))


def draw_views(
    editing: Editing,
    analysis: PromptAnalysis,
    resolve: SnippetFinder,
    changed: Callable[[], None],
    linked: bool,
) -> None:
    """All that is chosen at once: the variables, and below them the marked text beside the
    result."""
    shown = _choose_views(editing, linked)
    if VARIABLES in shown:
        st.html(variables_html(analysis.variables))
    if RENDERED in shown:
        names = [one.name for one in analysis.variables if not one.suspicious]
        given = sum(bool(editing.values.get(name)) for name in names)
        if names:
            title = f"{VALUES}: {given} of {len(names)} given"
            with kept_open(title, f"values-open-{editing.subject}", ":material/input:"):
                draw_values(editing, analysis, changed, linked=linked)
    both = MARKED in shown and RENDERED in shown
    left, right = st.columns(2, gap="small") if both else (st.container(), st.container())
    if MARKED in shown:
        with left, st.container(key="panel-marked"):
            _draw_marked(analysis)
    if RENDERED in shown:
        with right, st.container(key="panel-rendered"):
            _draw_rendered(editing, analysis, resolve)


def _choose_views(editing: Editing, linked: bool) -> list[str]:
    widget = f"panel-{editing.subject}"
    words = st.query_params.get(state.PANEL, "").split(",") if linked else []
    asked = [view for view in VIEWS if _word(view) in words]

    def remember() -> None:
        chosen = st.session_state[widget]
        if len(chosen) == len(VIEWS):
            st.query_params.pop(state.PANEL, None)
        else:
            st.query_params[state.PANEL] = ",".join(map(_word, chosen)) or "none"

    return st.segmented_control(
        "Shown",
        VIEWS,
        selection_mode="multi",
        default=asked if asked or "none" in words else list(VIEWS),
        key=widget,
        on_change=remember if linked else None,
        label_visibility="collapsed",
    )


def _word(view: str) -> str:
    """How a view is called in a link."""
    return view.lower().replace(" ", "-")


def variables_html(variables: Sequence[Variable]) -> str:
    """The detected variables as a table: name, whether it is needed, its use, its places."""
    if not variables:
        return '<p class="wb-note">No input variables.</p>'
    rows = "".join(_row(one) for one in variables)
    return (
        '<table class="wb-variables"><thead><tr><th>Variable</th><th>Needed</th><th>Use</th>'
        f"<th>Where</th></tr></thead><tbody>{rows}</tbody></table>"
    )


_KINDS = {"messages": "list of messages", "media": "images", "tools": "list of tools"}


def _row(one: Variable) -> str:
    use = [_KINDS[one.kind]] if one.kind in _KINDS else []
    if not one.suspicious:
        use += [*one.hints, *(f".{path}" for path in one.attributes)]
    places = [_place(place) for place in one.occurrences[:6]]
    if len(one.occurrences) > len(places):
        places.append(f"and {len(one.occurrences) - len(places)} more")
    kind = "wb-var wb-doubt" if one.suspicious else "wb-var"
    needed = "in doubt" if one.suspicious else "required" if one.required else "optional"
    return (
        f'<tr><td><span class="{kind}">{escaped(one.name or "(no name)")}</span></td>'
        f"<td>{needed}</td><td>{escaped(', '.join(use))}</td>"
        f"<td>{escaped('; '.join(places))}</td></tr>"
    )


def _place(place: Any) -> str:
    message = "" if place.message is None else f"message {place.message + 1}, "
    snippet = f" (snippet {place.snippet})" if place.snippet else ""
    return f"{message}line {place.line}, column {place.column}{snippet}"


def _draw_marked(analysis: PromptAnalysis) -> None:
    for part, _ in analysis.texts:
        if part.message is not None:
            st.html(f'<p class="wb-role">Message {part.message + 1}</p>')
        st.html(marked_html(part.text, marks_of(analysis, part.message, part.part)))


def _draw_rendered(
    editing: Editing,
    analysis: PromptAnalysis,
    resolve: SnippetFinder,
) -> None:
    policy = st.segmented_control(
        "Missing variables are",
        list(MISSING),
        default="empty",
        required=True,
        key=f"missing-{editing.subject}",
    )
    done = render_prompt(
        editing.prompt,
        read_values(editing, analysis),
        on_missing=MISSING[policy or "empty"],
        resolve=resolve,
        pool=shared_pool(),
    )
    for problem in done.problems:
        st.error(escaped(str(problem)), icon=":material/error:")
    if done.missing:
        st.caption(f"Missing: {escaped(', '.join(done.missing))}")
    draw_conversation(done.prompt, [], f"rendered-{editing.subject}", Look())
