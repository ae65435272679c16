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
/* Not by opacity: links and badges in a note keep their full colour. */
.wb-note { color: color-mix(in srgb, currentColor 75%, transparent); font-size: .86rem; margin: 0; }
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
/* Streamlit writes white on every primary button; on the dark theme's light blue it is 2.6:1. One
   that is disabled has no blue, and the grey that Streamlit gives it. */
.stApp [data-testid^="stBaseButton-primary"]:not(:disabled),
.stApp [data-testid^="stBaseButton-primary"]:not(:disabled) * { color: light-dark(#fff, #111315); }
.stApp [data-testid="stHtml"] { width: 100%; }
/* Streamlit draws both at .6, which in light is 4.4:1; where a key is all of a button, as text. */
.stApp [data-testid="stCaptionContainer"] { opacity: .72; }
.stApp button kbd { opacity: .75; }
.stApp .st-key-rating-scale button kbd { opacity: 1; margin: 0; }
.st-key-wb-script, .st-key-wb-hits-script { display: none; }
mark.wb-hit { background: color-mix(in srgb, #e3b341 45%, transparent); color: inherit;
  border-radius: 2px; padding: 0 1px; }
mark.wb-now { outline: 2px solid #e08a00; }
/* The same in Markdown, painted over it; such a mark can have no outline. */
::highlight(wb-hit) { background-color: color-mix(in srgb, #e3b341 45%, transparent); }
::highlight(wb-now) { background-color: color-mix(in srgb, #e08a00 45%, transparent);
  text-decoration: underline 2px #e08a00; }
.wb-needs-plain { display: none; }
@supports not selector(::highlight(wb-hit)) { .wb-needs-plain { display: inline; } }
.wb-hits { margin: 0; display: flex; gap: .5rem; align-items: center; font-size: .86rem; }
.wb-hits button { border: 1px solid color-mix(in srgb, currentColor 25%, transparent);
  background: none; color: inherit; border-radius: 4px; padding: 0 .45rem; cursor: pointer; }
.wb-facts kbd { font-family: inherit; }
.wb-diff { display: grid; grid-template-columns: minmax(0, 1fr); }
.wb-diff-side { grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 1.25rem; }
.wb-diff del, .wb-changes del { background: color-mix(in srgb, #d9534f 24%, transparent);
  text-decoration: line-through; text-decoration-thickness: 1px; }
.wb-diff ins, .wb-changes ins { background: color-mix(in srgb, #2e9e63 26%, transparent);
  text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 2px; }
.wb-none { background: color-mix(in srgb, currentColor 5%, transparent); }
.wb-same { grid-column: 1 / -1; }
.wb-same > summary { cursor: pointer; opacity: .75; font-size: .86rem; padding: .15rem 0; }
.wb-pair { border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  border-radius: 6px; padding: .6rem .85rem; margin: 0 0 .6rem; }
.wb-scroll { overflow-x: auto; }
.wb-changes { border-collapse: collapse; width: 100%; min-width: 30rem; table-layout: fixed; }
.wb-changes th { text-align: left; font-weight: 400; opacity: .75; }
.wb-changes .wb-sign { width: 1.6rem; }
.wb-changes .wb-where { width: 22%; }
.wb-changes td, .wb-changes th { padding: .2rem 1rem .2rem 0; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
.wb-changes td { white-space: pre-wrap; overflow-wrap: anywhere; }
.st-key-turns { max-width: 62rem; }
.wb-turn { margin: 0; font-size: .9rem; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.wb-turn strong { margin-right: .4rem; }
.wb-pause, .wb-again { margin: 0; font-size: .86rem; opacity: .75; }
.wb-pause { border-top: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  padding-top: .5rem; text-align: center; }
.wb-rule { border: 0; border-top: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  margin: .1rem 0; }
.wb-marked { margin: 0; overflow-x: auto; line-height: 1.35; }
[class*="st-key-chip-"] button { min-height: 1.9rem; padding: 0 .55rem; }
[class*="st-key-chip-"] [class*="st-key-remove-"] button { border-radius: 1rem; }
[class*="st-key-chip-"]:has([class*="st-key-invert-"]) [class*="st-key-remove-"] button {
  border-radius: 1rem 0 0 1rem; border-right: 0; }
[class*="st-key-chip-"] [class*="st-key-invert-"] button { border-radius: 0 1rem 1rem 0; }
.wb-files { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.wb-files td, .wb-files th { padding: .25rem 1.25rem .25rem 0; text-align: left; font-weight: 400;
  white-space: nowrap; border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
.wb-files td:nth-child(2), .wb-files td:nth-child(3), .wb-files th:nth-child(2),
.wb-files th:nth-child(3) { text-align: right; }
.wb-files th { opacity: .75; }
.wb-files a { color: inherit; text-decoration: underline; text-underline-offset: 2px; }
.wb-sum td.wb-why { text-align: left; opacity: .75; }
.wb-template { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  font-size: .9rem; border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  border-radius: 6px; padding: .6rem .75rem; }
.wb-var { background: color-mix(in srgb, var(--st-primary-color, #2f5bd8) 18%, transparent);
  border-radius: 3px; padding: 0 1px; }
.wb-doubt { background: color-mix(in srgb, #e3b341 30%, transparent); }
.wb-error { text-decoration: underline wavy #d9534f; text-underline-offset: 3px; }
.wb-warning { text-decoration: underline wavy #c98a00; text-underline-offset: 3px; }
.wb-doctor { margin: 0 0 .4rem; font-weight: 600; }
.wb-reasons { margin: 0; padding-left: 1.1rem; font-size: .9rem; overflow-wrap: anywhere; }
.wb-reasons li { margin: .15rem 0; }
.wb-error-line::marker { color: #d9534f; }
.wb-warning-line::marker { color: #c98a00; }
.wb-variables { border-collapse: collapse; width: 100%; font-size: .9rem; }
.wb-variables th { text-align: left; font-weight: 400; opacity: .75; }
.wb-variables td, .wb-variables th { padding: .25rem .9rem .25rem 0; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 12%, transparent);
  overflow-wrap: anywhere; }
.wb-variables td:nth-child(-n+2), .wb-variables th { overflow-wrap: normal; }
.wb-variables td:first-child { min-width: 7rem; overflow-wrap: anywhere; }
.wb-measures { display: flex; flex-wrap: wrap; gap: .15rem 1rem; margin: 0; font-size: .86rem;
  font-variant-numeric: tabular-nums; }
.wb-measures span { white-space: nowrap; }
.wb-measures small { opacity: .75; font-size: inherit; }
[class*="st-key-answer-"] > div:first-child { min-height: 2.2rem; }
.wb-best { border: 1px solid color-mix(in srgb, #1f9d57 60%, transparent); border-radius: 3px;
  padding: 0 .25rem; font-size: .75rem; }
.wb-light.bad { background: #d9534f; }
.wb-light.held { background: #c98a00; }
.wb-light.now { background: var(--st-primary-color, #2f5bd8); }
.wb-stats small { opacity: .75; font-size: .8rem; }
.wb-stats td, .wb-stats th { vertical-align: top; padding-bottom: .3rem; white-space: nowrap; }
.wb-cut { margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.wb-bad { color: light-dark(#c0392f, #e8716d); }
.wb-held { color: light-dark(#8a5a00, #d79a1e); }
.st-key-evaluation-heads { overflow-x: auto; align-items: stretch; padding-bottom: .4rem; }
.st-key-evaluation-heads > * { flex: none; }
[class*="st-key-head-"] { padding: .4rem .6rem; }
[class*="st-key-find-"] button { min-height: 1.5rem; padding: 0; }
[class*="st-key-ready-"] button, [class*="st-key-ready-"] button * {
  justify-content: flex-start; text-align: start; }
.wb-narrow { display: none; }
.wb-override { border-left: 2px solid var(--st-primary-color, #2f5bd8); padding-left: .4rem; }
@media (max-width: 640px) { .wb-narrow { display: inline; } }
/* The table's own tools know one page of the list and would lie over the toolbar above it. */
[class*="st-key-log-table"] [data-testid="stElementToolbar"],
[class*="st-key-dataset-rows"] [data-testid="stElementToolbar"],
[class*="st-key-evaluation-rows"] [data-testid="stElementToolbar"] { display: none; }
.st-key-bulk, .st-key-bulk-outcome { padding: .35rem .6rem; }
.st-key-facets { max-height: 860px; overflow-y: auto; }
/* Values beside the list want room; the list needs it more. */
@media (max-width: 1100px) { .st-key-facets-switch,
  .st-key-with-facets [data-testid="stColumn"]:has(.st-key-facets) { display: none; } }
/* On a telephone the open request stands above the list, where the eye is. */
@media (max-width: 640px) { .st-key-list > [data-testid="stHorizontalBlock"],
 .st-key-list > div > [data-testid="stHorizontalBlock"] { flex-direction: column-reverse; }
 :has(> .st-key-filter-search) { min-width: 100%; }
 .st-key-toolbar > :first-child, .st-key-dataset-query > :first-child { min-width: 100%; }
 .st-key-evaluation-query > :first-child, .st-key-run-bar > :first-child { min-width: 100%; }
  .stMainBlockContainer { padding: 4.25rem .6rem 1.5rem; } }
</style>
"""


def apply() -> None:
    st.html(_CSS)
