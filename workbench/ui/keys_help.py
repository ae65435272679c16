"""Keys that Streamlit's shortcuts cannot hold, and the list of all of them.

The search box listens to "/" itself.
"""

from __future__ import annotations

import streamlit as st

from workbench.ui.hostile import escaped

KEYS = (
    ("j", "next request, or the first one"),
    ("k", "previous request"),
    ("o or Enter", "open the request on its own"),
    ("s", "star the open request"),
    ("n and Shift+n", "next and previous hit of the search"),
    ("/", "go to the search line"),
    ("Esc", "close the open request"),
    ("?", "this list"),
)

# It holds nothing that was logged: it only finds elements of the page by the names given here.
_SCRIPT = """
<script>
(() => {
  if (window.workbenchKeys) return;
  window.workbenchKeys = true;
  const find = (names) => document.querySelector(names);
  const press = (name) => {
    const button = find(`.st-key-${name} button:not(:disabled), .st-key-${name} a`);
    if (button) button.click();
    return Boolean(button);
  };
  // A switch that was just clicked has the focus, and takes no letters.
  const isWriting = (target) => target.isContentEditable
    || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== 'checkbox');
  const jump = (step) => Boolean(window.workbenchHits && window.workbenchHits.jump(step));
  document.addEventListener('keydown', (event) => {
    // The search box lies in a shadow root, from outside of which only its host is seen.
    const inside = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(inside)) return;
    let done = false;
    if (event.key === '?') {
      const list = find('.st-key-keyboard');
      if (list) list.scrollIntoView({ block: 'nearest' });
      done = press('keyboard');
    } else if (event.key === 'n') {
      done = jump(1);
    } else if (event.key === 'N') {
      done = jump(-1);
    } else if (event.key === 'Enter' && inside === document.body) {
      done = press('open-alone') || press('go-first');
    }
    if (done) event.preventDefault();
  });
})();
</script>
"""


def apply() -> None:
    """Listen to the keys. Once a page is enough; it listens once however often it is drawn."""
    with st.container(key="wb-script"):
        st.html(_SCRIPT, unsafe_allow_javascript=True)


def draw_keys_help() -> None:
    """A button that lists the keys."""
    with st.popover("", icon=":material/keyboard:", type="tertiary", key="keyboard", help="Keys"):
        rows = "".join(
            f"<dt><kbd>{escaped(key)}</kbd></dt><dd>{escaped(what)}</dd>" for key, what in KEYS
        )
        st.html(f'<dl class="wb-facts">{rows}</dl>')
