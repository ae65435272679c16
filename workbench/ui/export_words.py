"""What the Export page says: states, formats, reasons, and the options in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workbench.export.formats import FORMATS, PREFERENCE, TABLE, TUNING
from workbench.export.sources import REQUESTS, SOURCES
from workbench.export.tuning.reasons import REASONS
from workbench.export.tuning_options import COLUMN, NEAR, TAG
from workbench.store import exports
from workbench.store.export_ratings import HUMAN
from workbench.ui import words
from workbench.ui.hostile import escaped

STATES = {
    exports.WAITING: "○ waiting",
    exports.RUNNING: "◐ running",
    exports.DONE: "● done",
    exports.CANCELLED: "▲ cancelled",
    exports.FAILED: "■ failed",
    exports.INTERRUPTED: "▲ interrupted",
    exports.EXPIRED: "○ expired",
}
KINDS = {
    TABLE: ("A table", "One row for each {noun}: for spreadsheets, notebooks and other programs."),
    TUNING: ("Fine-tuning", "One conversation for each {noun}, with the answer to learn."),
    PREFERENCE: ("Preference pairs", "Two answers to the same input, the better one first."),
}
STAGES = {
    "selecting": "Selecting",
    "reading": "Reading",
    "comparing": "Comparing for near duplicates",
    "writing": "Writing",
    "sending": "Sending to the bucket",
}
METADATA = "metadata."


def label_of_format(name: str) -> str:
    return FORMATS[name].label if name in FORMATS else name


def noun(spec: Mapping[str, Any]) -> str:
    """What a row of the export is."""
    found = SOURCES.get(spec.get("source", REQUESTS))
    return "row" if found is None else found.noun


def choice(name: str) -> str:
    """A key that options name: metadata.KEY, the output, a group …"""
    if name.startswith(METADATA):
        return f"Metadata {name.removeprefix(METADATA)}"
    if name.startswith(HUMAN):
        return f"Human column {name.removeprefix(HUMAN)}"
    if name.startswith(COLUMN):
        return f"Column {name.removeprefix(COLUMN)}"
    if name.startswith(TAG):
        return f"Tag {name.removeprefix(TAG)}"
    return {
        "output": "The logged output",
        "group_id": "Group",
        "trace_id": "Trace",
        "tags": "Tags",
        NEAR: "Near duplicates",
        "prompt_name": "Prompt template",
        "model": "Model",
    }.get(name, name)


def reasons_table(left_out: Mapping[str, int], of: int, noun: str = "request") -> str:
    """Why rows are left out, as HTML: the most frequent reason first. noun: what a row is."""
    rows = "".join(
        f"<tr><td>{escaped(reason.capitalize())}</td><td>{number:,}</td>"
        f"<td>{words.share(number, of)}</td>"
        f'<td class="wb-why">{escaped(REASONS.get(reason, ""))}</td></tr>'
        for reason, number in sorted(left_out.items(), key=lambda pair: -pair[1])
    )
    return (
        '<div class="wb-scroll"><table class="wb-sum"><tr><th>Left out</th>'
        f"<th>{escaped(noun.capitalize())}s</th><th>Share</th><th></th></tr>{rows}</table></div>"
    )


def pack_line(told: Mapping[str, Any]) -> str:
    """A pack's numbers in one line: examples by side, tokens, and what training may cost."""
    pieces = [words.plural(told["training"], "training example")]
    if told["split"]["share"] or "own" in told["split"]:
        pieces.append(words.plural(told["validation"], "validation example"))
    tokens = told["tokens"]["training"]
    is_exact = not told["tokens"]["estimated"] and not told["tokens"].get(
        "counted_by_another_vendor"
    )
    estimated = "" if is_exact else " (estimated)"
    pieces.append(f"{words.plural(tokens, 'training token')}{estimated}")
    cost = told["cost"]
    if cost["dollars"] is not None:
        dollars = words.money(Decimal(cost["dollars"]))
        of = f", the price of {cost['price_of']}" if cost["price_of"] else ""
        pieces.append(f"about {dollars} for {words.plural(cost['epochs'], 'epoch')}{of}")
    return " · ".join(pieces)


def masked_line(masked: Mapping[str, int], labels: Mapping[str, str]) -> str:
    if not any(masked.values()):
        return "Nothing to mask was found."
    told = [
        f"{number:,} × {labels.get(kind, kind)}"
        for kind, number in sorted(masked.items())
        if number
    ]
    return f"Masked: {', '.join(told)}"
