"""The tools that a model is offered: a form for each, the JSON of all beside it, and which of them
the model is to use."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from workbench.jsontext import FieldError
from workbench.registry import schemas, tool_form
from workbench.registry.editing import Editing
from workbench.registry.tool_form import BUILT_IN, FUNCTION, MCP, VARIABLE
from workbench.ui.hostile import escaped
from workbench.ui.json_box import draw_json_box
from workbench.ui.kept_open import kept_open
from workbench.ui.tool_parameters import draw_parameters

Changed = Callable[[], None]
_KINDS = {
    FUNCTION: "Function",
    MCP: "MCP server",
    VARIABLE: "Variable with a list of tools",
    **{kind: f"Built in: {kind.replace('_', ' ')}" for kind in BUILT_IN},
}
_FORM, _JSON = "Form", "JSON"


def draw_tools(editing: Editing, changed: Changed, more: Callable[[], None] | None = None) -> None:
    """more: draws what else belongs to them."""
    if not editing.is_chat:
        return
    tools = editing.prompt.get("tools") or []
    title = f"Tools ({len(tools)})" if tools else "Tools"
    with kept_open(title, f"tools-open-{editing.subject}", ":material/build:"):
        draw_tool_list(editing, changed)
        if more is not None:
            more()


def draw_tool_list(editing: Editing, changed: Changed) -> None:
    key = f"{editing.subject}-{editing.mark}"
    tools: list[Any] = editing.prompt.get("tools") or []
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _draw_add(editing, tools, key, changed)
        st.space("stretch")
        view = st.segmented_control(
            "Tools as",
            (_FORM, _JSON),
            default=_FORM,
            required=True,
            key=f"tools-as-{editing.subject}",
            label_visibility="collapsed",
        )
    if view == _JSON:
        draw_json_box(
            "Tools as JSON",
            tools or None,
            f"tools-{key}",
            lambda value: replace(editing, value),
            changed,
            kind=list,
            height=320,
            check=check_tools,
        )
    else:
        for index, tool in enumerate(tools):
            if isinstance(tool, dict):
                _draw_tool(editing, tools, index, key, changed)
    older = editing.prompt.get("functions") or []
    if older:
        names = ", ".join(str(one.get("name") or "") for one in older if isinstance(one, dict))
        st.caption(f"Functions in the older form, kept as they are: {escaped(names)}.")
    if tools or editing.prompt.get("tool_choice") is not None:
        _draw_choice(editing, tools, key, changed)


def check_tools(value: Any) -> None:
    """Raises FieldError for a tool that could not be saved."""
    for number, tool in enumerate(value):
        if not isinstance(tool, dict):
            raise FieldError(f"tools[{number}]", "an object is needed")
    try:
        schemas.check_tools({"tools": value}, "prompt")
    except FieldError as error:
        raise FieldError(error.field.removeprefix("prompt."), error.reason) from None


def replace(editing: Editing, tools: list[Any] | None) -> None:
    """Other tools in the place of these: the fields take them over."""
    if tools:
        editing.prompt["tools"] = tools
    else:
        editing.prompt.pop("tools", None)
    editing.revision += 1
    editing.is_changed = True


def _draw_add(editing: Editing, tools: list[Any], key: str, changed: Changed) -> None:
    def add() -> None:
        kind = st.session_state[f"add-tool-{key}"]
        if kind in _KINDS:
            taken = [tool_form.name_of(one) for one in tools if isinstance(one, dict)]
            made = tool_form.new(kind, taken, editing.model.get("provider"))
            replace(editing, [*tools, made])
            changed()

    st.selectbox(
        "Add tool",
        list(_KINDS),
        index=None,
        key=f"add-tool-{key}",
        format_func=_KINDS.__getitem__,
        placeholder="Add a tool…",
        label_visibility="collapsed",
        on_change=add,
        width=230,
    )


def _draw_tool(editing: Editing, tools: list[Any], index: int, key: str, changed: Changed) -> None:
    tool = tools[index]
    kind = tool_form.kind_of(tool)
    widget = f"{index}-{key}"

    def take(change: Callable[[], list[Any]]) -> Callable[[], None]:
        def run() -> None:
            replace(editing, change())
            changed()

        return run

    taken = [tool_form.name_of(one) for one in tools if isinstance(one, dict)]
    others = [*tools[:index], *tools[index + 1 :]]
    with st.container(border=True, key=f"tool-{widget}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.html(
                f'<p class="wb-turn"><strong>{escaped(tool_form.name_of(tool))}</strong> '
                f'<span class="wb-note">{escaped(_KINDS.get(kind, kind))}</span></p>',
                width="stretch",
            )
            st.button(
                "",
                icon=":material/content_copy:",
                help="Duplicate tool",
                key=f"copy-tool-{widget}",
                type="tertiary",
                on_click=take(
                    lambda: [
                        *tools[: index + 1],
                        tool_form.copy_of(tool, taken),
                        *tools[index + 1 :],
                    ]
                ),
            )
            st.button(
                "",
                icon=":material/delete:",
                help="Remove tool",
                key=f"remove-tool-{widget}",
                type="tertiary",
                on_click=take(lambda: others),
            )
        if kind == FUNCTION and isinstance(tool.get("function"), dict):
            _draw_function(editing, tool["function"], widget, changed)
        elif kind == VARIABLE:
            _draw_text(editing, tool, "name", "Variable with a list of tools", widget, changed)
        else:
            _draw_other(editing, tool, kind, widget, changed)
        if taken.count(tool_form.name_of(tool)) > 1:
            st.warning("Another tool has the same name.", icon=":material/error:")


def _draw_function(
    editing: Editing, function: dict[str, Any], widget: str, changed: Changed
) -> None:
    _draw_text(editing, function, "name", "Name", widget, changed)
    _draw_text(editing, function, "description", "Description", widget, changed, needed=False)
    draw_parameters(editing, function, widget, changed)


def _draw_other(
    editing: Editing, tool: dict[str, Any], kind: str, widget: str, changed: Changed
) -> None:
    """A tool that a vendor or a server runs: whose it is, and its settings."""
    config = tool.get("config")
    if kind == MCP and isinstance(config, dict):
        _draw_text(editing, config, "server_label", "Server label", widget, changed)
        _draw_text(editing, config, "server_url", "Server URL", widget, changed)
    _draw_text(editing, tool, "name", "Name", widget, changed)
    _draw_text(editing, tool, "provider", "Provider", widget, changed, needed=False)

    def put(value: Any) -> None:
        tool["config"] = value or {}
        editing.is_changed = True

    draw_json_box(
        "Settings that are sent to the provider",
        config,
        f"config-{widget}",
        put,
        changed,
        kind=dict,
        height=100,
    )


def _draw_text(
    editing: Editing,
    owner: dict[str, Any],
    field: str,
    label: str,
    widget: str,
    changed: Changed,
    *,
    needed: bool = True,
) -> None:
    key = f"{field}-{widget}"
    wrong = f"{key}-wrong"

    def edited() -> None:
        given = st.session_state[key].strip()
        if needed and not given:
            st.session_state[wrong] = f"{label}: something has to stand here. Nothing was changed."
            return
        st.session_state.pop(wrong, None)
        owner[field] = given
        editing.is_changed = True
        changed()

    st.text_input(label, str(owner.get(field) or ""), key=key, on_change=edited)
    if wrong in st.session_state:
        st.error(st.session_state[wrong], icon=":material/error:")


def _draw_choice(editing: Editing, tools: list[Any], key: str, changed: Changed) -> None:
    """What of the tools the model is to use; what stands there and is no choice of ours stays."""
    options = tool_form.choices(tools)
    now = editing.prompt.get("tool_choice")
    said = next((word for word, value in options.items() if value == now), None)
    if said is None:
        said = f"as written: {json.dumps(now, ensure_ascii=False)}"
        options[said] = now

    def choose() -> None:
        value = options.get(st.session_state[f"choice-{key}"])
        if value is None:
            editing.prompt.pop("tool_choice", None)
        else:
            editing.prompt["tool_choice"] = value
        editing.is_changed = True
        changed()

    st.selectbox(
        "Tool choice",
        list(options),
        index=list(options).index(said),
        key=f"choice-{key}",
        on_change=choose,
        help="auto: the model decides; required: it has to call one; none: it calls none",
    )
    if isinstance(now, dict) and said.startswith("as written"):
        st.warning("The tool that is chosen is not among the tools.", icon=":material/error:")
