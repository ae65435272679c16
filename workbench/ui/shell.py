"""What every page shares: the frame, the navigation, the login."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from workbench.store.errors import StoreError
from workbench.store.store import open_store
from workbench.ui import hits, keys_help, style
from workbench.ui.access import require_login

# A file of ours: a Material symbol as page icon would be fetched from the network.
ICON = Path(__file__).with_name("icon.png")
PAGES = (
    ("pages/home.py", "Home", ":material/home:", ""),
    ("pages/logs.py", "Logs", ":material/list_alt:", "logs"),
    ("pages/sessions.py", "Sessions", ":material/forum:", "sessions"),
    ("pages/templates.py", "Prompts", ":material/edit_note:", "templates"),
    ("pages/playground.py", "Playground", ":material/science:", "playground"),
    ("pages/datasets.py", "Datasets", ":material/dataset:", "datasets"),
    ("pages/evaluations.py", "Evaluations", ":material/rule:", "evaluations"),
    ("pages/import.py", "Import", ":material/upload_file:", "import"),
    ("pages/export.py", "Export", ":material/download:", "export"),
    ("pages/settings.py", "Settings", ":material/settings:", "settings"),
)
# Reached by links alone.
HIDDEN_PAGES = (
    ("pages/request.py", "Request", ":material/article:", "request"),
    ("pages/compare.py", "Compare", ":material/compare_arrows:", "compare"),
    ("pages/playground_runs.py", "Playground runs", ":material/history:", "playground-runs"),
)


def draw() -> None:
    st.set_page_config(page_title="Workbench", page_icon=ICON, layout="wide", menu_items={})
    style.apply()
    keys_help.apply()
    hits.apply()
    require_login()
    try:
        open_store()
    except StoreError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    pages = [
        st.Page(path, title=title, icon=icon, url_path=url, default=not url)
        for path, title, icon, url in PAGES
    ]
    pages += [
        st.Page(path, title=title, icon=icon, url_path=url, visibility="hidden")
        for path, title, icon, url in HIDDEN_PAGES
    ]
    page = st.navigation(pages, position="top")
    # Tabs of the browser tell pages apart by it; a page may name itself more closely.
    st.set_page_config(page_title=f"{page.title} · Workbench")
    page.run()
