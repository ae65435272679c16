"""The viewer's time zone: the workspace's choice, else the browser's."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from workbench.store import preferences
from workbench.store.store import open_store

PREFERENCE = "time_zone"
BROWSER = "browser"


def zone_name() -> str:
    """An IANA name that ZoneInfo knows."""
    chosen = preferences.get(open_store().connection, PREFERENCE, BROWSER)
    name = chosen if chosen != BROWSER else (st.context.timezone or "UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
    return str(name)


def viewer_zone() -> ZoneInfo:
    return ZoneInfo(zone_name())


def local(moment: datetime) -> datetime:
    """The moment in the viewer's zone."""
    return moment.astimezone(viewer_zone())


def exact(moment: datetime) -> str:
    """Date, time to the millisecond and zone."""
    shown = local(moment)
    return f"{shown:%Y-%m-%d %H:%M:%S}.{shown.microsecond // 1000:03d} {shown:%Z}"


def minute(moment: datetime) -> str:
    """Date and time to the minute, as a list shows it: "23 Nov 2026 09:20"."""
    return f"{local(moment):%-d %b %Y %H:%M}"
