"""Rows made of logged requests: variables, messages, the answer as what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.datasets.adding import Adder, Opened
from workbench.datasets.jobs import FROM_LOGS, MAX_LISTED, Brought, Job, start
from workbench.jobs.running import Asked
from workbench.logs.bulk import Selection
from workbench.logs.importing.record import Refusal
from workbench.logs.sessions import prompt_messages
from workbench.messages import conversation_text, tool_calls
from workbench.store import dataset_reading, datasets
from workbench.store.connection import Connection, Cursor
from workbench.store.dataset_values import EXPECTED, MAX_NAME, METADATA, NewRow
from workbench.store.dataset_values import INPUT as INPUT_ROLE
from workbench.store.errors import Refused
from workbench.store.jobs import JobRow
from workbench.store.store import Store
from workbench.store.whole_rows import whole_rows

MESSAGES, INPUT, OUTPUT = "messages", "input", "output"
_SLICE = 500
_SLICE_BYTES = 32 * 2**20
# A request whose texts alone are larger is refused; no call is that large.
_MOST_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes a column. messages: the conversation that went in, as JSON; text: the same as
    one text under "input". output: the answer, as what is expected. metadata: keys that become
    columns. tags: of the request become tags of the row."""

    variables: bool = True
    messages: bool = True
    text: bool = False
    output: bool = True
    metadata: tuple[str, ...] = ()
    tags: bool = True
    split: str | None = None
    only: frozenset[str] | None = None


USUAL = Choice()


def row_of(request: Mapping[str, Any], choice: Choice) -> NewRow:
    """The row of a request as `whole_rows` gives it."""
    values: dict[str, Any] = {}
    given = _messages(request["input"])
    taken = {MESSAGES, INPUT, OUTPUT}
    variables = request["input_variables"]
    if choice.variables and isinstance(variables, dict):
        for name, value in variables.items():
            _put(values, name, value, taken, "variable")
    if choice.messages and given:
        values[MESSAGES] = given
    if choice.text and given:
        values[INPUT] = conversation_text(given)
    if choice.output and request["output"]:
        values[OUTPUT] = answer_of(request["output"])
    metadata = request["metadata"] or {}
    for key in choice.metadata:
        if metadata.get(key) is not None:
            _put(values, key, metadata[key], {*taken, *values}, "metadata")
    if choice.only is not None:
        values = {name: value for name, value in values.items() if name in choice.only}
    tags = tuple(request["tags"] or ()) if choice.tags else ()
    return NewRow(values, choice.split, tags, request["id"])


def roles_of(choice: Choice) -> dict[str, str]:
    """What the columns are for, where that is not what goes in."""
    names = [_clean(key) for key in choice.metadata]
    roles = {name: METADATA for one in names for name in (one, f"{one} (metadata)")}
    return {**roles, MESSAGES: INPUT_ROLE, INPUT: INPUT_ROLE, OUTPUT: EXPECTED}


def answer_of(messages: Sequence[Mapping[str, Any]]) -> Any:
    """An answer as text; one that calls tools, or holds no text, as its messages."""
    text = conversation_text(messages)
    is_plain = text and not any(True for one in messages for _ in tool_calls(one))
    return text if is_plain else list(messages)


def _messages(prompt: Any) -> list[Mapping[str, Any]]:
    """What went in; a completion's prompt is what the user says."""
    found = prompt_messages(prompt)
    return [{**one, "role": "user"} if one.get("role") == "prompt" else one for one in found]


def _put(values: dict[str, Any], name: str, value: Any, taken: set[str], what: str) -> None:
    name = _clean(name)
    values[f"{name} ({what})" if name in taken else name] = value


def _clean(name: str) -> str:
    """A name that a column can have."""
    shown = "".join(sign if sign.isprintable() else " " for sign in name).strip()
    return shown[: MAX_NAME - 20] or "unnamed"


def first_rows(
    connection: Connection, selection: Selection, choice: Choice, number: int = 5
) -> list[NewRow]:
    """What the first requests would become."""
    ids = selection.resolved(connection, number)
    return [row_of(one, choice) for one in _requests(connection, ids)]


