"""Saved views on the Logs page: a menu to open, save, share, rename, overwrite and remove them.

A link names a view by its number (`?saved=3`). When it is opened the view's filter, sort and
columns are put into the link, where they may then be changed; an empty `f` says that there is to
be no filter, so that nothing is put there again.
"""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from workbench.filters import Filter, to_text
from workbench.store import saved_views
from workbench.store.errors import Refused
from workbench.store.saved_views import SavedView, Shown
from workbench.store.store import open_store
from workbench.store.writer import Change
from workbench.ui import columns, state, words
from workbench.ui.access import actor
from workbench.ui.chips import label_of

_MESSAGE = "saved-view-message"
_NAME = "saved-view-name"


def open_from_link() -> None:
    """Put the view that the link names into it; with no parameters at all, the default view."""
    params = st.query_params
    if not params.to_dict():
        view = saved_views.default(open_store().connection)
        if view is not None:
            _put(view)
        return
    if state.SAVED not in params or state.FILTER in params:
        return
    number = params[state.SAVED]
    found = _named(number)
    if found is None:
        st.warning(
            f"There is no saved view {label_of(number)}: it was removed, or the link is damaged.",
            icon=":material/bookmark_remove:",
        )
        params[state.FILTER] = ""
    elif found.shown is None:
        st.warning(
            f"The view {label_of(found.name)} cannot be read here: a newer version saved it.",
            icon=":material/bookmark_remove:",
        )
        params[state.FILTER] = ""
    else:
        _put(found)


def _named(number: str) -> SavedView | None:
    if not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return None
    return saved_views.get(open_store().connection, int(number))


def _put(view: SavedView) -> None:
    if view.shown is None:
        return
    params = st.query_params
    params[state.SAVED] = str(view.id)
    params[state.FILTER] = to_text(view.shown.filter)
    for name, value in ((state.SORT, view.shown.sort), (state.COLUMNS, view.shown.columns)):
        if value:
            params[name] = value


def active_view() -> SavedView | None:
    """The view that the link names, changed or not."""
    number = st.query_params.get(state.SAVED)
    return None if number is None else _named(number)


def must_say_empty() -> bool:
    """Whether a link without a filter would open a view: then it has to say that it has none."""
    return (
        state.SAVED in st.query_params or saved_views.default(open_store().connection) is not None
    )


def shown_now(filter_: Filter) -> Shown:
    """What a view of this moment keeps. Columns are named even where they are this person's usual
    ones, so that others see the same."""
    sort = st.query_params.get(state.SORT, "")
    return Shown(filter_, sort, columns.as_text(columns.chosen()))


def is_changed(view: SavedView, now: Shown) -> bool:
    """Whether something else is shown than the view has; one without columns leaves them open."""
    shown = view.shown
    if shown is None:
        return True
    same_columns = shown.columns in ("", now.columns)
    return (shown.filter, shown.sort) != (now.filter, now.sort) or not same_columns


def draw_views(filter_: Filter, now: datetime) -> None:
    """The menu of views; its label names the open one and says whether it was changed."""
    view = active_view()
    label = "Views"
    if view is not None:
        changed = is_changed(view, shown_now(filter_))
        label = f"{label_of(view.name)}{' (changed)' if changed else ''}"
    with st.popover(
        label, icon=":material/bookmark:", key="saved-views", on_change="rerun"
    ) as menu:
        if menu.open:
            _draw_menu(view, filter_, now)
    _draw_undo()


def _draw_menu(view: SavedView | None, filter_: Filter, now: datetime) -> None:
    connection = open_store().connection
    views = saved_views.listed(connection)
    chosen = saved_views.default(connection)
    if message := st.session_state.pop(_MESSAGE, None):
        st.warning(message, icon=":material/error:")
    if not views:
        st.caption("No view is saved yet. A view keeps filter, sort and columns under a name.")
    for each in views:
        _draw_entry(each, each.id == (view.id if view else None), chosen, now)
    if view is not None:
        _draw_rule()
        _draw_current(view, filter_, is_default=chosen is not None and chosen.id == view.id)
    _draw_rule()
    _draw_save(filter_)


def _draw_rule() -> None:
    st.html('<hr class="wb-rule">')


