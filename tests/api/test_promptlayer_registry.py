"""The unmodified `promptlayer` package and the prompt registry: publish, get, list, cache, run."""

from __future__ import annotations

import asyncio
import importlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from promptlayer import AsyncPromptLayer, PromptLayer
from promptlayer.exceptions import PromptLayerAPIError

from tests import mock_vendor
from tests.server import Server, running
from workbench.registry import base_urls
from workbench.settings import Settings
from workbench.store.store import Store

RECORDED = {
    "dataset_examples": [],
    "function_call": "none",
    "functions": [],
    "input_variables": [],
    "messages": [
        {
            "content": [{"text": "", "type": "text"}],
            "dataset_examples": [],
            "input_variables": [],
            "name": None,
            "raw_request_display_role": "",
            "role": "system",
            "template_format": "f-string",
        },
        {
            "content": [{"text": "what is the capital of Japan?", "type": "text"}],
            "dataset_examples": [],
            "input_variables": [],
            "name": None,
            "raw_request_display_role": "",
            "role": "user",
            "template_format": "f-string",
        },
    ],
    "tool_choice": None,
    "tools": None,
    "type": "chat",
}
ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-vendor",
    "ANTHROPIC_API_KEY": "sk-vendor",
    "GEMINI_API_KEY": "sk-vendor",
    "MISTRAL_API_KEY": "sk-vendor",
    "AWS_ACCESS_KEY_ID": "AKIATEST0123456789AB",
    "AWS_SECRET_ACCESS_KEY": "vendor",
}


@dataclass
class World:
    server: Server
    vendor: str

    def sync(self, **more: Any) -> PromptLayer:
        return PromptLayer(api_key=self.server.key, base_url=self.server.url, **more)

    def asynchronous(self, **more: Any) -> AsyncPromptLayer:
        return AsyncPromptLayer(api_key=self.server.key, base_url=self.server.url, **more)

    def detail(self, request_id: int) -> dict[str, Any]:
        answer = httpx.get(
            f"{self.server.url}/api/public/v2/requests/{request_id}",
            headers={"X-API-KEY": self.server.key},
        )
        assert answer.status_code == 200, answer.text
        value: dict[str, Any] = answer.json()
        return value


@contextmanager
def based(database: str, vendor: str) -> Iterator[None]:
    """A store in which the address of a gateway is kept, before a server owns it."""
    store = Store(Settings(database=database))
    base_urls.save(store, "user:ada", "gateway", "openai", f"{vendor}/v1")
    base_urls.save(store, "user:ada", "claude-gateway", "anthropic", vendor)
    store.close()
    yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    database: Path = tmp_path_factory.mktemp("registry") / "workbench.duckdb"
    with (
        pytest.MonkeyPatch.context() as patch,
        mock_vendor.running() as vendor,
        based(str(database), vendor),
        running(str(database)) as server,
    ):
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv("OPENAI_BASE_URL", f"{vendor}/v1")
        patch.setenv("ANTHROPIC_BASE_URL", vendor)
        patch.setenv("GOOGLE_GEMINI_BASE_URL", vendor)
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", vendor)
        yield World(server, vendor)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for all: the package keeps its vendors' clients from call to call."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def name() -> str:
    return f"test_template: {uuid.uuid4().hex[:8]} / é漢?"


def chat(*texts: str, template_format: str = "f-string") -> dict[str, Any]:
    """A system message and messages of the user's."""
    roles = ["system", *["user"] * (len(texts) - 1)]
    return {
        "type": "chat",
        "messages": [
            {
                "role": role,
                "content": [{"type": "text", "text": text}],
                "template_format": template_format,
            }
            for role, text in zip(roles, texts, strict=True)
        ],
    }


def model(provider: str, name: str, **more: Any) -> dict[str, Any]:
    return {"model": {"provider": provider, "name": name, "parameters": {"max_tokens": 50}, **more}}


def user_text(template: dict[str, Any]) -> str:
    text: str = template["messages"][-1]["content"][0]["text"]
    return text


# Publish, get, list