def start_adding(
    store: Store,
    actor: str,
    opened: Opened,
    selection: Selection,
    choice: Choice,
    published: str | None = None,
) -> Job:
    """Bring the requests in, in the background. published: the draft becomes a version with this
    note when they are all in it."""
    draft = datasets.draft(store.connection, opened.dataset_id)
    spec = {
        "selection": selection.to_json(),
        "choice": {**asdict(choice), "only": None if choice.only is None else sorted(choice.only)},
        "number": opened.number,
        "draft": None if draft is None else draft.id,
        "published": published,
    }
    return start(
        store,
        Asked(FROM_LOGS, "From the logs", actor, opened.dataset_id, spec),
        lambda job: add_published(store, actor, opened, selection, choice, job, published),
    )


def work_again(store: Store, actor: str, row: JobRow) -> Callable[[Job], Brought]:
    """What goes on with a job that was lost. Raises Refused where its draft is gone."""
    spec, dataset_id = row.spec, row.subject or 0
    draft = datasets.draft(store.connection, dataset_id)
    if draft is None or draft.id != spec["draft"]:
        raise Refused(
            "The draft that the rows came into was published or discarded: add the requests anew."
        )
    kept = spec["choice"]
    only = None if kept["only"] is None else frozenset(kept["only"])
    choice = Choice(**{**kept, "metadata": tuple(kept["metadata"]), "only": only})
    selection = Selection.from_json(spec["selection"])
    opened = Opened(dataset_id, spec["number"])
    return lambda job: add_published(
        store, actor, opened, selection, choice, job, spec["published"]
    )


def add_published(
    store: Store,
    actor: str,
    opened: Opened,
    selection: Selection,
    choice: Choice,
    job: Job,
    published: str | None,
) -> Brought:
    """`add`, and then publish the draft where a note for that is given and it got rows."""
    brought = add(store, actor, opened, selection, choice, job)
    if published is not None and brought.rows and not brought.stopped:
        id_ = opened.dataset_id
        store.change(lambda cursor: store.datasets.publish(cursor, actor, id_, published)).result()
    return brought


def add(
    store: Store, actor: str, opened: Opened, selection: Selection, choice: Choice, job: Job
) -> Brought:
    """Add a row for each request that the draft has none of yet; a job that was lost goes on
    after the last request that was through. Raises StoreError."""
    before = {"rows": 0, "refused": 0, "known": 0, "last": 0, **job.so_far}
    ids = [id_ for id_ in selection.resolved(store.connection) if id_ > before["last"]]
    through, so_far = job.through, before
    total = through + len(ids)

    def note(cursor: Cursor, _rows: int) -> None:
        job.note(cursor, through, total, so_far)

    adder = Adder(store, actor, opened.dataset_id, roles_of(choice), note)
    refused: list[Refusal] = []
    count, known = before["refused"], before["known"]
    for start_at in range(0, len(ids), _SLICE):
        if job.is_stopped:
            break
        part = ids[start_at : start_at + _SLICE]
        there = dataset_reading.sources_in(store.connection, opened.dataset_id, opened.number, part)
        known += len(there)
        for request in _requests(store.connection, [id_ for id_ in part if id_ not in there]):
            try:
                adder.add(row_of(request, choice))
            except Refused as error:
                count += 1
                if len(refused) < MAX_LISTED:
                    refused.append(Refusal(request["id"], str(error)))
        # What is written is looked for among the next ones' sources.
        through += len(part)
        is_noted = adder.waiting > 0
        rows = before["rows"] + adder.rows + adder.waiting
        so_far = {"rows": rows, "refused": count, "known": known, "last": part[-1]}
        adder.flush()
        job.tell(through, total, so_far, noted=is_noted)
    if job.is_left:
        adder.flush()
    else:
        adder.close({"kind": "logs", "scope": selection.scope}, before["rows"])
    rows = before["rows"] + adder.rows
    return Brought(rows, count, tuple(refused), known, stopped=through < total)


def _requests(connection: Connection, ids: list[int]) -> Iterator[dict[str, Any]]:
    """Requests whole, by slices whose texts fit into memory."""
    found = whole_rows(connection, ids, _SLICE_BYTES if len(ids) > 1 else _MOST_BYTES)
    if found is not None:
        yield from found
    elif len(ids) > 1:
        yield from _requests(connection, ids[: len(ids) // 2])
        yield from _requests(connection, ids[len(ids) // 2 :])
    else:
        raise Refused(f"Request {ids[0]} is larger than {_MOST_BYTES // 2**20} MB.")
