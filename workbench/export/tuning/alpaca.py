"""Alpaca as LLaMA-Factory reads it: instruction, input, output, system and history, all text.

Rules (github.com/hiyouga/LLaMA-Factory: data/README.md): instruction and output are there;
history is a list of pairs of what was asked and answered before.
"""

from __future__ import annotations

from typing import Any

from workbench.export.tuning.example import Example
from workbench.export.tuning.protocol import (
    Limits,
    Line,
    is_text,
    merged,
    said,
    system_apart,
    text_only,
)
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit


class Alpaca(Limits):
    def line(self, example: Example, *, train_all: bool) -> Line:
        text_only(example, "Alpaca")
        system, turns = system_apart(example.turns)
        spoken = merged(turns)
        roles = [turn.role for turn in spoken]
        if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
            raise Unfit(UNSUPPORTED, "user and assistant do not take turns")
        texts = [said(turn) for turn in spoken]
        line: dict[str, Any] = {
            "instruction": texts[-1],
            "input": "",
            "output": said(example.answer),
        }
        if system:
            line["system"] = system
        if len(texts) > 1:
            line["history"] = [list(pair) for pair in zip(texts[:-1:2], texts[1::2], strict=True)]
        return line

    def problem(self, line: Line) -> str | None:
        for name in ("instruction", "output"):
            if not is_text(line[name]):
                return f"{name} is empty"
        if any(not is_text(text) for pair in line.get("history", ()) for text in pair):
            return "a text in the history is empty"
        return None