def test_what_was_published_comes_back_equal(world: World, name: str) -> None:
    client = world.sync()
    made = client.templates.publish({"prompt_name": name, "prompt_template": RECORDED})
    assert isinstance(made["id"], int)
    got = client.templates.get(name, {"provider": "openai", "model": "gpt-3.5-turbo"})
    assert got["prompt_name"] == name
    assert got["prompt_template"] == RECORDED
    assert got["provider_base_url"] is None
    completion, request_id = client.openai.OpenAI().chat.completions.create(
        return_pl_id=True, model="gpt-3.5-turbo", **got["llm_kwargs"]
    )
    assert completion.choices[0].message.content == "You said: what is the capital of Japan?"
    assert isinstance(request_id, int)
    again = asyncio.run(world.asynchronous().templates.get(name))
    assert again["prompt_template"] == RECORDED


def test_versions_labels_and_values(world: World, name: str) -> None:
    client = world.sync()
    client.templates.publish(
        {
            "prompt_name": name,
            "prompt_template": chat("Be nice", "Hello {name}"),
            "release_labels": ["prod"],
            "tags": ["a"],
            "commit_message": "first",
        }
    )
    client.templates.publish(
        {"prompt_name": name, "prompt_template": chat("Be nice", "Good day {name}")}
    )

    async def later(params: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = await world.asynchronous().templates.get(name, params)
        return found

    for get in (partial(client.templates.get, name), lambda params: asyncio.run(later(params))):
        newest = get({"input_variables": {"name": "Ada"}})
        assert (newest["version"], user_text(newest["prompt_template"])) == (2, "Good day Ada")
        labelled = get({"label": "prod", "input_variables": {"name": "Ada"}})
        assert (labelled["version"], labelled["commit_message"]) == (1, "first")
        assert user_text(labelled["prompt_template"]) == "Hello Ada"
        numbered = get({"version": 1})
        assert user_text(numbered["prompt_template"]) == "Hello "
        assert "name has no value" in numbered["warning"]
        raw = get({"version": 1, "skip_input_variable_rendering": True})
        assert user_text(raw["prompt_template"]) == "Hello {name}"
        with pytest.raises(PromptLayerAPIError, match="has no version 9"):
            get({"version": 9})
        with pytest.raises(PromptLayerAPIError, match="no release label 'dev'"):
            get({"label": "dev"})


def test_lists_sync_and_async(world: World, name: str) -> None:
    client = world.sync()
    for number in range(3):
        client.templates.publish(
            {
                "prompt_name": f"{name} {number}",
                "prompt_template": RECORDED,
                "release_labels": [f"only-{name[-12:-4]}"] if number else None,
            }
        )
    everything = client.templates.all(per_page=100)
    assert {f"{name} {number}" for number in range(3)} <= {one["prompt_name"] for one in everything}
    assert len(client.templates.all(page=1, per_page=2)) == 2
    labelled = asyncio.run(world.asynchronous().templates.all(label=f"only-{name[-12:-4]}"))
    assert [one["prompt_name"] for one in labelled] == [f"{name} 2", f"{name} 1"]


def test_what_is_refused_is_an_exception_of_the_package(world: World) -> None:
    client = world.sync()
    with pytest.raises(PromptLayerAPIError, match=r'cannot hold "\.\."'):
        client.templates.publish({"prompt_name": "a/../b", "prompt_template": RECORDED})
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": 1}}}]
    with pytest.raises(PromptLayerAPIError, match="this is no JSON Schema"):
        client.templates.publish(
            {"prompt_name": "x", "prompt_template": {**RECORDED, "tools": tools}}
        )
    with pytest.raises(PromptLayerAPIError, match="There is no prompt template 'nobody'"):
        client.templates.get("nobody")


def test_the_packages_cache_renders_what_the_server_would(world: World, name: str) -> None:
    client = world.sync()
    text = "Hi {name}, {{braces}} and {missing}"
    client.templates.publish(
        {
            "prompt_name": name,
            "prompt_template": chat("Be {mood}", text),
            "metadata": model("anthropic", "claude-sonnet-4-5"),
        }
    )
    cached = world.sync(cache_ttl_seconds=60)
    for values in ({"name": "Ada", "mood": "nice"}, {"name": "{mood}"}):
        plain = client.templates.get(name, {"input_variables": values})
        for _ in range(2):
            found = cached.templates.get(name, {"input_variables": values})
            assert found["prompt_template"] == plain["prompt_template"]
            assert found["llm_kwargs"] == plain["llm_kwargs"]
    client.templates.publish({"prompt_name": name, "prompt_template": chat("Be", "New")})
    assert cached.templates.get(name)["version"] == 1
    cached.invalidate(name)
    assert cached.templates.get(name)["version"] == 2


def test_overrides_and_another_vendor(world: World, name: str) -> None:
    client = world.sync()
    client.templates.publish(
        {
            "prompt_name": name,
            "prompt_template": chat("Be nice", "Hello"),
            "metadata": model("openai", "gpt-4o"),
        }
    )
    tuned = client.templates.get(name, {"model_parameter_overrides": {"temperature": 0}})
    assert tuned["llm_kwargs"]["temperature"] == 0
    done = client.run(name, provider="anthropic", model="claude-sonnet-4-5")
    assert world.detail(done["request_id"])["provider"] == "anthropic"


# Run

VENDORS = [
    ("openai", "gpt-4o", {}, ""),
    ("openai", "gpt-5", {"api_type": "responses"}, ""),
    ("anthropic", "claude-sonnet-4-5", {}, ""),
    ("google", "gemini-2.5-flash", {}, "google.genai"),
    ("amazon.bedrock", "anthropic.claude-3-haiku-20240307-v1:0", {}, "boto3"),
    ("mistral", "mistral-small-latest", {}, "mistralai.client"),
]


def prepared(world: World, monkeypatch: pytest.MonkeyPatch, provider: str, needs: str) -> None:
    """Skips where the vendor's package is missing."""
    if needs:
        pytest.importorskip(needs)
    if provider == "mistral":
        # The package imports the client from where mistralai 1.x has it, and cannot be told an
        # address: a name in the vendor's module does both.
        client = importlib.import_module("mistralai.client")
        module = importlib.import_module("mistralai")
        served = partial(client.Mistral, server_url=world.vendor)
        monkeypatch.setattr(module, "Mistral", served, raising=False)


def published(world: World, name: str, provider: str, model_name: str, more: Any) -> None:
    world.sync().templates.publish(
        {
            "prompt_name": name,
            "prompt_template": chat("You are {mood}.", "Hello {name}"),
            "metadata": model(provider, model_name, **more),
            "release_labels": ["prod"],
        }
    )


def check_logged(world: World, name: str, answer: dict[str, Any], **said: Any) -> None:
    """The run is in the log, with the version that served it, and its blueprint has the answer."""
    messages = answer["prompt_blueprint"]["prompt_template"]["messages"]
    assert user_text({"messages": messages}).strip() == "You said: Hello Ada"
    found = world.detail(answer["request_id"])
    assert (found["prompt_name"], found["prompt_version_number"]) == (name, 1)
    assert found["status"] == "SUCCESS"
    for key, value in said.items():
        assert found[key] == value


@pytest.mark.parametrize(("provider", "model_name", "more", "needs"), VENDORS)
def test_run_plain_and_streamed(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    provider: str,
    model_name: str,
    more: dict[str, Any],
    needs: str,
) -> None:
    prepared(world, monkeypatch, provider, needs)
    published(world, name, provider, model_name, more)
    client = world.sync()
    values = {"mood": "kind", "name": "Ada"}
    plain = client.run(
        name,
        prompt_release_label="prod",
        input_variables=values,
        metadata={"user": "u1"},
        tags=["dev"],
    )
    check_logged(world, name, plain, metadata={"user": "u1"}, tags_array=["dev"])
    *_, last = client.run(name, input_variables=values, stream=True)
    check_logged(world, name, last)


@pytest.mark.parametrize(("provider", "model_name", "more", "needs"), VENDORS)
def test_async_run_plain_and_streamed(
    world: World,
    loop: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    provider: str,
    model_name: str,
    more: dict[str, Any],
    needs: str,
) -> None:
    if provider == "amazon.bedrock":
        pytest.importorskip("aioboto3")
    if provider == "mistral":
        pytest.skip("package 1.5.16 calls its own async Mistral function with a wrong argument")
    prepared(world, monkeypatch, provider, needs)
    published(world, name, provider, model_name, more)

    async def calls() -> tuple[dict[str, Any], dict[str, Any]]:
        client = world.asynchronous()
        values = {"mood": "kind", "name": "Ada"}
        plain = await client.run(name, input_variables=values)
        stream = await client.run(name, input_variables=values, stream=True)
        return plain, [chunk async for chunk in stream][-1]

    for answer in loop.run(calls()):
        check_logged(world, name, answer)


@pytest.mark.parametrize(
    ("provider", "model_name", "url"),
    [("openai", "my/own-model", "gateway"), ("anthropic", "claude-mine", "claude-gateway")],
)
def test_run_goes_to_the_address_that_the_version_names(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    provider: str,
    model_name: str,
    url: str,
) -> None:
    # Where the vendor would be, nobody answers.
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    client = world.sync()
    client.templates.publish(
        {
            "prompt_name": name,
            "prompt_template": chat("Be kind", "Hello {name}"),
            "metadata": model(provider, model_name),
            "provider_base_url_name": url,
        }
    )
    got = client.templates.get(name)
    assert got["provider_base_url"]["name"] == url
    plain = client.run(name, input_variables={"name": "Ada"})
    check_logged(world, name, plain)
    *_, last = client.run(name, input_variables={"name": "Ada"}, stream=True)
    check_logged(world, name, last)


def test_a_run_that_fails_is_logged_with_its_template(world: World, name: str) -> None:
    published(world, name, "openai", "overloaded", {})
    client = world.sync()
    with pytest.raises(Exception, match="Rate limit"):
        client.run(name, input_variables={"name": "Ada"})
    newest = httpx.post(
        f"{world.server.url}/api/public/v2/requests/search",
        headers={"X-API-KEY": world.server.key},
        json={"per_page": 25},
    ).json()["items"]
    found = world.detail(max(one["id"] for one in newest))
    assert (found["status"], found["prompt_name"]) == ("ERROR", name)
    assert found["error_type"] == "PROVIDER_RATE_LIMIT"


# A/B releases


def test_what_an_ab_release_served_is_what_the_run_answers_and_the_log_records(
    world: World, loop: asyncio.Runner, name: str
) -> None:
    client = world.sync()
    for text in ("Hello {name}", "Good day {name}"):
        client.templates.publish(
            {
                "prompt_name": name,
                "prompt_template": chat("You are kind.", text),
                "metadata": model("openai", "gpt-4o"),
            }
        )
    release = {
        "label": "prod",
        "shares": [{"version": 1, "percent": 50}, {"version": 2, "percent": 50}],
        "segments": [
            {
                "name": "staff",
                "when": {"team": ["internal"], "plan": ["pro"]},
                "shares": [{"version": 2, "percent": 100}],
            }
        ],
        "sticky_key": "user_id",
    }
    started = httpx.post(
        f"{world.server.url}/api/workbench/prompts/{quote(name, safe='')}/releases",
        headers={"X-API-KEY": world.server.key},
        json={"release": release},
    )
    assert started.status_code == 201, started.text

    def checked(answer: dict[str, Any]) -> int:
        """The version that served: its text was sent, the answer names it, the log records it."""
        row = world.detail(answer["request_id"])
        version = int(row["prompt_version_number"])
        assert answer["prompt_blueprint"]["prompt_template"]["messages"]
        sent = row["prompt_version"] if "prompt_version" in row else answer["prompt_blueprint"]
        greeting = {1: "Hello Ada", 2: "Good day Ada"}[version]
        assert greeting in str(sent)
        assert row["prompt_name"] == name
        return version

    def run(**metadata: str) -> int:
        return checked(
            client.run(
                name,
                prompt_release_label="prod",
                input_variables={"name": "Ada"},
                metadata=metadata,
            )
        )

    people = [f"u{number}" for number in range(14)]
    first = {person: run(user_id=person) for person in people}
    assert set(first.values()) == {1, 2}
    assert {person: run(user_id=person) for person in people} == first
    assert {run(user_id=person, team="internal", plan="pro") for person in people[:3]} == {2}

    async def later(person: str) -> dict[str, Any]:
        found: dict[str, Any] = await world.asynchronous().run(
            name,
            prompt_release_label="prod",
            input_variables={"name": "Ada"},
            metadata={"user_id": person},
        )
        return found

    assert {one: checked(loop.run(later(one))) for one in people[:3]} == {
        one: first[one] for one in people[:3]
    }
    *_, last = client.run(
        name,
        prompt_release_label="prod",
        input_variables={"name": "Ada"},
        metadata={"user_id": people[0]},
        stream=True,
    )
    assert checked(last) == first[people[0]]
