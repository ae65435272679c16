"""What the parser sees, beside the text: problems with their fixes, variables with their places,
the text marked, and the result for chosen values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import streamlit as st

from workbench.messages import TemplateFormat
from workbench.registry.editing import Editing
from workbench.registry.snippets import SnippetFinder
from workbench.store.registry_usage import newest_inputs
from workbench.store.store import open_store
from workbench.templates import (
    Diagnosis,
    OnMissing,
    PromptAnalysis,
    PromptFix,
    Refusal,
    Variable,
    analyse_prompt,
    attempt_prompt,
    render_prompt,
    shared_pool,
    with_format,
)
from workbench.ui import words
from workbench.ui.conversation import Look, draw_conversation
from workbench.ui.diff import draw_text_diff
from workbench.ui.hostile import escaped
from workbench.ui.marked_text import marked_html, marks_of
from workbench.ui.template_values import draw_values, read_values

LOGGED_INPUTS = 50
VALUES = "Values"
VIEWS = ("Variables", "Marked text", "Rendered")
MISSING: dict[str, OnMissing] = {"empty": "empty", "left as written": "leave", "refused": "refuse"}
_FIXES = "template-fixes"
_SAID = 12


def draw_panel(
    editing: Editing,
    changed: Callable[[], None],
    *,
    values_first: bool = False,
    more: Sequence[str] = (),
    template: tuple[int, str] | None = None,
) -> None:
    """values_first: the variables are to be filled in, not only looked at. more: names of
    variables that stand elsewhere and are filled in here too. template: see `draw_values`."""
    resolve = SnippetFinder(open_store().registry_reader)
    analysis = analyse_prompt(editing.prompt, resolve)
    _draw_other_parser(editing, analysis, resolve)
    offers = _draw_problems(editing, analysis)
    view = st.segmented_control(
        "View",
        (VALUES, *VIEWS) if values_first else VIEWS,
        default=VALUES if values_first else VIEWS[0],
        required=True,
        key=f"panel-{editing.subject}",
        label_visibility="collapsed",
    )
    if view == VALUES:
        draw_values(editing, analysis, changed, more, template)
        if not analysis.variables and not more:
            st.caption("Variables that stand in the messages are filled in here.")
    elif view == "Marked text":
        _draw_marked(analysis)
    elif view == "Rendered":
        _draw_rendered(editing, analysis, resolve, changed)
    else:
        st.html(variables_html(analysis.variables))
    # Last: proving a fix renders the text a hundred times, and what was typed is answered before.
    if offers is not None:
        with offers:
            for fix in _fixes(editing, analysis):
                _draw_fix(editing, fix, changed)


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
        f"without {words.plural(len(went), 'variable')} ({_named(went)})" if went else "",
        f"with {words.plural(len(came), 'more variable')} ({_named(came)})" if came else "",
    ]
    st.html(
        f'<p class="wb-note">Read as {other}: '
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


def _fixes(editing: Editing, analysis: PromptAnalysis) -> list[PromptFix | Refusal]:
    """Both fixes, proven; made once for a text, since proving renders it a hundred times."""
    digest = hashlib.sha256(orjson.dumps(editing.prompt)).hexdigest()
    kept: tuple[str, list[PromptFix | Refusal]] | None = st.session_state.get(_FIXES)
    if kept is not None and kept[0] == digest:
        return kept[1]
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


def _draw_fix(editing: Editing, fix: PromptFix | Refusal, changed: Callable[[], None]) -> None:
    if isinstance(fix, Refusal):
        what = "Escaping" if fix.kind == "escape" else "Converting"
        st.html(f'<p class="wb-note">{what} is not offered: {escaped(fix.reason)}</p>')
        return

    def take() -> None:
        editing.put(fix.prompt)
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
    changed: Callable[[], None],
) -> None:
    draw_values(editing, analysis, changed)
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
