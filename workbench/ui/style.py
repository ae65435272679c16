"""The little style that Streamlit's theme cannot say. Colours come from the theme's variables."""

from __future__ import annotations

import streamlit as st

_CSS = """
<style>
.stMainBlockContainer { padding: 4.25rem 1.25rem 2rem; }
.wb-text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; margin: 0;
  unicode-bidi: plaintext; text-align: start; }
.wb-role { font-size: .72rem; letter-spacing: .04em; text-transform: uppercase; opacity: .75;
  margin: 0 0 .35rem; }
.wb-note { opacity: .75; font-size: .86rem; margin: 0; }
.wb-mono { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  font-size: .86rem; }
.wb-facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; }
.wb-facts dt { opacity: .75; }
.wb-facts dd { margin: 0; overflow-wrap: anywhere; }
.wb-sum { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.wb-sum td, .wb-sum th { padding: .15rem 1.1rem .15rem 0; text-align: right; font-weight: 400; }
.wb-sum td:first-child, .wb-sum th:first-child { text-align: left; }
.wb-sum th { opacity: .75; }
.wb-sum tr.wb-total td { border-top: 1px solid currentColor; font-weight: 600; }
.wb-head { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
.wb-light { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%;
  background: #9aa1a9; margin-right: .5rem; vertical-align: baseline; }
.wb-light.on { background: #1f9d57; }
.stApp [data-testid="stHtml"] { width: 100%; }
/* On a telephone the open request stands above the list, where the eye is. */
@media (max-width: 640px) { .st-key-list > [data-testid="stHorizontalBlock"],
 .st-key-list > div > [data-testid="stHorizontalBlock"] { flex-direction: column-reverse; }
 .st-key-filter-search { min-width: 100%; }
  .stMainBlockContainer { padding: 4.25rem .6rem 1.5rem; } }
</style>
"""


def apply() -> None:
    st.html(_CSS)
