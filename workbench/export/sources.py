"""Where an export's rows come from: a table with an entry for each kind of thing that leaves.

A new source is an entry of SOURCES, whose functions may lie in a module of their own, a field of
the spec that chooses its rows, and how that field is drawn (`ui/export_choice.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import pyarrow as pa

from workbench.export.formats import PREFERENCE, TABLE, TUNING
from workbench.export.tuning.row_columns import row_columns
from workbench.filters import describe, parse_text, to_api, to_url
from workbench.jsontext import FieldError
from workbench.store import export_datasets, export_evaluations, export_prompts
from workbench.store.connection import Connection
from workbench.store.errors import NotFound, Refused
from workbench.store.export_columns import Column, columns_of
from workbench.store.export_datasets import DatasetSnapshot
from workbench.store.export_evaluations import GridSnapshot
from workbench.store.export_prompts import PromptSnapshot, prompt_columns_of
from workbench.store.export_ratings import human_columns, names_of
from workbench.store.export_rows import Snapshot
from workbench.store.filter_sql import explain_sql, select_sql

if TYPE_CHECKING:
    from workbench.export.spec import Spec

REQUESTS: Final = "requests"
PROMPTS: Final = "prompts"
DATASETS: Final = "datasets"
EVALUATIONS: Final = "evaluations"


class AnySnapshot(Protocol):
    """What a source's rows are at one moment. Used as a context, from one thread at a time.

    rows: how many there are. as_of: the newest that there was then. `interrupt` may be called from
    any thread: what reads then raises Interrupted.
    """

    connection: Connection
    as_of: int
    taken_at: datetime

    @property
    def rows(self) -> int: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def interrupt(self) -> None: ...

    def metadata_keys(self) -> list[str]: ...

    def score_names(self) -> list[str]: ...

    def tables(
        self, columns: Sequence[Column], *, lists_as_text: bool, first: int | None = None
    ) -> Iterator[pa.Table]:
        """ROW, then the columns, a few megabytes at a time. Raises StoreError, Interrupted."""


Started = Callable[[AnySnapshot], None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of thing that leaves. name: in the spec. label, noun: for people; noun is a row.

    snapshot: (connection, spec, now, started) -> AnySnapshot; may raise StoreError.
    columns: what the spec chooses, or the usual ones; read from the store where each choice of rows
    has columns of its own. Raises Refused for one that is not there.
    check: raises FieldError for a spec that cannot be of this source, without looking at a store.
    words: what is chosen, in words. told: the same for the manifest, with the snapshot's `as_of`:
    words, json, sql (a statement that selects the ids of the rows), link, and condition (SQL to
    read) where the statement is long.
    nothing: a sentence for where no row is found.
    read: (text, zone) -> the fields of the spec that a line of the command line chooses; raises
    FieldError and FilterError. choice: the fields of the spec that choose its rows.
    kinds: of the formats that it leaves in.
    has_metadata: rows have metadata with names in it, and keys that make columns of their own.
    """

    name: str
    label: str
    noun: str
    snapshot: Callable[[Connection, Spec, datetime, Started], AnySnapshot]
    columns: Callable[[Connection, Spec], list[Column]]
    words: Callable[[Spec], str]
    told: Callable[[Spec, datetime, int], dict[str, Any]]
    nothing: Callable[[Spec], str]
    read: Callable[[str, tzinfo | None], dict[str, Any]]
    choice: tuple[str, ...]
    check: Callable[[Spec], object] = lambda _: None
    kinds: tuple[str, ...] = (TABLE,)
    has_metadata: bool = False


def _requests_told(spec: Spec, now: datetime, as_of: int) -> dict[str, Any]:
    filter_ = spec.filter
    return {
        "words": describe(filter_),
        "json": to_api(filter_),
        "condition": explain_sql(filter_, now),
        "sql": select_sql(filter_, now, as_of),
        "link": to_url(filter_),
    }


def _requests_check(spec: Spec) -> None:
    _ = spec.filter


def _prompts_told(spec: Spec, _now: datetime, as_of: int) -> dict[str, Any]:
    return {
        "words": _prompts_words(spec),
        "json": {
            **({} if spec.q is None else {"q": spec.q}),
            **({} if spec.prompt_ids is None else {"prompt_ids": list(spec.prompt_ids)}),
        },
        "sql": export_prompts.select_sql(spec.q, spec.prompt_ids or (), as_of),
        "link": None,
    }


