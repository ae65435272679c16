"""Requests for tests of pages: few, varied, each with something to find it by."""

from __future__ import annotations

import base64
import struct
import zlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from workbench.messages import image_part, text_part
from workbench.store.rows import NewRequest
from workbench.store.store import Store

MODELS = (
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("mistral", "mistral-small"),
)
QUESTIONS = (
    "Where is my parcel?",
    "Où est mon colis ?",
    "私の荷物はどこですか",
    "أين طردي؟",
    "Где моя посылка?",
)


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def row(number: int, now: datetime, **changes: Any) -> NewRequest:
    """Request `number`: an hour older than the one before. Each tenth failed; each fifth calls."""
    provider, model = MODELS[number % len(MODELS)]
    question = f"{QUESTIONS[number % len(QUESTIONS)]} #{number}"
    failed = number % 10 == 9
    user = [text_part(question)]
    if number % 4 == 0:
        user.append(image_part(data_url(png(8, 8, (number % 256, 80, 160)))))
    messages: list[Any] = [
        {"role": "system", "content": [text_part("You answer customers of a parcel service.")]},
        {"role": "user", "content": user},
    ]
    answer: dict[str, Any] = {"role": "assistant", "content": [text_part(f"On its way, {number}.")]}
    if number % 5 == 0:
        call = {"name": "track_parcel", "arguments": f'{{"parcel": {number}}}'}
        answer["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": call}]
    started = now - timedelta(hours=number, minutes=1)
    values: dict[str, Any] = {
        "started_at": started,
        "ended_at": started + timedelta(milliseconds=300 + 10 * number),
        "actor": "key:tests",
        "source": "track-request",
        "raw": orjson.dumps({"kwargs": {"model": model, "n": number}}).decode(),
        "provider": provider,
        "model": model,
        "function_name": "openai.chat.completions.create",
        "status": "ERROR" if failed else "SUCCESS",
        "error_type": "PROVIDER_TIMEOUT" if failed else None,
        "error_message": "The provider took too long" if failed else None,
        "input_tokens": 100 + number,
        "output_tokens": 20,
        "cost": Decimal("0.00125") + number,
        "cost_source": "caller",
        "tags": ("prod",) if number % 2 else ("dev",),
        "metadata": {"user_id": str(number % 7), "session_id": f"s{number % 3}"},
        "prompt_name": "support/answer",
        "prompt_version": 1 + number % 2,
        "is_plain_text": True,
        "input_preview": question,
        "output_preview": f"On its way, {number}.",
        "input_text": f"You answer customers of a parcel service.\n\n{question}",
        "output_text": f"On its way, {number}.",
        "prompt": {"type": "chat", "messages": messages},
        "output": [] if failed else [answer],
        "parameters": {"temperature": 0.2},
        "normaliser": "openai.chat/1",
    }
    values.update(changes)
    return NewRequest(**values)


def seed(store: Store, now: datetime, requests: int = 60) -> list[int]:
    """Add requests 0 … requests-1 (0 is the newest) and return their ids in that order."""
    waiting = [store.add(row(number, now)) for number in range(requests)]
    return [each.result().id for each in waiting]
