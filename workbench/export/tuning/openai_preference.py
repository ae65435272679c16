"""OpenAI, direct preference optimization: one input, a preferred and another answer, both text.

Rules: `input`, `preferred_output` and `non_preferred_output`, each output one message of the
assistant; the input ends before the answer; text in and text out, so no images; tools may stand
in the input (developers.openai.com/api/docs/guides/direct-preference-optimization). The rest is
as for chat.
"""

from __future__ import annotations

from workbench.export.tuning.example import Example
from workbench.export.tuning.openai_chat import (
    check_messages,
    check_tools,
    message_of,
    messages_of,
    with_tools,
)
from workbench.export.tuning.protocol import Limits, Line, is_text, without_images
from workbench.export.tuning.reasons import UNSUPPORTED, Unfit


class OpenAiPreference(Limits):
    LEAST = 10
    MAX_TOKENS = 65_536

    def half(self, example: Example) -> Line:
        if example.answer.calls:
            raise Unfit(UNSUPPORTED, "a tool call as the answer; preferences compare texts")
        without_images(example, "OpenAI's preference tuning")
        asked = with_tools({"messages": messages_of(example.turns)}, example)
        return {"input": asked, "output": [message_of(example.answer)]}

    def pair(self, preferred: Line, other: Line) -> Line:
        return {
            "input": preferred["input"],
            "preferred_output": preferred["output"],
            "non_preferred_output": other["output"],
        }

    def problem(self, line: Line) -> str | None:
        asked = line["input"]
        for name in ("preferred_output", "non_preferred_output"):
            answer = line[name]
            if len(answer) != 1 or answer[0]["role"] != "assistant":
                return f"{name} is not one message of the assistant"
            if not is_text(answer[0].get("content")):
                return f"{name} is empty"
        if line["preferred_output"] == line["non_preferred_output"]:
            return "both answers are the same"
        if asked["messages"] and asked["messages"][-1]["role"] == "assistant":
            return "the input ends with an answer"
        return check_messages([*asked["messages"], *line["preferred_output"]]) or check_tools(
            asked.get("tools") or []
        )