def _prompts_words(spec: Spec) -> str:
    if spec.prompt_ids is not None:
        ids = ", ".join(map(str, spec.prompt_ids[:5]))
        more = f" and {len(spec.prompt_ids) - 5} more" if len(spec.prompt_ids) > 5 else ""
        named = f' named like "{spec.q}"' if spec.q else ""
        return f"prompt templates {ids}{more}{named}"
    return f'prompt templates named like "{spec.q}"' if spec.q else "all prompt templates"


def _datasets_check(spec: Spec) -> None:
    if spec.dataset is None:
        raise FieldError("dataset", "the number of a dataset is needed")


def _dataset_columns(connection: Connection, spec: Spec) -> list[Column]:
    with DatasetSnapshot(connection, spec.dataset or 0, spec.version) as snapshot:
        return _chosen(spec, snapshot)


def _chosen(spec: Spec, snapshot: DatasetSnapshot) -> list[Column]:
    if spec.is_table:
        return snapshot.chosen(spec.columns)
    return row_columns(spec.tuning, snapshot.columns, is_preference=spec.is_preference).all


def _datasets_words(spec: Spec) -> str:
    version = "the newest version" if spec.version is None else f"version {spec.version}"
    return f"{version} of dataset {spec.dataset}"


def _datasets_told(spec: Spec, _now: datetime, as_of: int) -> dict[str, Any]:
    return {
        "words": _datasets_words(spec),
        "json": {"dataset": spec.dataset, "version": spec.version},
        "sql": export_datasets.select_sql(spec.dataset or 0, as_of),
        "link": None,
    }


def _dataset_named(text: str, _zone: tzinfo | None) -> dict[str, Any]:
    """ "ID" or "ID VERSION"."""
    words = text.split()
    if not 1 <= len(words) <= 2 or not all(word.isdecimal() for word in words):
        raise FieldError("dataset", "the number of a dataset is needed, and of a version of it")
    numbers = [int(word) for word in words]
    return {"dataset": numbers[0], **({"version": numbers[1]} if len(numbers) > 1 else {})}


def _grid_check(spec: Spec) -> None:
    if spec.evaluation_run is None:
        raise FieldError("evaluation_run", "the id of a run of an evaluation is needed")


def _grid_columns(connection: Connection, spec: Spec) -> list[Column]:
    with GridSnapshot(connection, spec.evaluation_run or 0) as snapshot:
        return _chosen(spec, snapshot)


def _grid_told(spec: Spec, _now: datetime, _as_of: int) -> dict[str, Any]:
    return {
        "words": _grid_words(spec),
        "json": {"evaluation_run": spec.evaluation_run},
        "sql": export_evaluations.select_sql(spec.evaluation_run or 0),
        "link": None,
    }


def _grid_words(spec: Spec) -> str:
    return f"the grid of evaluation run {spec.evaluation_run}"


def _grid_named(text: str, _zone: tzinfo | None) -> dict[str, Any]:
    if not text.strip().isdecimal():
        raise FieldError("evaluation_run", "the id of a run of an evaluation is needed")
    return {"evaluation_run": int(text)}


