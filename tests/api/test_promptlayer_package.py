"""The unmodified `promptlayer` package against the real server, and vendors that a mock plays."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from promptlayer import AsyncPromptLayer, PromptLayer

from tests import mock_vendor
from tests.server import Server, running

PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(2000)).decode()
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
FUNCTIONS = [{"name": "weather", "parameters": {"type": "object"}}]
HELLO = [{"role": "user", "content": "Hello"}]
WITH_PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ],
    }
]


@dataclass
class World:
    server: Server
    vendor: str

    @property
    def openai(self) -> dict[str, Any]:
        return {"api_key": "sk-vendor", "base_url": f"{self.vendor}/v1", "max_retries": 0}

    @property
    def anthropic(self) -> dict[str, Any]:
        return {"api_key": "sk-vendor", "base_url": self.vendor, "max_retries": 0}

    def sync(self) -> PromptLayer:
        return PromptLayer(api_key=self.server.key, base_url=self.server.url)

    def asynchronous(self) -> AsyncPromptLayer:
        return AsyncPromptLayer(api_key=self.server.key, base_url=self.server.url)

    def detail(self, request_id: int) -> dict[str, Any]:
        answer = httpx.get(
            f"{self.server.url}/api/public/v2/requests/{request_id}",
            headers={"X-API-KEY": self.server.key},
        )
        assert answer.status_code == 200, answer.text
        value: dict[str, Any] = answer.json()
        return value

    def newest(self) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.server.url}/api/public/v2/requests/search",
            headers={"X-API-KEY": self.server.key},
            json={"per_page": 25},
        )
        items = answer.json()["items"]
        return self.detail(max(item["id"] for item in items))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    database: Path = tmp_path_factory.mktemp("sdk") / "workbench.duckdb"
    with mock_vendor.running() as vendor, running(str(database)) as server:
        yield World(server, vendor)


def messages_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = found["prompt_blueprint"]["prompt_template"]["messages"]
    return messages


def texts(message: dict[str, Any]) -> list[str]:
    return [part["text"] for part in message["content"] if part["type"] == "text"]


def test_openai_plain(world: World) -> None:
    openai = world.sync().openai.OpenAI(**world.openai)
    answer, id_ = openai.chat.completions.create(
        model="gpt-4o", messages=HELLO, pl_tags=["prod"], return_pl_id=True
    )
    assert answer.choices[0].message.content == "You said: Hello"
    found = world.detail(id_)
    assert found["provider"] == "openai"
    assert found["model"] == "gpt-4o-2024-08-06"
    assert (found["input_tokens"], found["output_tokens"]) == (11, 5)
    assert found["tags_array"] == ["prod"]
    assert found["price"] > 0
    assert [texts(message) for message in messages_of(found)] == [["Hello"], ["You said: Hello"]]
    assert "api_key" not in found["raw_request"]


def test_openai_streamed(world: World) -> None:
    openai = world.sync().openai.OpenAI(**world.openai)
    stream = openai.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, return_pl_id=True
    )
    ids = [id_ for _, id_ in stream if id_ is not None]
    assert len(ids) == 1
    found = world.detail(ids[0])
    assert found["finish_reason"] == "stop"
    assert texts(messages_of(found)[0]) == ["Hello"]


def test_openai_with_tools_and_their_results(world: World) -> None:
    openai = world.sync().openai.OpenAI(**world.openai)
    answer, id_ = openai.chat.completions.create(
        model="gpt-4o", messages=HELLO, tools=TOOLS, return_pl_id=True
    )
    found = world.detail(id_)
    calls = messages_of(found)[-1]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["weather", "weather"]
    assert "Zürich" in calls[0]["function"]["arguments"]
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        for call in answer.choices[0].message.tool_calls
    ]
    history = [*HELLO, answer.choices[0].message.model_dump(exclude_none=True), *results]
    _, id_ = openai.chat.completions.create(
        model="gpt-4o", messages=history, tools=TOOLS, return_pl_id=True
    )
    roles = [message["role"] for message in messages_of(world.detail(id_))]
    assert roles == ["user", "assistant", "tool", "tool", "assistant"]


def test_openai_with_the_older_functions(world: World) -> None:
    openai = world.sync().openai.OpenAI(**world.openai)
    _, id_ = openai.chat.completions.create(
        model="gpt-4o", messages=HELLO, functions=FUNCTIONS, return_pl_id=True
    )
    assert messages_of(world.detail(id_))[-1]["function_call"]["name"] == "weather"
    history = [*HELLO, {"role": "function", "name": "weather", "content": "sunny"}]
    _, id_ = openai.chat.completions.create(
        model="gpt-4o", messages=history, functions=FUNCTIONS, return_pl_id=True
    )
    assert messages_of(world.detail(id_))[1]["role"] == "function"


def test_openai_with_a_picture(world: World) -> None:
    openai = world.sync().openai.OpenAI(**world.openai)
    _, id_ = openai.chat.completions.create(
        model="gpt-4o", messages=WITH_PICTURE, return_pl_id=True
    )
    found = world.detail(id_)
    assert messages_of(found)[0]["content"][1]["image_url"]["url"] == PICTURE
    assert found["raw_request"]["kwargs"]["messages"] == WITH_PICTURE


def test_async_openai_plain_and_streamed(world: World) -> None:
    async def calls() -> tuple[int, list[int]]:
        openai = world.sync().openai.AsyncOpenAI(**world.openai)
        _, plain = await openai.chat.completions.create(
            model="gpt-4o", messages=HELLO, return_pl_id=True
        )
        stream = await openai.chat.completions.create(
            model="gpt-4o", messages=HELLO, stream=True, return_pl_id=True
        )
        return plain, [id_ async for _, id_ in stream if id_ is not None]

    plain, streamed = asyncio.run(calls())
    assert texts(messages_of(world.detail(plain))[1]) == ["You said: Hello"]
    assert [world.detail(id_)["finish_reason"] for id_ in streamed] == ["stop"]


def test_anthropic_plain(world: World) -> None:
    anthropic = world.sync().anthropic.Anthropic(**world.anthropic)
    _, id_ = anthropic.messages.create(
        model="claude-sonnet-4-5", max_tokens=100, messages=HELLO, return_pl_id=True
    )
    found = world.detail(id_)
    assert found["provider"] == "anthropic"
    assert (found["input_tokens"], found["output_tokens"]) == (12, 6)
    assert [texts(message) for message in messages_of(found)] == [["Hello"], ["You said: Hello"]]


def test_anthropic_streamed(world: World) -> None:
    anthropic = world.sync().anthropic.Anthropic(**world.anthropic)
    stream = anthropic.messages.create(
        model="claude-sonnet-4-5", max_tokens=100, messages=HELLO, stream=True, return_pl_id=True
    )
    ids = [id_ for _, id_ in stream if id_ is not None]
    assert texts(messages_of(world.detail(ids[-1]))[1]) == ["You said: Hello"]


def test_anthropic_with_tools_and_a_picture(world: World) -> None:
    anthropic = world.sync().anthropic.Anthropic(**world.anthropic)
    data = PICTURE.partition(",")[2]
    source = {"type": "base64", "media_type": "image/png", "data": data}
    _, id_ = anthropic.messages.create(
        model="claude-sonnet-4-5",
        max_tokens=100,
        tools=[{"name": "weather", "input_schema": {"type": "object"}}],
        messages=[{"role": "user", "content": [{"type": "image", "source": source}]}],
        return_pl_id=True,
    )
    found = world.detail(id_)
    assert messages_of(found)[0]["content"][0]["image_url"]["url"] == PICTURE
    assert messages_of(found)[1]["tool_calls"][0]["function"]["name"] == "weather"
    assert found["finish_reason"] == "tool_use"


def test_log_request_sync_and_async(world: World) -> None:
    said = {
        "provider": "mistral",
        "model": "mistral-large-latest",
        "input": {"type": "chat", "messages": HELLO},
        "output": {"type": "chat", "messages": [{"role": "assistant", "content": "Salut"}]},
        "request_start_time": 1_767_000_000.0,
        "request_end_time": 1_767_000_001.0,
        "tags": ["dev"],
        "metadata": {"user": "7"},
    }
    row = world.sync().log_request(**said)
    assert isinstance(row["id"], int)
    assert world.detail(row["id"])["metadata"] == {"user": "7"}
    said["request_end_time"] = 1_767_000_002.0
    row = asyncio.run(world.asynchronous().log_request(**said))
    assert world.detail(row["id"])["latency_ms"] == 2000


def logged(world: World) -> int:
    openai = world.sync().openai.OpenAI(**world.openai)
    _, id_ = openai.chat.completions.create(model="gpt-4o", messages=HELLO, return_pl_id=True)
    return int(id_)


def test_tracking(world: World) -> None:
    client, id_ = world.sync(), logged(world)
    group = client.group.create()
    assert isinstance(group, int)
    assert client.track.metadata(request_id=id_, metadata={"user": "u1", "plan": "free"})
    assert client.track.metadata(request_id=id_, metadata={"plan": "pro"})
    assert client.track.score(request_id=id_, score=80)
    assert client.track.score(request_id=id_, score=20, score_name="tone")
    assert client.track.prompt(
        request_id=id_, prompt_name="greeting", prompt_input_variables={"a": "b"}, version=3
    )
    assert client.track.group(request_id=id_, group_id=group)
    found = world.detail(id_)
    assert found["metadata"] == {"user": "u1", "plan": "pro"}
    assert {(score["name"], score["score"]) for score in found["scores"]} == {
        ("default", 80.0),
        ("tone", 20.0),
    }
    assert (found["prompt_name"], found["prompt_version_number"]) == ("greeting", 3)
    assert found["group_id"] == group


def test_async_tracking(world: World) -> None:
    id_ = logged(world)

    async def calls() -> int:
        client = world.asynchronous()
        group = await client.group.create()
        assert await client.track.metadata(request_id=id_, metadata={"user": "u2"})
        assert await client.track.score(request_id=id_, score=1)
        assert await client.track.prompt(
            request_id=id_, prompt_name="greeting", prompt_input_variables={"a": "b"}, version=2
        )
        assert await client.track.group(request_id=id_, group_id=group)
        return int(group)

    group = asyncio.run(calls())
    found = world.detail(id_)
    assert found["metadata"] == {"user": "u2"}
    assert (found["prompt_name"], found["prompt_version_number"]) == ("greeting", 2)
    assert found["group_id"] == group


def test_a_base_url_that_ends_in_a_slash_works(world: World) -> None:
    client = PromptLayer(api_key=world.server.key, base_url=world.server.url + "/")
    assert isinstance(client.group.create(), int)


def test_the_package_reads_our_refusals(world: World) -> None:
    from promptlayer.exceptions import PromptLayerAPIError

    client = PromptLayer(api_key="no-such-key", base_url=world.server.url)
    with pytest.raises(PromptLayerAPIError, match="A valid API key is needed"):
        client.group.create()
    with pytest.raises(PromptLayerAPIError, match="There is no request 1"):
        world.sync().track.score(request_id=1, score=5)
