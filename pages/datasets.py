"""Datasets: the list, one dataset with its rows and versions, files on their way in."""

import streamlit as st

from workbench.ui import state
from workbench.ui.dataset_import import draw_import
from workbench.ui.dataset_list import draw_list
from workbench.ui.dataset_page import draw_dataset
from workbench.ui.importing_words import plain

said = st.session_state.pop(state.SAID, None)
if said:
    st.toast(plain(said), icon=":material/check:")
if state.IMPORT_FILE in st.query_params:
    draw_import(st.query_params[state.IMPORT_FILE])
elif state.DATASET in st.query_params:
    draw_dataset()
else:
    draw_list()
