"""What goes over the wire: one rich call, and the body that each vendor's package sends for it.

The bodies are in `requests/`, one a provider. `python -m tests.providers.test_requests` writes
them anew: a change in them is a change in what vendors are asked, to be read line by line.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.providers import wires
from tests.providers.scripted import Answer, Server
from tests.providers.vendors import MODELS, ORIGIN, Asked, call, user
from workbench.messages import Message, Part, image_part, text_part
from workbench.providers.call import Call, ResponseFormat, Tuning

FOLDER = Path(__file__).parent / "requests"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n-a-picture").decode()
PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4 a document").decode()
PICTURE = image_part(f"data:image/png;base64,{PIXEL}")
DOCUMENT: Part = {
    "type": "media",
    "media": {"title": "offer.pdf", "type": "application/pdf", "url": PDF},
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {"name": name, "description": f"Looks up {name}.", "parameters": SCHEMA},
    }
    for name in ("weather", "news")
]
FORCED = {"type": "function", "function": {"name": "news"}}
#: What every vendor can take.
TUNING = Tuning(temperature=0.5, top_p=0.9, max_tokens=2000, stop=("END",))
TAKES_FILES = frozenset(MODELS) - {"cohere"}


def conversation(provider: str) -> tuple[Message, ...]:
    parts = [PICTURE, DOCUMENT] if provider in TAKES_FILES else [PICTURE]
    results: list[Message] = [
        {
            "role": "tool",
            "tool_call_id": f"call_{name}1",
            "name": name,
            "content": [text_part(f"{name}: fine")],
        }
        for name in ("weather", "news")
    ]
    return (
        {"role": "system", "content": [text_part("Be brief.")]},
        {"role": "developer", "content": [text_part("Answer in English.")]},
        user("What is this?", *parts),
        {
            "role": "assistant",
            "content": [text_part("Let me look.")],
            "tool_calls": [
                {
                    "id": f"call_{name}1",
                    "type": "function",
                    "function": {"name": name, "arguments": '{"city":"Bern"}'},
                }
                for name in ("weather", "news")
            ],
        },
        *results,
        user("And now?"),
    )


def rich(provider: str) -> Call:
    """A call with everything in it that a provider takes."""
    return call(
        provider,
        *conversation(provider),
        tools=TOOLS,
        tool_choice=FORCED,
        parallel_tool_calls=False,
        response_format=ResponseFormat(schema=SCHEMA, name="place"),
        tuning=TUNING,
    )


def sent(asked: Asked, server: Server, one: Call) -> Any:
    """The body that the vendor's package sends."""
    pieces = wires.pieces(one.provider)
    server.will(Answer(pieces, content_type=wires.content_type(one.provider)))
    answer = asked.host.start(one, ORIGIN).result(20)
    assert answer.error is None, str(answer.error)
    return server.bodies[0]


@pytest.mark.parametrize("provider", list(MODELS))
def test_the_package_sends_what_was_meant(asked: Asked, server: Server, provider: str) -> None:
    body = sent(asked, server, rich(provider))
    assert body == json.loads((FOLDER / f"{provider}.json").read_text())


def main() -> None:
    from tests.providers.scripted import scripted
    from tests.providers.vendors import asking, reaching

    FOLDER.mkdir(exist_ok=True)
    with (
        pytest.MonkeyPatch.context() as patch,
        scripted() as server,
        asking(server.url) as asked,
    ):
        reaching(patch, asked)
        for provider in MODELS:
            body = sent(asked, server, rich(provider))
            text = json.dumps(body, indent=1, ensure_ascii=False)
            (FOLDER / f"{provider}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
