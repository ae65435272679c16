"""Reading prompt templates: one as it is to be used, one as it is kept, many in pages."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import orjson

from workbench.api import registry_answers as answers
from workbench.api import registry_wire as bodies
from workbench.api import wire
from workbench.api.operation import Answer, Operation, Sent, in_thread
from workbench.ids import MAX_ID
from workbench.jsontext import FieldError
from workbench.logs.key_removal import without_keys
from workbench.registry import finding, folders, listing, snippets
from workbench.registry.fetching import Ask, fetch
from workbench.store.registry_listing import ANY_FOLDER, Query

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 500
# Apart from other reads: a template that loops holds its thread until it is ended.
_fetchers = ThreadPoolExecutor(4, thread_name_prefix="api-fetch")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parameter(
    name: str, schema: dict[str, Any], about: str, where: str = "query"
) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": schema,
        "description": about,
    }


IDENTIFIER = parameter(
    "identifier",
    {"type": "string", "minLength": 1},
    "The name of a prompt template, percent-encoded, or its id.",
    "path",
)
_VERSION = {"type": "integer", "minimum": 1, "maximum": wire.MAX_VERSION}
_BOOLEAN = {"type": "boolean"}


def whole(sent: Sent, name: str, highest: int) -> int | None:
    """A whole number from 1 in the address; raises FieldError for anything else."""
    text = sent.path.get(name)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and 1 <= int(text) <= highest):
        raise FieldError(name, f"a whole number from 1 to {highest} is needed")
    return int(text)


def path_id(sent: Sent, name: str) -> int:
    found = whole(sent, name, MAX_ID)
    if found is None:
        raise FieldError(name, "a whole number is needed")
    return found


def truth(sent: Sent, name: str, default: bool) -> bool:
    text = sent.path.get(name)
    if text is None or text == "":
        return default
    if text.lower() not in _BOOLEANS:
        raise FieldError(name, "true or false is needed")
    return _BOOLEANS[text.lower()]


def moment(sent: Sent, name: str) -> datetime | None:
    text = sent.path.get(name)
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    except ValueError:
        raise FieldError(name, 'a time such as "2026-03-01T12:00:00Z" is needed') from None


def listed(sent: Sent, name: str) -> list[str]:
    return orjson.loads(sent.path[name]) if sent.path.get(name) else []


def one_of(sent: Sent, name: str, *words: str) -> str | None:
    text = sent.path.get(name)
    if not text:
        return None
    if text not in words:
        raise FieldError(name, f"one of {', '.join(words)} is needed")
    return text


def _read_get(sent: Sent) -> Ask:
    # A key that strayed into a variable goes no further.
    body = wire.read(bodies.GetPromptTemplate, without_keys(sent.text, sent.body, sent.keys)[1])
    return Ask(
        version=body.version,
        label=body.label,
        input_variables=body.input_variables,
        render=not body.skip_input_variable_rendering,
        metadata=body.metadata_filters,
        provider=body.provider or None,
        model=body.model or None,
        overrides=body.model_parameter_overrides,
    )


async def _get(sent: Sent, ask: Ask) -> Answer:
    def work() -> dict[str, Any]:
        found = fetch(sent.store, sent.path["identifier"], ask)
        return answers.prompt(found, sent.store.settings)

    return Answer(await asyncio.get_running_loop().run_in_executor(_fetchers, work))


def _read_raw(sent: Sent) -> Ask:
    version, label = whole(sent, "version", wire.MAX_VERSION), sent.path.get("label") or None
    if version is not None and label is not None:
        raise FieldError("label", "version and label cannot both be given")
    return Ask(
        version=version,
        label=label,
        render=False,
        resolve_snippets=truth(sent, "resolve_snippets", True),
        kwargs=truth(sent, "include_llm_kwargs", False),
    )


async def _raw(sent: Sent, ask: Ask) -> Answer:
    def work() -> dict[str, Any]:
        found = fetch(sent.store, sent.path["identifier"], ask)
        return answers.raw_prompt(found, with_kwargs=ask.kwargs)

    return Answer(await asyncio.get_running_loop().run_in_executor(_fetchers, work))


def _read_list(sent: Sent) -> tuple[Query, int, int]:
    snippet = sent.path.get("is_snippet")
    kind = None if not snippet else "completion" if truth(sent, "is_snippet", True) else "chat"
    order = one_of(sent, "sort_order", "asc", "desc")
    query = Query(
        name=sent.path.get("name") or None,
        label=sent.path.get("label") or None,
        tags=tuple(listed(sent, "tags")),
        folder_id=ANY_FOLDER,
        kind=kind,
        status=one_of(sent, "status", "active", "deleted", "all") or "active",  # type: ignore[arg-type]
        created_by=sent.path.get("created_by_email") or None,
        created_after=moment(sent, "created_after"),
        created_before=moment(sent, "created_before"),
        updated_after=moment(sent, "updated_after"),
        updated_before=moment(sent, "updated_before"),
        sort_by=one_of(sent, "sort_by", "created_at", "updated_at", "name", "id")  # type: ignore[arg-type]
        or "updated_at",
        descending=order != "asc",
    )
    page = whole(sent, "page", 1_000_000) or 1
    return query, page, whole(sent, "per_page", MAX_PER_PAGE) or DEFAULT_PER_PAGE


async def _list(sent: Sent, asked: tuple[Query, int, int]) -> Answer:
    query, page, per_page = asked

    def work() -> dict[str, Any]:
        connection = sent.store.connection
        offset = (page - 1) * per_page
        found, total = listing.whole(connection, query, limit=per_page, offset=offset)
        paths = folders.paths(connection)
        items = [
            answers.item(template, version, paths, sent.store.settings)
            for template, version in found
        ]
        return answers.page_of(items, page, per_page, total)

    return Answer(await in_thread(work))


def _read_usage(sent: Sent) -> int | None:
    return whole(sent, "prompt_version_number", wire.MAX_VERSION)


async def _usage(sent: Sent, number: int | None) -> Answer:
    def work() -> dict[str, Any]:
        connection = sent.store.connection
        template = finding.template(connection, sent.path["identifier"])
        users = snippets.used_by(connection, template, number)
        return answers.snippet_usage(template.name, users)

    return Answer(await in_thread(work))


def _library_name(sent: Sent) -> Ask:
    if not sent.path.get("prompt_name"):
        raise FieldError("prompt_name", "this parameter is needed")
    label = sent.path.get("label") or None
    return Ask(
        # The package says that a label wins over a version.
        version=None if label else whole(sent, "version", wire.MAX_VERSION),
        label=label,
        render=False,
    )


async def _library_get(sent: Sent, ask: Ask) -> Answer:
    def work() -> dict[str, Any]:
        found = fetch(sent.store, sent.path["prompt_name"], ask)
        return answers.raw_prompt(found, with_kwargs=True)

    return Answer(await in_thread(work))


_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
OPERATIONS: tuple[Operation[Any], ...] = (
    Operation(
        "POST",
        "/prompt-templates/{identifier}",
        "A prompt filled in, with the arguments for its vendor's client",
        _read_get,
        _get,
        request=bodies.GetPromptTemplate,
        response=answers.Prompt,
        problems=(404,),
        body_needed=False,
        parameters=(IDENTIFIER,),
    ),
    Operation(
        "GET",
        "/prompt-templates/{identifier}",
        "A prompt template as it is kept",
        _read_raw,
        _raw,
        response=answers.RawPrompt,
        problems=(404, 422),
        parameters=(
            IDENTIFIER,
            parameter("version", _VERSION, "The newest where neither is given."),
            parameter("label", _TEXT, "A release label; not together with a version."),
            parameter("resolve_snippets", _BOOLEAN, "Default: true."),
            parameter("include_llm_kwargs", _BOOLEAN, "Default: false."),
        ),
    ),
    Operation(
        "GET",
        "/prompt-templates",
        "Prompt templates in pages, what changed last first",
        _read_list,
        _list,
        response=answers.PromptList,
        problems=(422,),
        parameters=(
            parameter("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000}, "From 1."),
            parameter(
                "per_page",
                {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE},
                f"Default: {DEFAULT_PER_PAGE}.",
            ),
            parameter("label", _TEXT, "Templates that carry it, at the version it points at."),
            parameter("name", _TEXT, "Part of the name, in any case."),
            parameter("tags", {"type": "array", "items": _TEXT}, "All of them; may be repeated."),
            parameter(
                "status", {"type": "string", "enum": ["active", "deleted", "all"]}, "Which ones."
            ),
            parameter("created_by_email", _TEXT, "Who made them, as the audit names them."),
            parameter("created_after", _TIME, "At or after."),
            parameter("created_before", _TIME, "At or before."),
            parameter("updated_after", _TIME, "At or after."),
            parameter("updated_before", _TIME, "At or before."),
            parameter(
                "sort_by",
                {"type": "string", "enum": ["created_at", "updated_at", "name", "id"]},
                "Default: updated_at.",
            ),
            parameter("sort_order", {"type": "string", "enum": ["asc", "desc"]}, "Default: desc."),
            parameter("is_snippet", _BOOLEAN, "Completion templates alone, or none of them."),
        ),
    ),
    Operation(
        "GET",
        "/prompt-templates/{identifier}/snippet-usage",
        "Which prompt templates take a snippet in",
        _read_usage,
        _usage,
        response=answers.SnippetUsage,
        problems=(404, 422),
        parameters=(
            IDENTIFIER,
            parameter("prompt_version_number", _VERSION, "Only uses of this version."),
        ),
    ),
    Operation(
        "GET",
        "/library-get-prompt-template",
        "A prompt template by its name, as older programs ask for it",
        _library_name,
        _library_get,
        response=answers.RawPrompt,
        problems=(404, 422),
        parameters=(
            {
                **parameter("prompt_name", {"type": "string", "minLength": 1}, "Its name."),
                "required": True,
            },
            parameter("version", _VERSION, "The newest where neither is given."),
            parameter("label", _TEXT, "Wins over a version."),
        ),
    ),
)