def _draw_entry(view: SavedView, is_open: bool, chosen: SavedView | None, now: datetime) -> None:
    notes = [_person(view.author), words.ago(view.changed_at, now)]
    if chosen is not None and chosen.id == view.id:
        notes.insert(0, "opens by itself")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            label_of(view.name),
            key=f"view-{view.id}",
            type="secondary" if is_open else "tertiary",
            icon=":material/bookmark:" if is_open else ":material/bookmark_border:",
            disabled=view.shown is None,
            on_click=_open,
            args=(view,),
        )
        st.caption(label_of(" · ".join(notes)), text_alignment="right")


def _open(view: SavedView) -> None:
    st.query_params.clear()
    st.session_state.pop(state.AS_OF, None)
    st.session_state.pop(state.FILTER_DRAFT, None)
    _put(view)


def _draw_save(filter_: Filter) -> None:
    with st.form("save-view", border=False, clear_on_submit=True):
        name = st.text_input(
            "Save what is shown as",
            key=_NAME,
            max_chars=saved_views.MAX_NAME,
            placeholder="Name of the view",
        )
        is_default = st.checkbox("Open the Logs page with it")
        if st.form_submit_button("Save view", icon=":material/bookmark_add:"):
            _save(name, shown_now(filter_), is_default)


def _save(name: str, shown: Shown, is_default: bool) -> None:
    store, who = open_store(), actor()
    id_: int | None = None
    try:
        id_ = store.change(lambda c: store.saved_views.add(c, who, name, shown)).result()
        if is_default:
            store.change(lambda c: store.saved_views.set_default(c, who, id_)).result()
    except Refused as error:
        st.session_state[_MESSAGE] = str(error)
    if id_ is not None:
        st.query_params[state.SAVED] = str(id_)
        st.query_params.setdefault(state.FILTER, "")
    st.rerun()


def _draw_current(view: SavedView, filter_: Filter, *, is_default: bool) -> None:
    """What can be done with the open view."""
    store, who = open_store(), actor()
    changes = store.saved_views
    st.caption(f"The link of {label_of(view.name)}, for everybody who reaches this workbench:")
    st.code(_link(view), language=None, wrap_lines=True)
    now_shown = shown_now(filter_)
    with st.container(horizontal=True, gap="small"):
        if is_changed(view, now_shown) and st.button(
            "Overwrite", icon=":material/save:", help="Keep what is shown now under this name"
        ):
            _change(lambda c: changes.overwrite(c, who, view.id, now_shown))
        if st.button("Stop opening with it" if is_default else "Open the page with it"):
            _change(lambda c: changes.set_default(c, who, None if is_default else view.id))
        if st.button("Remove", icon=":material/delete:", key="remove-view"):
            st.session_state[state.REMOVED_VIEW] = (view.id, view.name)
            st.query_params.pop(state.SAVED, None)
            _change(lambda c: changes.remove(c, who, view.id))
    with (
        st.form("rename-view", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("Name", view.name, max_chars=saved_views.MAX_NAME)
        if st.form_submit_button("Rename"):
            _change(lambda c: changes.rename(c, who, view.id, name))


def _change(change: Change[object]) -> None:
    try:
        open_store().change(change).result()
    except Refused as error:
        st.session_state[_MESSAGE] = str(error)
        st.session_state.pop(state.REMOVED_VIEW, None)
    st.rerun()


def _draw_undo() -> None:
    removed = st.session_state.get(state.REMOVED_VIEW)
    if removed is None:
        return
    number, name = removed
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.caption(f"Removed {label_of(name)}")
        st.button("Undo", key="restore-view", type="tertiary", on_click=_restore, args=(number,))


def _restore(number: int) -> None:
    store, who = open_store(), actor()
    st.session_state.pop(state.REMOVED_VIEW, None)
    try:
        store.change(lambda c: store.saved_views.restore(c, who, number)).result()
    except Refused as error:
        st.session_state[_MESSAGE] = str(error)
    else:
        st.query_params[state.SAVED] = str(number)
        st.query_params.setdefault(state.FILTER, "")


def _link(view: SavedView) -> str:
    address = (st.context.url or "").split("?", 1)[0].rstrip("/")
    return f"{address or '/logs'}?{state.SAVED}={view.id}"


def _person(who: str) -> str:
    return who.removeprefix("user:")
