"""What one does with a column: name, place, messages and variables of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from workbench.playground import running
from workbench.playground.session import Column, Session, TemplateChoice
from workbench.providers.host import open_host
from workbench.registry import finding, labels, listing, templates
from workbench.registry.editing import Editing
from workbench.registry.listing import Query
from workbench.registry.snippets import SnippetFinder
from workbench.store.errors import NotFound, Refused
from workbench.store.store import open_store
from workbench.templates import analyse_prompt
from workbench.ui import state
from workbench.ui.hostile import escaped
from workbench.ui.playground_save import TEMPLATES_PAGE, ask_open_editor
from workbench.ui.playground_state import epoch, keep, say
from workbench.ui.template_cards import draw_cards
from workbench.ui.template_settings import draw_tools
from workbench.ui.toggles import draw_toggle

SHARED, OWN, TEMPLATE = "Shared messages", "Messages of its own", "A prompt template"
NEWEST = "newest"
#: Session state: the column that was removed last, with its session and its place.
REMOVED = "playground-removed-column"
_TEMPLATES = 200


def draw_column_menu(session: Session, column: Column) -> None:
    popover = st.popover(
        "",
        icon=":material/more_vert:",
        type="tertiary",
        key=f"menu-{column.id}",
        help="Name, place, messages and variables of this column",
        on_change="rerun",
    )
    if popover.open:
        with popover:
            _draw_inside(session, column)


def _draw_inside(session: Session, column: Column) -> None:
    key = f"{session.id}-{column.id}-{epoch()}"

    def rename() -> None:
        column.name = " ".join(st.session_state[f"name-{key}"].split())[:40]
        keep(session)

    st.text_input("Name", column.name, key=f"name-{key}", on_change=rename, placeholder="a letter")

    def remove() -> None:
        # Nobody would see what goes on in it.
        running.stop(open_host(), session, [column])
        st.session_state[REMOVED] = (session.id, column, session.columns.index(column))
        session.remove(column)

    _draw_messages(session, column, key)
    _draw_values(session, column, key)
    if column.template is not None:
        st.page_link(
            TEMPLATES_PAGE,
            label="Open in editor",
            icon=":material/edit_note:",
            query_params=_template_params(column.template),
        )
    elif st.button("Open in editor", icon=":material/edit_note:", key=f"editor-{key}"):
        ask_open_editor(session, column)
    with st.container(horizontal=True, gap="xsmall"):
        at, last = session.columns.index(column), len(session.columns) - 1
        for icon, what, change, off in (
            ("arrow_back", "Move left", lambda: session.move(column, -1), at == 0),
            ("arrow_forward", "Move right", lambda: session.move(column, 1), at == last),
            ("content_copy", "Duplicate", lambda: session.duplicate(column), False),
            ("delete", "Remove column; it can be undone", remove, last == 0),
        ):
            st.button(
                "",
                icon=f":material/{icon}:",
                key=f"{icon}-{key}",
                type="tertiary",
                help=what,
                disabled=off,
                on_click=_changed(session, change),
            )


def _template_params(chosen: TemplateChoice) -> dict[str, str]:
    number = {state.VERSION: str(chosen.version)} if chosen.version is not None else {}
    return {state.TEMPLATE: str(chosen.id), **number}


def _changed(session: Session, change: Callable[[], object]) -> Callable[[], None]:
    def act() -> None:
        try:
            change()
        except Refused as error:
            say(str(error))
        else:
            keep(session)

    return act


def _draw_messages(session: Session, column: Column, key: str) -> None:
    now = TEMPLATE if column.template else OWN if column.own else SHARED

    def choose() -> None:
        chosen = st.session_state[f"from-{key}"]
        if chosen == SHARED:
            column.own = column.template = None
        elif chosen == OWN:
            session.take_own(column)
        else:
            first = _names()
            if not first:
                say("There is no prompt template yet: save one first.")
                return
            id_ = next(iter(first))
            column.own, column.template = None, TemplateChoice(id_, first[id_])
        keep(session)

    options = (SHARED, OWN, TEMPLATE)
    st.selectbox(
        "Messages",
        options,
        index=options.index(now),
        key=f"from-{key}",
        on_change=choose,
    )
    if column.template is not None:
        _draw_template(session, column, column.template, key)
    elif column.own is not None and st.button("Edit its messages…", key=f"edit-{key}"):
        _edit_own(session, column)


def _names() -> dict[int, str]:
    found = listing.search(
        open_store().connection, Query(), now=datetime.now(UTC), limit=_TEMPLATES
    )
    return {one.template.id: one.template.name for one in found.items}


def _draw_template(session: Session, column: Column, chosen: TemplateChoice, key: str) -> None:
    names = {chosen.id: chosen.name, **_names()}

    def take() -> None:
        id_ = st.session_state[f"template-{key}"]
        column.template = TemplateChoice(id_, names[id_])
        keep(session)

    st.selectbox(
        "Prompt template",
        list(names),
        index=list(names).index(chosen.id),
        format_func=names.__getitem__,
        key=f"template-{key}",
        on_change=take,
    )
    connection = open_store().connection
    try:
        numbers = [str(one.number) for one in templates.versions(connection, chosen.id)]
        found = [one.name for one in labels.labels(connection, chosen.id)]
    except NotFound as error:
        st.warning(escaped(str(error)))
        return
    options = [NEWEST, *(f"label {name}" for name in found), *(f"version {one}" for one in numbers)]
    here = NEWEST
    if chosen.label is not None:
        here = f"label {chosen.label}"
    elif chosen.version is not None:
        here = f"version {chosen.version}"

    def pick() -> None:
        picked = st.session_state[f"version-{key}"]
        label = picked.removeprefix("label ") if picked.startswith("label ") else None
        number = int(picked.removeprefix("version ")) if picked.startswith("version ") else None
        column.template = TemplateChoice(chosen.id, names[chosen.id], number, label)
        keep(session)

    options = list(dict.fromkeys((*options, here)))
    st.selectbox(
        "Version", options, index=options.index(here), key=f"version-{key}", on_change=pick
    )


def names_of(session: Session, column: Column) -> list[str]:
    """The variables that stand in the messages of a column."""
    if column.template is not None:
        try:
            _, version = finding.version(
                open_store().connection,
                column.template.id,
                column.template.version,
                column.template.label,
            )
        except NotFound:
            return []
        prompt = version.prompt
    elif column.own is not None:
        if column.own_is_plain:
            return []
        prompt = column.own.prompt
    elif session.is_plain:
        return []
    else:
        prompt = session.shared.prompt
    return names_in(prompt)


def names_in(prompt: dict[str, Any]) -> list[str]:
    """The variables of a prompt and of the snippets in it."""
    resolve = SnippetFinder(open_store().registry_reader)
    found = analyse_prompt(prompt, resolve).variables
    return list(dict.fromkeys(one.name for one in found if not one.suspicious))


def _draw_values(session: Session, column: Column, key: str) -> None:
    names = list(dict.fromkeys((*names_of(session, column), *column.values)))
    if not names:
        return
    with st.expander("Variables of its own", expanded=bool(column.values)):
        st.caption("Empty: the shared value is taken.")
        for name in names:
            widget = f"own-{key}-{name}"

            def edited(name: str = name, widget: str = widget) -> None:
                given = st.session_state[widget]
                if given:
                    column.values[name] = given
                else:
                    column.values.pop(name, None)
                keep(session)

            st.text_area(
                name,
                column.values.get(name, ""),
                key=widget,
                height=68,
                on_change=edited,
                placeholder=session.shared.values.get(name, ""),
            )


@st.dialog("Messages of this column", width="large")
def _edit_own(session: Session, column: Column) -> None:
    own = column.own
    assert own is not None

    def changed() -> None:
        keep(session)

    draw_reading(own.subject, column.own_is_plain, own.format, _reader(session, column))
    draw_cards(own, changed)
    draw_tools(own, changed, lambda: draw_mocks(session, own))
    if st.button("Done", type="primary"):
        st.rerun()


def _reader(session: Session, column: Column) -> Callable[[str], None]:
    def read_as(chosen: str) -> None:
        own = column.own
        assert own is not None
        column.own_is_plain = chosen == PLAIN
        if chosen != PLAIN:
            own.set_format("jinja2" if chosen == "jinja2" else "f-string")
        keep(session)

    return read_as


PLAIN = "plain text"
READINGS = (PLAIN, "f-string", "jinja2")


def draw_reading(subject: str, is_plain: bool, parser: str, read_as: Callable[[str], None]) -> None:
    """The parser toggle, with plain text beside both: what came from a log is sent as it is."""
    draw_toggle(
        "Parser",
        READINGS,
        PLAIN if is_plain else parser,
        f"parser-{subject}-{epoch()}",
        read_as,
        help="Plain text: no variables, braces are braces",
    )


def draw_mocks(session: Session, editing: Editing) -> None:
    """A result for each tool, offered where a model calls it."""
    names = [
        str(tool["function"].get("name") or "")
        for tool in editing.prompt.get("tools") or ()
        if isinstance(tool, dict) and isinstance(tool.get("function"), dict)
    ]
    for name in filter(None, names):
        widget = f"mock-{editing.subject}-{epoch()}-{name}"

        def edited(name: str = name, widget: str = widget) -> None:
            given = st.session_state[widget]
            if given:
                session.mocks[name] = given
            else:
                session.mocks.pop(name, None)
            keep(session)

        st.text_area(
            f"Result of {name} when a model calls it",
            session.mocks.get(name, ""),
            key=widget,
            height=68,
            on_change=edited,
            placeholder="Filled in for you where a model calls it",
        )
