"""What `run` prints of an answer: its words, then a line of tokens, cost and time."""

from __future__ import annotations

from typing import Any

from workbench.messages import message_text
from workbench.providers.call import Call
from workbench.providers.run import Answer, State


def streamed(state: State) -> str:
    """What has come so far, tool calls at its end once they are whole."""
    if not state.has_ended:
        return state.text
    return state.text + _calls(state) if not _is_whole(state) else state.text


def _is_whole(state: State) -> bool:
    """Whether the text holds the calls already, as that of an answer without a stream does."""
    return state.answer is not None and not state.tool_calls


def _calls(state: State) -> str:
    lines = [
        f"{call['function']['name']}({call['function']['arguments']})" for call in state.tool_calls
    ]
    return "".join(f"\n{line}" if state.text or n else line for n, line in enumerate(lines))


def as_text(state: State, answer: Answer, *, with_answer: bool) -> str:
    """The answer, what went wrong, what was ignored, and the figures."""
    lines = []
    if with_answer:
        lines += [message_text(one) for one in answer.messages]
    if answer.error is not None:
        lines.append(f"failed: {answer.error}")
    elif answer.status != "done":
        lines.append("stopped.")
    lines += [f"note: {sentence}" for sentence in state.ignored]
    if answer.log_problem:
        lines.append(f"not logged: {answer.log_problem}")
    lines.append(_figures(state, answer))
    return "\n".join(line for line in lines if line)


def _figures(state: State, answer: Answer) -> str:
    usage = answer.usage
    pieces = [
        f"{usage.input_tokens if usage.input_tokens is not None else 'unknown'} tokens in",
        f"{usage.output_tokens if usage.output_tokens is not None else 'unknown'} out",
    ]
    if usage.cached_tokens:
        pieces[0] += f" ({usage.cached_tokens} cached)"
    cost = "cost unknown" if answer.cost is None else f"${answer.cost.total.normalize():f}"
    pieces += [cost, f"{state.elapsed_ms / 1000:.2f} s"]
    if answer.finish not in (None, "stop"):
        pieces.append(str(answer.finish))
    if answer.request_id is not None:
        pieces.append(f"request {answer.request_id}")
    return f"[{' · '.join(pieces)}]"


def as_json(call: Call, state: State, answer: Answer) -> dict[str, Any]:
    """Money as text in dollars, times in milliseconds; what is not known is null."""
    usage = answer.usage
    error = answer.error
    return {
        "provider": call.provider,
        "model": call.model,
        "answered_by": answer.model,
        "status": answer.status,
        "text": "\n".join(filter(None, map(message_text, answer.messages))),
        "messages": list(answer.messages),
        "finish": answer.finish,
        "error": None if error is None else {"kind": error.kind, "message": error.message},
        "ignored": list(state.ignored),
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost": None if answer.cost is None else f"{answer.cost.total:f}",
        "first_token_ms": state.first_token_ms,
        "elapsed_ms": state.elapsed_ms,
        "request_id": answer.request_id,
    }
