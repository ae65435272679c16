"""Bodies of the operations on datasets and evaluations, as PromptLayer's reference has them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.api.wire import FilterGroup, FullName, Id, Keyed, Name, Version, Whole, Wire

Workspace = Annotated[int | None, Field(description="There is one workspace; it is not read.")]
Folder = Annotated[int | None, Field(description="Datasets stand in no folders; it is not read.")]
Spec = Annotated[dict[str, Any], Field(description="See docs/evaluation-columns.md.")]


class External(Wire):
    """What another system calls it."""

    source: Annotated[str, Field(min_length=1, max_length=128)]
    external_id: Annotated[str, Field(min_length=1, max_length=512)]


class AttachExternalId(Keyed, External):
    pass


Externals = Annotated[list[External], Field(max_length=100)]


class CreateGroup(Keyed):
    name: FullName
    workspace_id: Workspace = None
    folder_id: Folder = None
    external_ids: Externals | None = None


class FromFile(Keyed):
    """file_name tells the format: csv, json, jsonl, parquet or xlsx."""

    dataset_group_id: Id
    file_name: Annotated[str, Field(min_length=1, max_length=255)]
    file_content_base64: Annotated[str, Field(min_length=1)]


class FromRequests(Keyed):
    """request_log_ids win over filter_group and q. variables_to_parse: the columns to keep."""

    dataset_group_id: Id
    request_log_ids: Annotated[list[Id], Field(max_length=50_000)] | None = None
    filter_group: FilterGroup = None
    q: Annotated[str, Field(max_length=10_000)] | None = None
    sort_by: (
        Literal[
            "request_start_time", "input_tokens", "output_tokens", "cost", "latency_ms", "status"
        ]
        | None
    ) = None
    sort_order: Literal["asc", "desc"] | None = None
    variables_to_parse: Annotated[list[Name], Field(max_length=200)] | None = None
    limit: Annotated[Whole, Field(ge=1)] | None = None


class CreateDraft(Keyed):
    dataset_group_id: Id
    source_dataset_id: Id | None = None


class AddRequest(Keyed):
    dataset_group_id: Id
    request_log_id: Id


class AddTrace(Keyed):
    dataset_group_id: Id
    trace_id: Annotated[str, Field(min_length=1, max_length=128)]


class SaveDraft(Keyed):
    dataset_group_id: Id


class ColumnDefinition(Wire):
    column_type: Name
    name: FullName
    configuration: Spec
    position: Annotated[Whole, Field(ge=0, le=100_000)] | None = None
    is_part_of_score: bool | None = None


class ScoreConfiguration(Wire):
    code: Annotated[str, Field(min_length=1, max_length=100_000)]
    code_language: Literal["PYTHON", "JAVASCRIPT"] = "PYTHON"


class CreateReport(Keyed):
    dataset_group_id: Id
    name: FullName | None = None
    folder_id: Folder = None
    dataset_version_number: Version | None = None
    columns: Annotated[list[ColumnDefinition], Field(max_length=200)] | None = None
    score_configuration: ScoreConfiguration | None = None
    external_ids: Externals | None = None


class AddColumn(Keyed, ColumnDefinition):
    report_id: Id


class EditColumn(Keyed):
    report_id: Id
    column_type: Name
    configuration: Spec | None = None
    name: FullName | None = None
    position: Annotated[Whole, Field(ge=0, le=100_000)] | None = None


class RunReport(Keyed):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    dataset_id: Id | None = None
    refresh_dataset: bool | None = None


class RenameReport(Keyed):
    name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    tags: list[Name] | None = None


class ScoreCard(Keyed):
    column_names: Annotated[list[Name], Field(max_length=200)]
    code: Annotated[str, Field(max_length=100_000)] | None = None
    code_language: Literal["PYTHON", "JAVASCRIPT"] = "PYTHON"
