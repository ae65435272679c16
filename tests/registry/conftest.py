"""A store of both kinds for the registry, and short ways to say what is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.registry.publishing import Draft, Published, publish
from workbench.settings import Settings
from workbench.store.store import Store

Publish = Callable[..., Published]
WHO = "user:ada"


def chat(*messages: tuple[str, str], template_format: str = "f-string", **more: Any) -> Any:
    """A chat template of (role, text)."""
    made = [
        {
            "role": role,
            "content": [{"type": "text", "text": text}],
            "template_format": template_format,
        }
        for role, text in messages
    ]
    return {"type": "chat", "messages": made, **more}


def completion(text: str, template_format: str = "f-string") -> Any:
    return {
        "type": "completion",
        "content": [{"type": "text", "text": text}],
        "template_format": template_format,
    }


def model(provider: str = "openai", name: str = "gpt-4o", **parameters: Any) -> dict[str, Any]:
    return {"model": {"provider": provider, "name": name, "parameters": parameters}}


@pytest.fixture(params=["file", "ducklake"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def both(engine: str, tmp_path: Path) -> Iterator[Store]:
    """A store on a file, and one on DuckLake."""
    place = f"{tmp_path}/workbench.duckdb"
    if engine == "ducklake":
        place = f"ducklake:{tmp_path}/catalogue.ducklake"
    opened = Store(Settings(database=place))
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Settings(database=str(tmp_path / "workbench.duckdb")))
    yield opened
    opened.close()


def publisher(store: Store) -> Publish:
    def publish_(name: str = "greeting", prompt: Any = None, **more: Any) -> Published:
        draft = Draft(name=name, prompt=prompt or chat(("user", "Hello {name}")), **more)
        return publish(store, WHO, draft)

    return publish_


@pytest.fixture
def publish_(store: Store) -> Publish:
    return publisher(store)
