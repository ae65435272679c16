"""Bodies of the prompt registry's operations, as PromptLayer's package and reference send them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from workbench.api.wire import (
    Id,
    Keyed,
    LooseVersion,
    Metadata,
    Name,
    Tags,
    Version,
    Wire,
)

MAX_LABELS = 100
Values = Annotated[
    dict[str, Any], Field(description="Names to values; lists fill placeholders and media.")
]
Workspace = Annotated[int | None, Field(description="There is one workspace; it is not read.")]
Labels = Annotated[list[Name], Field(max_length=MAX_LABELS)]
# What a blueprint is, the registry says by the place of what is wrong in it.
Blueprint = Annotated[dict[str, Any], Field(description="A prompt template (blueprint).")]
IndexPatch = dict[str, Any] | list[Any]


def _none_for_empty(value: Any) -> Any:
    return None if value == "" else value


class GetPromptTemplate(Keyed):
    """What is wanted of a template: the newest version where neither version nor label is given.

    With both the label wins.
    """

    version: LooseVersion | None = None
    label: Annotated[Name | None, BeforeValidator(_none_for_empty)] = None
    workspace_id: Workspace = None
    provider: Name | None = None
    model: Name | None = None
    input_variables: Values | None = None
    metadata_filters: Metadata | None = Field(
        None, description="Decides which version an A/B release of the label serves."
    )
    model_parameter_overrides: dict[str, Any] | None = None
    skip_input_variable_rendering: bool | None = None


class TemplatePart(Wire):
    """Which template; the package sends the whole body here and in `prompt_version`."""

    prompt_name: Name
    tags: Tags | None = None
    folder_id: Id | None = None
    workspace_id: Workspace = None


class VersionPart(Wire):
    prompt_template: Blueprint
    commit_message: str | None = None
    metadata: dict[str, Any] | None = None
    parent_version_id: Id | None = None
    provider_base_url_name: Name | None = None


class PublishPromptTemplate(Keyed):
    prompt_template: TemplatePart
    prompt_version: VersionPart
    release_labels: Labels | None = None


class LibraryPublish(Keyed):
    prompt_name: Name
    prompt_template: Blueprint
    commit_message: str | None = None
    tags: Tags | None = None
    metadata: dict[str, Any] | None = None
    release_labels: Labels | None = None


class PatchPromptTemplate(Keyed):
    """A new version made of another: the newest, `version`, or where `label` points.

    Lists replace, objects with indexes as keys replace some, null removes.
    """

    version: Version | None = None
    label: Name | None = None
    messages: IndexPatch | None = None
    tools: IndexPatch | None = None
    functions: IndexPatch | None = None
    function_call: str | dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    content: IndexPatch | None = None
    model_parameters: dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    commit_message: str | None = None
    release_labels: Labels | None = None


class CreateLabel(Keyed):
    prompt_version_number: Version
    name: Name


class MoveLabel(Keyed):
    prompt_version_number: Version


class CreateFolder(Keyed):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    parent_id: Id | None = None
    workspace_id: Workspace = None


class UpdateFolder(Keyed):
    name: Annotated[str, Field(min_length=1, max_length=255)]


class Entity(Wire):
    id: Id
    type: Annotated[str, Field(json_schema_extra={"enum": ["FOLDER", "PROMPT", "SNIPPET"]})]


class MoveEntities(Keyed):
    entities: Annotated[list[Entity], Field(max_length=1000)]
    folder_id: Id | None = None
    workspace_id: Workspace = None


class DeleteEntities(Keyed):
    entities: Annotated[list[Entity], Field(max_length=1000)]
    cascade: bool = False
    workspace_id: Workspace = None
