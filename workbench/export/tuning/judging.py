"""What a call says about itself: whether it failed, was cut off or was declined."""

from __future__ import annotations

import re

from workbench.export.tuning.example import Turn

# The vendors' words for "the token limit was reached".
_CUT = frozenset(
    {
        "length",
        "max_tokens",
        "max_output_tokens",
        "model_length",
        "error_limit",
        "model_context_window_exceeded",
        "incomplete",
    }
)
# … and for "a filter stopped it, or the model declined".
_DECLINED = frozenset(
    {
        "content_filter",
        "content_filtered",
        "guardrail_intervened",
        "refusal",
        "safety",
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
        "image_safety",
        "error_toxic",
    }
)
# How models begin when they decline. Only the beginning counts: an apology inside a long answer
# declines nothing.
_CANNOT = r"can(?:no|['’])t"
_OPENINGS = re.compile(
    rf"\s*(?:i(?:['’]m| am) (?:really |very )?sorry,? but i (?:{_CANNOT}|(?:am|['’]m) (?:not|un)) ?"
    rf"|(?:i(?:['’]m| am) )?sorry,? (?:but )?i {_CANNOT} (?:help|assist|provide|do|comply|share)"
    rf"|i {_CANNOT} (?:help|assist) (?:you )?with (?:that|this)"
    r"|i(?:['’]m| am) (?:not able|unable) to (?:help|assist|comply|provide)"
    rf"|as an ai(?: language)? model,? i {_CANNOT}"
    r"|es tut mir leid,? (?:aber )?(?:ich kann|dabei kann ich)"
    r"|je suis désolée?,? (?:mais )?je ne (?:peux|suis) pas"
    r"|lo siento,? (?:pero )?no puedo"
    r"|mi dispiace,? (?:ma )?non posso"
    r"|desculpe,? (?:mas )?(?:eu )?não posso"
    r"|申し訳(?:ありません|ございません)が|对不起，?我(?:不能|无法)|抱歉，?我(?:不能|无法)"
    r"|извините,? (?:но )?я не могу|죄송(?:합니다|하지만))",
    re.IGNORECASE,
)
_LONGEST_REFUSAL = 600


def is_cut(finish_reason: str | None) -> bool:
    return finish_reason is not None and finish_reason.lower() in _CUT


def is_declined(finish_reason: str | None, answer: Turn) -> bool:
    """By the vendor's word, by a part that says so, or by how a short answer begins."""
    if finish_reason is not None and finish_reason.lower() in _DECLINED:
        return True
    if answer.refusal and not answer.text.strip():
        return True
    short = len(answer.text) <= _LONGEST_REFUSAL and not answer.calls
    return short and _OPENINGS.match(answer.text) is not None
