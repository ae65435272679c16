"""The messages of a template as cards: role, texts, images, order."""

from __future__ import annotations

import base64
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import streamlit as st

from workbench.jsontext import FieldError
from workbench.messages import ROLES
from workbench.registry.editing import Editing
from workbench.ui import state, words
from workbench.ui.hostile import escaped
from workbench.ui.images import draw_image
from workbench.ui.json_box import draw_json_box
from workbench.ui.text_box import draw_text_box

Changed = Callable[[], None]
MAX_IMAGE_MB = 5
_ADDED: dict[str, dict[str, Any]] = {
    "Text": {"type": "text", "text": ""},
    "Image by address": {"type": "image_url", "image_url": {"url": ""}},
    "Image variable": {"type": "media_variable", "name": "image"},
}


def draw_cards(editing: Editing, changed: Changed) -> None:
    """`changed` is called after each change, to keep the draft."""
    for index, message in enumerate(editing.messages):
        with st.container(border=True, key=f"card-{editing.subject}-{editing.keys[index]}"):
            _draw_card(editing, index, message, changed)
    if editing.is_chat:
        with st.container(horizontal=True):
            for role in ("system", "user", "assistant", "tool", "placeholder"):
                st.button(
                    f"Add {role}",
                    icon=":material/add:",
                    key=f"add-{role}-{editing.subject}",
                    type="tertiary",
                    on_click=_then(changed, editing.add, role),
                )


def _then(changed: Changed, change: Callable[..., None], *given: Any) -> Callable[[], None]:
    def run() -> None:
        change(*given)
        changed()

    return run


def _draw_card(editing: Editing, index: int, message: dict[str, Any], changed: Changed) -> None:
    key = f"{editing.subject}-{editing.keys[index]}-{editing.mark}"
    if editing.is_chat:
        _draw_head(editing, index, message, key, changed)
    if message.get("role") == "placeholder":
        _draw_name(
            "Variable with a list of messages",
            message.get("name") or "",
            f"name-{key}",
            lambda name: editing.set_field(index, "name", name),
            changed,
        )
        return
    for part, content in enumerate(message.get("content") or ()):
        _draw_part(editing, index, part, content, key, changed)
    if message.get("tool_calls"):
        draw_json_box(
            "Tool calls",
            message["tool_calls"],
            f"calls-{key}",
            lambda calls: editing.set_field(index, "tool_calls", calls),
            changed,
            kind=list,
            check=check_calls,
        )
    if message.get("role") == "tool":
        _draw_name(
            "Answers the call",
            str(message.get("tool_call_id") or ""),
            f"answers-{key}",
            lambda id_: editing.set_field(index, "tool_call_id", id_),
            changed,
        )


def _draw_head(
    editing: Editing, index: int, message: dict[str, Any], key: str, changed: Changed
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        role = str(message.get("role") or "user")
        roles = [*ROLES, *({role} - set(ROLES))]
        widget = f"role-{key}"

        def choose() -> None:
            editing.set_role(index, st.session_state[widget])
            changed()

        st.selectbox(
            "Role",
            roles,
            index=roles.index(role),
            key=widget,
            label_visibility="collapsed",
            width=150,
            on_change=choose,
        )
        st.space("stretch")
        last = len(editing.messages) - 1
        for icon, what, change, given, off in (
            ("arrow_upward", "Move up", editing.move, (index, -1), index == 0),
            ("arrow_downward", "Move down", editing.move, (index, 1), index == last),
            ("content_copy", "Duplicate", editing.duplicate, (index,), False),
            ("delete", "Remove message", editing.remove, (index,), False),
        ):
            st.button(
                "",
                icon=f":material/{icon}:",
                help=what,
                key=f"{icon}-{key}",
                type="tertiary",
                disabled=off,
                on_click=_then(changed, change, *given),
            )
        with st.popover("", icon=":material/add_photo_alternate:", type="tertiary", help="Add"):
            for title, part in _ADDED.items():
                st.button(
                    title,
                    key=f"part-{title}-{key}",
                    type="tertiary",
                    on_click=_then(changed, editing.add_part, index, deepcopy(part)),
                )
            if message.get("role") == "assistant":
                st.button(
                    "Tool call",
                    key=f"part-call-{key}",
                    type="tertiary",
                    on_click=_then(changed, _add_call, editing, index),
                )
            _draw_upload(editing, index, key, changed)


def _add_call(editing: Editing, index: int) -> None:
    """A call to fill in, with an id that no other call of the conversation has."""
    calls = [one for each in editing.messages for one in each.get("tool_calls") or ()]
    taken = {str(one.get("id")) for one in calls}
    number = next(n for n in range(1, len(taken) + 2) if f"call_{n}" not in taken)
    tools = [each.get("function") or {} for each in editing.prompt.get("tools") or ()]
    name = next((str(each["name"]) for each in tools if each.get("name")), "tool_name")
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": name, "arguments": "{}"},
    }
    there = editing.messages[index].get("tool_calls") or []
    editing.set_field(index, "tool_calls", [*there, call])


