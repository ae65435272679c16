"""How soon the editor answers an edit: from the key press to the variable's line on the page.

python -m benchmarks.editing                    (a prompt of 20 KB, 30 edits)
python -m benchmarks.editing --kilobytes 50

Starts the real server on a store of its own with one prompt template: prose with variables and a
JSON example that the doctor has something to say about. A real Chromium types a new variable at the
end of the text, and waits until the list of detected variables names it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from benchmarks.machine import describe, percentile
from tests.__main__ import BROWSERS
from tests.server import KEY, Server, running

PARAGRAPH = (
    "You are a careful assistant for {company} and you answer in {language}. Use short sentences, "
    "never promise a refund that the policy does not allow, and quote the order {order_id} once.\n"
)
EXAMPLE = 'Answer with one object, for example:\n{\n  "reply": "...",\n  "tone": "{tone}"\n}\n'
# The time is taken in the page itself, so that the driver's own way there is not in it.
TYPE_AND_WAIT = """([name, patience]) => new Promise((done, failed) => {
  const box = document.querySelector('textarea[aria-label="Text of message 1"]')
    ?? [...document.querySelectorAll('*')].map(each => each.shadowRoot?.querySelector(
      'textarea[aria-label="Text of message 1"]')).find(Boolean);
  const begun = performance.now();
  box.focus();
  box.setRangeText(`{${name}}`, box.value.length, box.value.length, 'end');
  box.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
  const look = () => {
    const found = [...document.querySelectorAll('.wb-variables')].some(
      each => each.textContent.includes(name));
    if (found) requestAnimationFrame(() => done(performance.now() - begun));
    else if (performance.now() - begun > patience) failed(new Error(`${name} did not appear`));
    else setTimeout(look, 5);
  };
  look();
})"""


def publish(server: Server, text: str) -> int:
    """Make the prompt template; its id."""
    body = {
        "prompt_name": "long",
        "prompt_template": {
            "type": "chat",
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        },
    }
    answer = httpx.post(
        f"{server.url}/rest/prompt-templates",
        json={"prompt_template": body, "prompt_version": body},
        headers={"X-API-KEY": KEY},
    )
    return int(answer.raise_for_status().json()["id"])


def edits(page: Page, number: int) -> list[float]:
    """Milliseconds of each edit but the first, which loads what is loaded lazily."""
    took = []
    for each in range(number + 1):
        took.append(float(page.evaluate(TYPE_AND_WAIT, [f"added_{each}", 10_000])))
        page.wait_for_timeout(700)
    return took[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kilobytes", type=int, default=20)
    parser.add_argument("--edits", type=int, default=30)
    given = parser.parse_args()
    text = EXAMPLE + PARAGRAPH * (given.kilobytes * 1000 // len(PARAGRAPH))
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    print(describe())
    with (
        tempfile.TemporaryDirectory() as folder,
        running(str(Path(folder) / "store.duckdb")) as server,
        sync_playwright() as playwright,
    ):
        template = publish(server, text)
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{server.url}/templates?template={template}")
        page.wait_for_timeout(3000)
        took = edits(page, given.edits)
        browser.close()
    print(
        f"a template of {len(text):,} characters: an edit is answered in "
        f"{statistics.median(took):.0f} ms (median), {percentile(took, 95):.0f} ms (95th "
        f"percentile) of {len(took)}"
    )


if __name__ == "__main__":
    main()
