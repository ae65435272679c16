"""Settings: API keys, providers, tags, time zone, and what the store holds."""

import streamlit as st

from workbench.ui.settings_keys import draw_keys
from workbench.ui.settings_providers import draw_providers
from workbench.ui.settings_store import draw_store, draw_time_zone
from workbench.ui.settings_tags import draw_tags

keys, providers, tags, store = st.tabs(
    ["API keys", "Providers", "Tags", "Store"], key="tab", on_change="rerun"
)
with keys:
    draw_keys()
with providers:
    draw_providers()
with tags:
    draw_tags()
with store:
    draw_store()
    draw_time_zone()
