"""Evaluations: the list, a new one, a grid with its cells, runs and score, ratings."""

import streamlit as st

from workbench.ui import state
from workbench.ui.evaluation_list import draw_list
from workbench.ui.evaluation_page import draw_evaluation
from workbench.ui.evaluation_start import draw_start

said = st.session_state.pop(state.SAID, None)
if said:
    st.toast(said, icon=":material/check:")
if state.NEW_EVALUATION in st.query_params:
    draw_start(st.query_params[state.NEW_EVALUATION])
elif state.EVALUATION in st.query_params:
    draw_evaluation()
else:
    draw_list()
