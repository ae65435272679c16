"""The playground: models and prompt versions side by side. Everything is in the link's session."""

import streamlit as st

from workbench.ui import state
from workbench.ui.playground_page import draw_playground

said = st.session_state.pop(state.SAID, None)
if said:
    st.toast(said, icon=":material/info:")
draw_playground()
