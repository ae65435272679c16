"""What the parser sees, beside the text: problems with their fixes, and the views of variables,
marked text and result."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from workbench.messages import TemplateFormat
from workbench.registry.editing import Editing
from workbench.registry.snippets import SnippetFinder
from workbench.store.registry_usage import newest_inputs
from workbench.store.store import open_store
from workbench.templates import (
    Diagnosis,
    PromptAnalysis,
    PromptFix,
    Refusal,
    analyse_prompt,
    attempt_prompt,
    shared_pool,
    with_format,
)
from workbench.ui import words
from workbench.ui.diff import draw_text_diff
from workbench.ui.hostile import escaped
from workbench.ui.template_values import take_linked
from workbench.ui.template_views import draw_one_view, draw_views

LOGGED_INPUTS = 50
# While somebody types, fixes are proven once the text has stood still for so long.
REST_SECONDS = 0.25
_LOOK_SECONDS = 0.05
_FIXES = "template-fixes"
_SAID = 12


def draw_panel(
    editing: Editing,
    changed: Callable[[], None],
    *,
    values_first: bool = False,
    more: Sequence[str] = (),
    template: tuple[int, str] | None = None,
    linked: bool = False,
) -> Callable[[], None]:
    """Draw all but what the other parser would find and the doctor's fixes: these are drawn into
    their places by the function that comes back. Proving fixes renders the text a hundred times, so
    it is called when all else is drawn.

    values_first: the variables are to be filled in, not only looked at, and one view at a time
    is drawn. more: names of variables that stand elsewhere and are filled in here too. template:
    see `draw_values`. linked: the views and the variable set stand in the link."""
    if linked:
        take_linked(editing)
    resolve = SnippetFinder(open_store().registry_reader)
    analysis = analyse_prompt(editing.prompt, resolve)
    other_parser = st.empty()
    offers = _draw_problems(editing, analysis)
    if values_first:
        draw_one_view(editing, analysis, resolve, changed, more, template)
    else:
        draw_views(editing, analysis, resolve, changed, linked)

    def draw_fixes() -> None:
        with other_parser:
            _draw_other_parser(editing, analysis, resolve)
        if offers is not None:
            place = st.empty()
            with offers:
                for fix in _fixes(editing, analysis, lambda: _rest(place)):
                    _draw_fix(editing, fix, changed)

    return draw_fixes


def _draw_other_parser(editing: Editing, analysis: PromptAnalysis, resolve: SnippetFinder) -> None:
    """How the variables would change under the other parser, before anything is saved."""
    other: TemplateFormat = "jinja2" if editing.format == "f-string" else "f-string"
    there = analyse_prompt(with_format(editing.prompt, other), resolve)
    here_names = {one.name for one in analysis.variables}
    there_names = {one.name for one in there.variables}
    went, came = sorted(here_names - there_names), sorted(there_names - here_names)
    if not went and not came:
        return
    said = [
        f"{words.plural(len(went), 'variable')} fewer ({_named(went)})" if went else "",
        f"{words.plural(len(came), 'more variable')} ({_named(came)})" if came else "",
    ]
    st.html(
        f'<p class="wb-note">{other} would find '
        f"{escaped(', '.join(each for each in said if each))}.</p>"
    )


def _named(names: Sequence[str]) -> str:
    flat = [" ".join(name.split())[:40] or "empty braces" for name in names[:6]]
    return ", ".join(flat) + (", …" if len(names) > len(flat) else "")


def _draw_problems(editing: Editing, analysis: PromptAnalysis) -> Any:
    """What the doctor says; the place for its offers, or None where there is nothing to mend."""
    if not analysis.diagnoses:
        st.caption(
            f":material/check: Read as {editing.format}, nothing to remark: "
            f"{words.plural(len(analysis.input_variables), 'input variable')}."
        )
        return None
    with st.container(border=True, key="doctor"):
        rows = [_reason(one) for one in analysis.diagnoses[:_SAID]]
        more = len(analysis.diagnoses) - len(rows)
        if more > 0:
            rows.append(f"<li>… and {words.plural(more, 'more remark')}</li>")
        summary = analysis.summary
        head = f'<p class="wb-doctor">{escaped(summary)}</p>' if summary else ""
        st.html(f'{head}<ul class="wb-reasons">{"".join(rows)}</ul>')
        return st.container()


def _reason(one: Diagnosis) -> str:
    place = "" if one.message is None else f"Message {one.message + 1} · "
    advice = f" {escaped(one.advice)}" if one.advice else ""
    return f'<li class="wb-{one.severity}-line">{place}{escaped(one.reason)}{advice}</li>'


def _digest(prompt: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(prompt)).hexdigest()


def _fixes(
    editing: Editing, analysis: PromptAnalysis, rest: Callable[[], None]
) -> list[PromptFix | Refusal]:
    """Both fixes, proven; made once for a text, since proving renders it a hundred times.
    rest: called before another text is proven."""
    digest = _digest(editing.prompt)
    kept: tuple[str, list[PromptFix | Refusal]] | None = st.session_state.get(_FIXES)
    if kept is not None:
        if kept[0] == digest:
            return kept[1]
        rest()
    logged: list[dict[str, Any]] = []
    if editing.template_id is not None:
        found = newest_inputs(
            open_store().connection, editing.template_id, editing.name, LOGGED_INPUTS
        )
        logged = [one.values for one in found if isinstance(one.values, dict)]
    fixes: list[PromptFix | Refusal] = []
    if any(one.escapes for one in analysis.diagnoses):
        fixes.append(attempt_prompt("escape", editing.prompt, logged, pool=shared_pool()))
    if fixes or analysis.broken:
        fixes.append(attempt_prompt("convert", editing.prompt, logged, pool=shared_pool()))
    st.session_state[_FIXES] = (digest, fixes)
    return fixes


def _rest(place: DeltaGenerator) -> None:
    """Wait a moment in which the browser draws and the next edit ends this run: a run gives way
    only where it draws something."""
    until = time.monotonic() + REST_SECONDS
    while time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
        place.empty()


def _draw_fix(editing: Editing, fix: PromptFix | Refusal, changed: Callable[[], None]) -> None:
    if isinstance(fix, Refusal):
        what = "Escaping" if fix.kind == "escape" else "Converting"
        st.html(f'<p class="wb-note">{what} is not offered: {escaped(fix.reason)}</p>')
        return

    drawn = _digest(editing.prompt)

    def take() -> None:
        # A click can come before what was typed last has its own fix.
        made: PromptFix | Refusal = fix
        if _digest(editing.prompt) != drawn:
            made = attempt_prompt(fix.kind, editing.prompt, [], pool=shared_pool())
        if isinstance(made, PromptFix):
            editing.put(made.prompt)
            changed()

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            fix.title,
            icon=":material/auto_fix_high:",
            key=f"fix-{fix.kind}-{editing.mark}",
            on_click=take,
        )
        with st.popover("Preview", type="tertiary", key=f"preview-{fix.kind}"):
            for _part, each in fix.parts:
                draw_text_diff(each.before, each.text, layout="together")
        st.html(f'<p class="wb-note">{escaped(fix.proof)}</p>')
