"""Prompts: the registry's list, and one template with its editor. Everything is in the link."""

import streamlit as st

from workbench.ui import state
from workbench.ui.template_list import draw_list
from workbench.ui.template_page import draw_template

said = st.session_state.pop(state.SAID, None)
if said:
    st.toast(said, icon=":material/check:")
if state.TEMPLATE in st.query_params:
    draw_template(st.query_params[state.TEMPLATE])
else:
    draw_list()
