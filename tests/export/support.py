"""Stores with requests of every kind, and exports out of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from tests.seed import data_url, png
from tests.store.samples import some_request
from workbench.export.output import MANIFEST, Output
from workbench.export.running import Control, Finished, run
from workbench.export.spec import read_spec
from workbench.logs.text import searchable_text
from workbench.messages import image_part, text_part
from workbench.settings import Settings
from workbench.store.rows import NewRequest
from workbench.store.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@contextmanager
def a_store(folder: Path, name: str = "store") -> Iterator[Store]:
    store = Store(Settings(database=str(folder / f"{name}.duckdb"), time_zone="UTC"))
    try:
        yield store
    finally:
        store.close()


def message(role: str, text: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": [text_part(text)], **more}


def chat(number: int, asked: str, answer: str, **changes: Any) -> NewRequest:
    """Request `number`: a system prompt, a question, an answer; `changes` replace fields."""
    prompt = {
        "type": "chat",
        "messages": [message("system", "You help."), message("user", asked)],
    }
    started = NOON + timedelta(seconds=number)
    fields: dict[str, Any] = {
        "started_at": started,
        "ended_at": started + timedelta(milliseconds=250),
        "provider": "openai",
        "model": "gpt-4.1-mini",
        "prompt": prompt,
        "output": [message("assistant", answer)],
        "input_tokens": 20,
        "output_tokens": 10,
        "finish_reason": "stop",
        "cost": Decimal("0.0025"),
        "metadata": {"user_id": f"u{number}"},
        "raw": orjson.dumps({"n": number}).decode(),
    }
    fields |= changes
    asked_in = (fields["prompt"] or {}).get("messages", [])
    texts = {
        "input_text": searchable_text(asked_in),
        "output_text": searchable_text(fields["output"] or []),
    }
    return some_request(**{**texts, **fields})


def add(store: Store, *rows: NewRequest) -> list[int]:
    waiting = [store.add(row) for row in rows]
    return [each.result().id for each in waiting]


def export(store: Store, folder: Path, spec: dict[str, Any]) -> tuple[Finished, Path]:
    """Run an export; what it made and the folder with its files."""
    number = len(list(folder.glob("*"))) + 1 if folder.exists() else 1
    made = run(
        store.connection,
        read_spec(spec),
        Output(folder, number),
        id_=number,
        now=NOON + timedelta(days=1),
        control=Control(),
    )
    return made, folder / str(number)


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def manifest(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((place / MANIFEST).read_bytes())
    return found


def call(id_: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def with_tools(number: int, **changes: Any) -> NewRequest:
    """A conversation in which two tools were called at once, were answered, and one is called."""
    calls = [call("call_a", "weather", '{"city": "Köln"}'), call("call_b", "clock", "{}")]
    tool = {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    clock = {"type": "function", "function": {"name": "clock"}}
    prompt = {
        "type": "chat",
        "messages": [
            message("system", "You help."),
            message("user", f"Weather and time, please ({number})"),
            {"role": "assistant", "content": [], "tool_calls": calls},
            message("tool", "7 degrees", tool_call_id="call_a"),
            message("tool", "noon", tool_call_id="call_b"),
            message("user", "And in Bonn?"),
        ],
        "tools": [tool, clock],
    }
    again = [call("call_c", "weather", '{"city": "Bonn"}')]
    output = [{"role": "assistant", "content": [], "tool_calls": again}]
    return chat(number, "", "", prompt=prompt, output=output, **changes)


def with_image(number: int, url: str | None = None, **changes: Any) -> NewRequest:
    """A question about a picture, which is large enough to be kept apart."""
    shown = image_part(url or data_url(png(300, 300, (number % 256, 2, 3))), "low")
    asked = {"role": "user", "content": [text_part(f"What is this ({number})?"), shown]}
    prompt = {"type": "chat", "messages": [asked]}
    return chat(number, "", "A colour.", prompt=prompt, **changes)
