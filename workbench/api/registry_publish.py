"""Saving versions of prompt templates.

What is wrong is answered with 400: the package takes any other status for success.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.api import registry_answers as answers
from workbench.api import registry_wire as bodies
from workbench.api import wire
from workbench.api.errors import ApiError, from_field
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.api.registry_prompts import IDENTIFIER
from workbench.jsontext import FieldError
from workbench.logs.key_removal import without_keys
from workbench.registry.patching import Patch, patch
from workbench.registry.publishing import Draft, Published, publish
from workbench.store.errors import NotFound, Refused

_PATCHED = (
    "messages",
    "tools",
    "functions",
    "function_call",
    "tool_choice",
    "content",
    "model_parameters",
    "response_format",
)


def _clean(sent: Sent) -> dict[str, Any]:
    # A key that strayed into a template is not kept there.
    return without_keys(sent.text, sent.body, sent.keys)[1]


def _saved(work: Callable[[], Published]) -> Published:
    try:
        return work()
    except FieldError as error:
        raise from_field(error, 400) from None
    except NotFound:
        raise
    except Refused as error:
        raise ApiError(400, str(error)) from None


def _read_publish(sent: Sent) -> tuple[Draft, list[str] | None]:
    body = wire.read(bodies.PublishPromptTemplate, _clean(sent))
    given = sent.body["prompt_version"]["prompt_template"]
    # Some send it inside the template, where it is no part of it.
    inside = given.get("provider_base_url_name")
    draft = Draft(
        name=body.prompt_template.prompt_name,
        prompt=body.prompt_version.prompt_template,
        metadata=body.prompt_version.metadata,
        message=body.prompt_version.commit_message,
        tags=body.prompt_template.tags or (),
        folder_id=body.prompt_template.folder_id,
        labels=body.release_labels or (),
        parent_id=body.prompt_version.parent_version_id,
        provider_base_url=body.prompt_version.provider_base_url_name
        or (inside if isinstance(inside, str) else None),
    )
    return draft, body.release_labels


async def _publish(sent: Sent, asked: tuple[Draft, list[str] | None]) -> Answer:
    draft, labels = asked
    made = await in_thread(lambda: _saved(lambda: publish(sent.store, sent.actor, draft)))
    return Answer(answers.published(made, labels, sent.store.settings), 201)


def _read_patch(sent: Sent) -> tuple[Patch, list[str] | None]:
    raw = _clean(sent)
    body = wire.read(bodies.PatchPromptTemplate, raw)
    return (
        Patch(
            fields={name: raw[name] for name in _PATCHED if name in raw},
            version=body.version,
            label=body.label,
            message=body.commit_message,
            labels=body.release_labels or (),
        ),
        body.release_labels,
    )


async def _patch(sent: Sent, asked: tuple[Patch, list[str] | None]) -> Answer:
    wanted, labels = asked
    identifier = sent.path["identifier"]
    made = await in_thread(
        lambda: _saved(lambda: patch(sent.store, sent.actor, identifier, wanted))
    )
    return Answer(answers.published(made, labels, sent.store.settings), 201)


def _read_library(sent: Sent) -> Draft:
    body = wire.read(bodies.LibraryPublish, _clean(sent))
    return Draft(
        name=body.prompt_name,
        prompt=body.prompt_template,
        metadata=body.metadata,
        message=body.commit_message,
        tags=body.tags or (),
        labels=body.release_labels or (),
    )


async def _library(sent: Sent, draft: Draft) -> Answer:
    made = await in_thread(lambda: _saved(lambda: publish(sent.store, sent.actor, draft)))
    return Answer(
        {
            "success": True,
            "message": "Prompt template published successfully",
            "id": made.template.id,
            "version": made.version.number,
        }
    )


OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        "/rest/prompt-templates",
        "Save a version of a prompt template, which is made where it is new",
        _read_publish,
        _publish,
        request=bodies.PublishPromptTemplate,
        response=answers.PublishedPrompt,
        status=201,
        problems=(404,),
        wrong_field=400,
    ),
    Operation(
        "PATCH",
        "/rest/prompt-templates/{identifier}",
        "Save a version that is another one with some of it changed",
        _read_patch,
        _patch,
        request=bodies.PatchPromptTemplate,
        response=answers.PublishedPrompt,
        status=201,
        problems=(404,),
        wrong_field=400,
        body_needed=False,
        parameters=(IDENTIFIER,),
    ),
    Operation(
        "POST",
        "/library-publish-prompt-template",
        "Save a version, as older programs do",
        _read_library,
        _library,
        request=bodies.LibraryPublish,
        response=answers.LibraryPublished,
        problems=(404,),
        wrong_field=400,
    ),
)
