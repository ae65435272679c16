"""The workbench: `streamlit run Home.py` serves the pages and the API on one port.

No state lives here: this file runs again on every rerun of every page.
"""

import streamlit as st

from workbench.api.middleware import middleware
from workbench.api.routes import routes
from workbench.ui.assets import assets
from workbench.ui.serving import lifespan, on_script_error

app = st.App(
    __file__,
    lifespan=lifespan,
    routes=routes(),
    middleware=[*middleware(), *assets()],
    on_script_error=on_script_error,
)

if __name__ == "__main__":
    from workbench.ui.shell import draw

    draw()
