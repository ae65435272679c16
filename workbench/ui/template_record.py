"""The record of a template: who did what and when, as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.store.audit import Entry
from workbench.ui.hostile import escaped
from workbench.ui.zones import minute

SHOWN = 60
_PLAIN = {
    "template.create": "made the template {name}",
    "template.publish": "saved version {version}",
    "template.rename": "renamed it from {before} to {after}",
    "template.tag": "changed the tags to {after}",
    "template.move": "moved it to another folder",
    "template.delete": "deleted the template",
    "template.restore": "brought the template back",
    "label.remove": "took {label} away from version {before}",
    "label.ask": "asked to change {label} to version {after}",
    "label.approved": "approved {label} at version {after}",
    "label.rejected": "rejected {label} at version {after}",
    "label.withdrawn": "withdrew the question about {label}",
    "label.protect": "protected {label}",
    "label.unprotect": "took the protection from {label}",
    "label.split": "started an A/B release on {label}",
    "label.unsplit": "ended the A/B release on {label}",
    "variable_set.save": "saved the variable set {name}",
    "variable_set.remove": "removed the variable set {name}",
}


def draw_record(history: Sequence[Entry]) -> None:
    st.subheader("Record", anchor=False)
    for entry in history[:SHOWN]:
        st.html(f'<p class="wb-note">{escaped(f"{minute(entry.at)} · {sentence(entry)}")}</p>')


def sentence(entry: Entry) -> str:
    """ "anna moved prod from version 2 to 3"."""
    detail = {key: _said(value) for key, value in entry.detail.items()}
    if entry.action == "label.move":
        before = detail.get("before")
        done = f"moved {detail['label']}" if before else f"put {detail['label']}"
        done += (
            f" from version {before} to {detail['after']}"
            if before
            else (f" on version {detail['after']}")
        )
    else:
        pattern = _PLAIN.get(entry.action, entry.action)
        done = pattern.format_map({**dict.fromkeys(_NAMES, "none"), **detail})
    message = f": {detail['message']}" if detail.get("message") else ""
    return f"{entry.actor} {done}{message}"


_NAMES = ("name", "label", "before", "after", "version")


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"
    return "" if value is None else str(value)
