"""The sample's prompt templates, loaded and removed with its requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from workbench.logs.sample_store import load_sample, remove_sample
from workbench.registry import listing, templates
from workbench.registry.listing import Query
from workbench.registry.publishing import Draft, publish
from workbench.store import registry_templates as template_rows
from workbench.store.store import Store

SAMPLE_PROMPTS = Path(__file__).parents[2] / "data" / "sample" / "prompts.json"
# How a template is known again when the sample is removed.
TAG = "sample"


def load(
    store: Store, actor: str, now: datetime, progress: Callable[[float], object] | None = None
) -> int:
    """Add the sample: its prompt templates, then its requests. Returns the requests added."""
    load_prompts(store, actor)
    return load_sample(store, actor, now, progress)


def remove(store: Store, actor: str, now: datetime) -> int:
    """Remove what the sample brought. Returns how many requests that were."""
    remove_prompts(store, actor, now)
    return remove_sample(store, actor)


def load_prompts(store: Store, actor: str) -> int:
    """Publish the templates whose names are free; how many that were."""
    made = 0
    for each in _prompts():
        for number, version in enumerate(each["versions"]):
            draft = Draft(
                name=each["name"],
                prompt=version["prompt_template"],
                metadata=version["metadata"],
                message=version["message"],
                tags=[*each["tags"], TAG],
                labels=version["labels"],
            )
            if number == 0 and _is_taken(store, each["name"]):
                break
            publish(store, actor, draft)
            made += number == 0
    return made


def remove_prompts(store: Store, actor: str, now: datetime) -> None:
    """Hide the sample's templates; one that was given another name or lost the tag stays."""
    names = {each["name"] for each in _prompts()}
    found = listing.search(store.connection, Query(tags=(TAG,)), now=now, limit=200)
    for item in found.items:
        if item.template.name in names:
            templates.delete(store, actor, item.template.id)


def _is_taken(store: Store, name: str) -> bool:
    with store.connection.cursor() as cursor:
        return template_rows.named(cursor, name) is not None


@cache
def _prompts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(SAMPLE_PROMPTS.read_text("utf-8"))
    return found