def check_calls(value: Any) -> None:
    """Raises FieldError for what is no list of calls as the blueprint has them."""
    for number, call in enumerate(value):
        function = call.get("function") if isinstance(call, dict) else None
        place = f"tool_calls[{number}]"
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise FieldError(f"{place}.function.name", "the name of the tool is needed")
        if not isinstance(function.get("arguments"), str):
            raise FieldError(f"{place}.function.arguments", "a text of JSON is needed")
        if not isinstance(call.get("id"), str):
            raise FieldError(f"{place}.id", "a text is needed, by which a result names its call")


def _draw_upload(editing: Editing, index: int, key: str, changed: Changed) -> None:
    widget = f"upload-{key}"

    def take() -> None:
        given = st.session_state[widget]
        if given is None:
            return
        part = part_of_file(given.name, given.getvalue())
        if part is None:
            st.session_state[state.SAID] = "That file is no PNG, JPEG, GIF or WebP picture, no PDF."
            return
        editing.add_part(index, part)
        changed()

    st.file_uploader(
        "Image or PDF from a file",
        type=["png", "jpg", "jpeg", "gif", "webp", "pdf"],
        key=widget,
        max_upload_size=MAX_IMAGE_MB,
        on_change=take,
    )


def part_of_file(name: str, content: bytes) -> dict[str, Any] | None:
    """The content part that holds a picture or a PDF; None for any other file."""
    if content[:5] == b"%PDF-":
        url = f"data:application/pdf;base64,{base64.b64encode(content).decode()}"
        media = {"title": name[:200], "type": "application/pdf", "url": url}
        return {"type": "media", "media": media}
    address = image_url_of(content)
    return None if address is None else {"type": "image_url", "image_url": {"url": address}}


def image_url_of(content: bytes) -> str | None:
    """The picture as a `data:` URL; None where the bytes are none of the four kinds."""
    kinds = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))
    kind = next((kind for start, kind in kinds if content.startswith(start)), None)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}" if kind else None


def _draw_part(
    editing: Editing, index: int, part: int, content: Any, key: str, changed: Changed
) -> None:
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "text":

        def edited(text: str) -> None:
            editing.set_text(index, part, text)
            changed()

        draw_text_box(
            f"Text of message {index + 1}",
            str(content.get("text") or ""),
            f"text-{editing.subject}-{editing.keys[index]}-{part}",
            edited,
            revision=editing.mark,
            placeholder="Write here. Variables stand in braces.",
        )
        if len(editing.messages[index]["content"]) == 1:
            return
    elif kind == "image_url":
        _draw_address(editing, content, f"{key}-{part}", changed)
    elif kind == "media_variable":

        def rename(name: str) -> None:
            content["name"] = name
            editing.is_changed = True

        _draw_name(
            "Variable with images",
            str(content.get("name") or ""),
            f"media-{key}-{part}",
            rename,
            changed,
        )
    elif kind == "media" and isinstance(content.get("media"), dict):
        media = content["media"]
        url = str(media.get("url") or "")
        length = f", {words.size(len(url) * 3 // 4)}" if url.startswith("data:") else ""
        title = str(media.get("title") or "File")
        st.html(
            f'<p class="wb-note">{escaped(title)} ({escaped(str(media.get("type") or "file"))}'
            f"{length})</p>"
        )
    else:
        st.json(content, expanded=False)
    st.button(
        "Remove part",
        icon=":material/close:",
        key=f"remove-{key}-{part}",
        type="tertiary",
        on_click=_then(changed, editing.remove_part, index, part),
    )


def _draw_address(editing: Editing, content: dict[str, Any], key: str, changed: Changed) -> None:
    image = content.setdefault("image_url", {})
    address = str(image.get("url") or "")
    if address.startswith("data:"):
        draw_image(address, f"drawn-{key}")
        return

    def change(text: str) -> None:
        image["url"] = text
        editing.is_changed = True

    _draw_name("Address of the image", address, f"image-{key}", change, changed)


def _draw_name(
    label: str, value: str, widget: str, change: Callable[[str], None], changed: Changed
) -> None:
    def edited() -> None:
        change(st.session_state[widget].strip())
        changed()

    st.text_input(label, value, key=widget, on_change=edited)
