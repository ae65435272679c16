"""Status, measures and running text of an answer as HTML. Always escaped."""

from __future__ import annotations

from typing import Any

from workbench.playground.session import Column
from workbench.playground.shown import ELSEWHERE, GONE, INTERRUPTED, Shown
from workbench.ui import words
from workbench.ui.hostile import SHOWN, escaped
from workbench.ui.playground_view import View

_SAID = {
    "waiting": "waiting for its turn",
    "running": "running",
    "retrying": "trying again",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
    INTERRUPTED: "interrupted",
    ELSEWHERE: "running in another process",
    GONE: "deleted from the logs",
}
_MARKS = {
    "done": "on",
    "failed": "bad",
    "stopped": "held",
    INTERRUPTED: "held",
}


def status_html(view: View, column: Column, last: Shown) -> str:
    word = "logged" if last.is_logged and last.status == "done" else _SAID[last.status]
    light = _MARKS.get(last.status, "now")
    again = f" · attempt {last.attempt}" if last.attempt > 1 else ""
    model = f'<span class="wb-narrow">{escaped(column.model)}</span> '
    if view.is_hidden:
        again = model = ""
        word = {"logged": "done", "trying again": "running"}.get(word, word)
    return (
        f'<p class="wb-note"><strong>{escaped(view.title(column))}</strong> {model}'
        f'<span class="wb-light {light}"></span>{word}{again}</p>'
    )


def measures_html(last: Shown, best: set[str]) -> str:
    tokens = " + ".join(
        words.count(number)
        for number in (last.input_tokens, last.output_tokens)
        if number is not None
    )
    speed = last.tokens_per_second
    rows = (
        ("First token", _known(last.first_token_ms, words.latency), "first_token_ms"),
        ("Speed", None if speed is None else f"{speed:.0f} tokens/s", "tokens_per_second"),
        ("Total", _known(last.elapsed_ms, words.latency), "elapsed_ms"),
        ("Tokens", tokens or None, "tokens"),
        ("Cost", _known(last.cost, words.money), "cost"),
    )
    cells = []
    for name, value, measure in rows:
        mark = ' <span class="wb-best">best</span>' if measure in best else ""
        cells.append(f"<span><small>{name}</small> {escaped(value or '–')}{mark}</span>")
    return f'<p class="wb-measures">{"".join(cells)}</p>'


def _known(value: Any, said: Any) -> str | None:
    return None if value is None else str(said(value))


def live_html(view: View, one: Shown) -> str:
    """What has come so far; of a long text its end, which is what a reader follows."""
    pieces = ['<p class="wb-role">assistant</p>']
    if one.thinking and not view.is_hidden:
        pieces.append(f'<div class="wb-text wb-note">{escaped(one.thinking[-2000:])}</div>')
    text = one.text or ("" if one.tool_calls or one.thinking else "…")
    if len(text) > SHOWN:
        pieces.append(f'<p class="wb-note">The last {SHOWN:,} of {len(text):,} characters:</p>')
    pieces.append(f'<div class="wb-text" dir="auto">{escaped(text[-SHOWN:])}</div>')
    for call in one.tool_calls:
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        pieces.append(
            f'<p class="wb-role">tool call · {escaped(name)}</p>'
            f'<div class="wb-text wb-mono">{escaped(arguments[-SHOWN:])}</div>'
        )
    if one.error and not view.is_hidden:
        pieces.append(f'<p class="wb-note">Trying again. {escaped(one.error)}</p>')
    return f'<div class="wb-live">{"".join(pieces)}</div>'
