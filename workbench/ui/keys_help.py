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
  const isWriting = (target) => target.isContentEditable
    || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  let at = -1;
  const jump = (step) => {
    const hits = [...document.querySelectorAll('mark.wb-hit')];
    if (!hits.length) return false;
    const now = find('mark.wb-now');
    at = now ? hits.indexOf(now) : (step > 0 ? -1 : 0);
    at = (at + step + hits.length) % hits.length;
    if (now) now.classList.remove('wb-now');
    const hit = hits[at];
    hit.classList.add('wb-now');
    const fold = hit.closest('details');
    if (fold) fold.open = true;
    hit.scrollIntoView({ block: 'center' });
    document.querySelectorAll('.wb-at').forEach((each) => {
      each.textContent = `${at + 1} of ${hits.length}`;
    });
    return true;
  };
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
  document.addEventListener('click', (event) => {
    const button = event.target.closest && event.target.closest('button[data-wb-jump]');
    if (button) jump(Number(button.dataset.wbJump));
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


def draw_hits(count: int, *, in_markdown: bool = False) -> None:
    """How many hits of the search are marked here, with a way from one to the next."""
    if in_markdown:
        st.caption("Hits are marked in plain text only: switch Markdown off to see them.")
        return
    word = "hit" if count == 1 else "hits"
    if not count:
        st.caption("No hit in what is shown here; the search also looks where it is not drawn.")
        return
    st.html(
        f'<p class="wb-hits"><span>{count:,} {word}</span>'
        '<button type="button" data-wb-jump="-1" title="Previous hit (Shift+n)" '
        'aria-label="Previous hit">↑</button>'
        '<button type="button" data-wb-jump="1" title="Next hit (n)" '
        'aria-label="Next hit">↓</button><span class="wb-at"></span></p>'
    )