SOURCES = {
    each.name: each
    for each in (
        Source(
            name=REQUESTS,
            label="Requests",
            noun="request",
            snapshot=lambda connection, spec, now, started: Snapshot(
                connection, spec.filter, now=now, started=started
            ),
            columns=lambda _, spec: columns_of(spec.columns),
            check=_requests_check,
            words=lambda spec: describe(spec.filter) or "all requests",
            told=_requests_told,
            nothing=lambda _: "No request matches.",
            read=lambda text, zone: to_api(parse_text(text, zone) if zone else parse_text(text)),
            choice=("filter_group", "q"),
            kinds=(TABLE, TUNING, PREFERENCE),
            has_metadata=True,
        ),
        Source(
            name=PROMPTS,
            label="Prompt templates",
            noun="version",
            snapshot=lambda connection, spec, _, started: PromptSnapshot(
                connection, spec.q, spec.prompt_ids or (), started=started
            ),
            columns=lambda _, spec: prompt_columns_of(spec.columns),
            words=_prompts_words,
            told=_prompts_told,
            nothing=lambda spec: (
                "No such prompt template is there."
                if spec.q or spec.prompt_ids
                else "There are no prompt templates yet."
            ),
            read=lambda text, _: {"q": text or None},
            choice=("q", "prompt_ids"),
        ),
        Source(
            name=DATASETS,
            label="Datasets",
            noun="row",
            snapshot=lambda connection, spec, _, started: DatasetSnapshot(
                connection, spec.dataset or 0, spec.version, started=started
            ),
            columns=_dataset_columns,
            check=_datasets_check,
            words=_datasets_words,
            told=_datasets_told,
            nothing=lambda _: "This version of the dataset has no rows.",
            read=_dataset_named,
            choice=("dataset", "version"),
            kinds=(TABLE, TUNING, PREFERENCE),
        ),
        Source(
            name=EVALUATIONS,
            label="Evaluations",
            noun="row",
            snapshot=lambda connection, spec, _, started: GridSnapshot(
                connection, spec.evaluation_run or 0, started=started
            ),
            columns=_grid_columns,
            check=_grid_check,
            words=_grid_words,
            told=_grid_told,
            nothing=lambda _: "The dataset of this run has no rows.",
            read=_grid_named,
            choice=("evaluation_run",),
            kinds=(TABLE, TUNING, PREFERENCE),
        ),
    )
}


def source_of(spec: Spec) -> Source:
    """Raises FieldError for a name that is none."""
    found = SOURCES.get(spec.source)
    if found is None:
        names = ", ".join(SOURCES)
        raise FieldError("source", f'"{spec.source[:40]}" is no source; there are {names}')
    return found


def check_source(spec: Spec) -> None:
    """What can be said of a spec without its store. Raises FieldError and FilterError."""
    source = source_of(spec)
    if spec.entry.kind not in source.kinds:
        kinds = "a table alone" if source.kinds == (TABLE,) else ", ".join(source.kinds)
        raise FieldError("format", f"{source.label.lower()} leave as {kinds}")
    if spec.masking is not None and spec.masking.name_fields and not source.has_metadata:
        raise FieldError("masking.name_fields", f"{source.label.lower()} have no metadata")
    for field in {field for each in SOURCES.values() for field in each.choice}:
        if field not in source.choice and getattr(spec, field) is not None:
            how = " and ".join(source.choice)
            raise FieldError(field, f"{source.label.lower()} are chosen by {how}")
    source.check(spec)


def check_columns(connection: Connection, spec: Spec) -> list[Column]:
    """The columns that the spec asks for. Raises FieldError for what is not there."""
    source = source_of(spec)
    if spec.tuning.human is not None and not spec.is_table:
        _check_rated(connection, spec.tuning.human, spec.tuning.evaluation)
    try:
        return source.columns(connection, spec)
    except NotFound as error:
        raise FieldError(source.choice[0], str(error).rstrip(".")) from None
    except Refused as error:
        raise FieldError("columns", str(error).rstrip(".")) from None


def _check_rated(connection: Connection, name: str, evaluation: int | None) -> None:
    found = human_columns(connection, name)
    if not found:
        names = ", ".join(names_of(human_columns(connection))[:20]) or "none"
        raise FieldError(
            "tuning.answer", f'no evaluation has a human column "{name[:80]}"; there are: {names}'
        )
    if evaluation is not None and all(one.evaluation_id != evaluation for one in found):
        ids = ", ".join(str(one.evaluation_id) for one in found[:20])
        raise FieldError(
            "tuning.evaluation",
            f'evaluation {evaluation} has no human column "{name[:80]}"; it is in: {ids}',
        )


def snapshot_of(
    connection: Connection, spec: Spec, *, now: datetime, started: Started = None
) -> AnySnapshot:
    """What the spec chooses, at this moment. Use it as a context. Raises StoreError."""
    return source_of(spec).snapshot(connection, spec, now, started)


def words_of(spec: Spec) -> str:
    """What is chosen, in words."""
    return source_of(spec).words(spec)


def told(spec: Spec, now: datetime, as_of: int) -> dict[str, Any]:
    """What is chosen, as the manifest tells it."""
    return source_of(spec).told(spec, now, as_of)
