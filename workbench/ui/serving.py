"""The server's life: opening the store, refusing what would be unsafe, closing."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from workbench import garbage
from workbench.evals.waking import sleep, wake
from workbench.export.jobs import jobs_of
from workbench.logs.importing.background import close_jobs
from workbench.settings import SettingsError, settings
from workbench.store.errors import StoreError
from workbench.store.store import close_store, open_store
from workbench.ui.access import has_login
from workbench.ui.first_key import announce

log = logging.getLogger(__name__)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    # With a folder named pages Streamlit would draw a page's file by itself when a link leads
    # straight to it, without the frame and the login that Home.py puts around it.
    PagesManager.uses_pages_directory = False
    try:
        _refuse_open_door()
        store = open_store()
    except (SettingsError, StoreError) as error:
        _stop(str(error))
    announce(store, local_address())
    # Ends what a process before left, and starts what repeats.
    jobs_of(store)
    wake(store)
    garbage.begin()
    try:
        yield {}
    finally:
        close_jobs()
        sleep()
        # Imported here: the providers are no part of the start.
        from workbench.providers.host import close_host

        close_host()
        close_store()


def on_script_error(error: Exception) -> bool:
    """Say what a person can do. The traceback is in the server's log, not on the page."""
    if isinstance(error, StoreError):
        st.error(str(error), icon=":material/error:")
        return True
    place = f"{type(error).__name__}, {datetime.now(UTC):%H:%M:%S} UTC"
    st.error(
        f"This page met an error ({place}). Nothing was lost: reload the page; if it comes back, "
        "the server's log has the details.",
        icon=":material/error:",
    )
    log.error("a page failed", exc_info=error)
    return True


def local_address() -> str:
    """Where this server is reached from this machine, without a trailing slash."""
    if settings().public_url:
        return settings().public_url
    host = st.get_option("server.address") or "127.0.0.1"
    if host in {"0.0.0.0", "::", "127.0.0.1"}:  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://{host}:{st.get_option('server.port')}"


def _refuse_open_door() -> None:
    """Whoever opens the pages sees everything, so they leave this machine only behind a login."""
    address = st.get_option("server.address")
    if address in LOOPBACK or has_login():
        return
    shown = address or "every interface"
    raise SettingsError(
        f"The server would listen on {shown} without a login. Set WORKBENCH_PASSWORD (or [auth] in "
        ".streamlit/secrets.toml), or keep --server.address 127.0.0.1."
    )


def _stop(sentence: str) -> None:
    """End the process with one sentence instead of a traceback: a user can act on it."""
    print(f"workbench: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - the terminal is the place
    os._exit(2)
