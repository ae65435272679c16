"""Export: what a filter finds as files, with a preview before and a manifest after."""

from datetime import UTC, datetime

import streamlit as st

from workbench.ui import state
from workbench.ui.export_job import draw_export, opened_export
from workbench.ui.export_page import draw_new
from workbench.ui.importing_words import plain

said = st.session_state.pop(state.SAID, None)
if said:
    st.toast(plain(said))
job = opened_export()
if job is not None:
    draw_export(job)
else:
    draw_new(datetime.now(UTC))
