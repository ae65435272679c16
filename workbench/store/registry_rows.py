"""The rows of the prompt registry as they leave the store. Times are aware (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt template without its versions. `deleted_at` is None unless it was deleted."""

    id: int
    name: str
    folder_id: int | None
    tags: tuple[str, ...]
    created_at: datetime
    created_by: str
    updated_at: datetime
    deleted_at: datetime | None = None
    deleted_by: str | None = None


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A version without its texts: what lists and histories show.

    kind: "chat" or "completion". variables: names of all input variables, in order of appearance.
    parent_id: the id of the version that it was made from, if that is known.
    """

    id: int
    template_id: int
    number: int
    kind: str
    message: str | None
    parent_id: int | None
    model_provider: str | None
    model_name: str | None
    variables: tuple[str, ...]
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version whole. `prompt` is the blueprint, `metadata` what was published with it.

    Both are JSON values that several callers may share: copy before changing them.
    """

    info: VersionInfo
    prompt: dict[str, Any]
    metadata: dict[str, Any] | None
    provider_base_url: str | None

    @property
    def id(self) -> int:
        return self.info.id

    @property
    def number(self) -> int:
        return self.info.number

    @property
    def model(self) -> dict[str, Any]:
        """`metadata.model`, {} where there is none."""
        found = (self.metadata or {}).get("model")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A version to be kept, already checked. `snippets`: (name key, number, label) as written."""

    prompt: dict[str, Any]
    metadata: dict[str, Any] | None
    provider_base_url: str | None
    message: str | None
    parent_id: int | None
    model_provider: str | None
    model_name: str | None
    variables: tuple[str, ...]
    text: str
    snippets: tuple[tuple[str, int | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A release label and the version that it points at."""

    id: int
    template_id: int
    name: str
    version_id: int
    number: int
    created_at: datetime
    moved_at: datetime
    moved_by: str


@dataclass(frozen=True, slots=True)
class Protection:
    """A label that needs a second person: in one template, or (None) in every one."""

    template_id: int | None
    name: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """A change of a protected label that waits for a second person, or was decided.

    template_id: None where the protection of a label in every template is to be lifted.
    kind: "move" (to `to_number`), "remove", "split" (into the A/B release `splits`, JSON) or
    "unprotect".
    decision: "approved", "rejected", "withdrawn", or None while it waits.
    """

    id: int
    template_id: int | None
    name: str
    kind: str
    from_number: int | None
    to_number: int | None
    splits: dict[str, Any] | None
    note: str | None
    requested_at: datetime
    requested_by: str
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class SplitRow:
    """An A/B release of a label; `splits` is JSON as workbench.registry.ab writes it."""

    id: int
    template_id: int
    name: str
    splits: dict[str, Any]
    sticky_key: str | None
    seed: int
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Folder:
    id: int
    parent_id: int | None
    name: str
    created_at: datetime
    created_by: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class VariableSet:
    """Named values to try a template with. `source` is "request/ID", a file's name, or None."""

    id: int
    template_id: int
    name: str
    values: dict[str, Any]
    source: str | None
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """An address that a provider's calls go to instead of the vendor's."""

    id: int
    name: str
    provider: str
    url: str
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A place where a version takes in a snippet; at most one of number and label is set."""

    template_id: int
    template_name: str
    version_id: int
    version_number: int
    snippet_number: int | None
    snippet_label: str | None


@dataclass(frozen=True, slots=True)
class LoggedInput:
    """The input variables of one logged request, and what it cost in input tokens."""

    request_id: int
    started_at: datetime
    version: int | None
    values: dict[str, Any]
    input_tokens: int | None


@dataclass(frozen=True, slots=True)
class VersionUse:
    """What the logs know of one version. Latency in milliseconds, cost in dollars.

    version: None for requests that name the template without a version.
    """

    version: int | None
    requests: int
    errors: int
    cost: Decimal | None
    mean_ms: float | None
    p95_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreUse:
    """The scores of one name that requests of a version were given."""

    version: int | None
    name: str
    scores: int
    mean: float


@dataclass(frozen=True, slots=True)
class DayUse:
    """One version in one bar of time; `start` is local to the zone that was asked for, naive."""

    start: datetime
    version: int | None
    requests: int
    errors: int
    cost: Decimal | None
    mean_ms: float | None
    mean_score: float | None
