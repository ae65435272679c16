"""Release labels: set, moved, removed; protected ones wait for a second person."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.registry import finding
from workbench.registry.compare import Comparison, compare_versions
from workbench.registry.names import check_label
from workbench.store import audit
from workbench.store import registry_approvals as approval_rows
from workbench.store import registry_labels as label_rows
from workbench.store.connection import Connection, Cursor
from workbench.store.errors import NotFound
from workbench.store.registry_approvals import (
    APPROVED,
    MOVE,
    REJECTED,
    REMOVE,
    UNPROTECT,
    WITHDRAWN,
)
from workbench.store.registry_rows import Label, LabelRequest, Protection, Version
from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What became of a change of a label: it was made (`label`, None once removed), or it waits
    for a second person (`request`)."""

    name: str
    before: int | None
    after: int | None
    label: Label | None = None
    request: LabelRequest | None = None

    @property
    def waits(self) -> bool:
        return self.request is not None

    @property
    def sentence(self) -> str:
        if self.waits:
            return f"The release label {self.name!r} is protected and waits for a second person."
        if self.after is None:
            return f"The release label {self.name!r} was removed from version {self.before}."
        if self.before is None:
            return f"The release label {self.name!r} points at version {self.after}."
        if self.before == self.after:
            return f"The release label {self.name!r} pointed at version {self.after} already."
        return f"The release label {self.name!r} moved from version {self.before} to {self.after}."


def move_label(
    store: Store,
    actor: str,
    identifier: str | int,
    name: str,
    number: int,
    note: str | None = None,
) -> LabelChange:
    """Point a label at a version, making it where it is new; a protected one waits.

    Raises FieldError for a name that cannot be one, NotFound for a version that is not there.
    """
    check_label(name, "name")
    template = finding.template(store.connection, identifier)
    return store.change_registry(
        lambda cursor: change_label(cursor, store, actor, template.id, name, number, note)
    )


def change_label(
    cursor: Cursor,
    store: Store,
    actor: str,
    template_id: int,
    name: str,
    number: int | None,
    note: str | None = None,
) -> LabelChange:
    """Move (or, with `number` None, remove) a label inside a change of the writer's."""
    registry = store.registry
    before = label_rows.named(cursor, template_id, name)
    stands = before.number if before else None
    if number is not None and stands == number:
        return LabelChange(name, stands, number, label=before)
    if label_rows.is_protected(cursor, template_id, name):
        kind = REMOVE if number is None else MOVE
        asked = registry.approvals.ask(cursor, actor, template_id, name, kind, number, note)
        return LabelChange(name, stands, number, request=asked)
    if number is None:
        registry.labels.remove(cursor, actor, template_id, name)
        return LabelChange(name, stands, None)
    label = registry.labels.move(cursor, actor, template_id, name, number)
    return LabelChange(name, stands, number, label=label)


def remove_label(
    store: Store, actor: str, identifier: str | int, name: str, note: str | None = None
) -> LabelChange:
    """Take a label away (and end its A/B release); a protected one waits. Raises NotFound."""
    template = finding.template(store.connection, identifier)
    return store.change_registry(
        lambda cursor: change_label(cursor, store, actor, template.id, name, None, note)
    )


def labels(connection: Connection, identifier: str | int) -> list[Label]:
    """Labels of a template, by name."""
    return label_rows.of_template(connection, finding.template(connection, identifier).id)


def label(connection: Connection, label_id: int) -> Label:
    found = label_rows.by_id(connection, label_id)
    if found is None:
        raise NotFound(f"There is no release label {label_id}.")
    return found


def label_names(connection: Connection) -> list[str]:
    """Every label name in use, for a choice."""
    return label_rows.all_names(connection)


def serves(connection: Connection, identifier: str | int, name: str) -> Version | None:
    """The version that a label points at; None where it is new. An A/B release is not looked at."""
    with connection.cursor() as cursor:
        template = finding.template_in(cursor, identifier)
        stands = label_rows.named(cursor, template.id, name)
        return None if stands is None else finding.version_in(cursor, template, stands.number)


def label_diff(
    connection: Connection, identifier: str | int, name: str, number: int
) -> Comparison | None:
    """What moving a label to a version would change; None where it points nowhere yet."""
    with connection.cursor() as cursor:
        template = finding.template_in(cursor, identifier)
        stands = label_rows.named(cursor, template.id, name)
        if stands is None:
            finding.version_in(cursor, template, number)
            return None
        before = finding.version_in(cursor, template, stands.number)
        return compare_versions(before, finding.version_in(cursor, template, number))


def history(connection: Connection, identifier: str | int, limit: int = 200) -> list[audit.Entry]:
    """Everything that was done to a template, the newest first: who, when, what."""
    template = finding.template(connection, identifier, deleted=True)
    return audit.newest(connection, limit, f"template/{template.id}")


# Protection


def is_protected(connection: Connection, identifier: str | int, name: str) -> bool:
    with connection.cursor() as cursor:
        template = finding.template_in(cursor, identifier)
        return label_rows.is_protected(cursor, template.id, name)


def protections(connection: Connection) -> list[Protection]:
    return label_rows.protections(connection)


def protect(store: Store, actor: str, name: str, identifier: str | int | None = None) -> None:
    """From now on the label needs a second person: in one template, or (None) in every one."""
    check_label(name, "name")
    id_ = None if identifier is None else finding.template(store.connection, identifier).id
    store.change_registry(lambda cursor: store.registry.labels.protect(cursor, actor, id_, name))


def unprotect(
    store: Store,
    actor: str,
    name: str,
    identifier: str | int | None = None,
    note: str | None = None,
) -> LabelRequest:
    """Ask that a label be free again: lifting a protection takes two, as what it protects does."""
    id_ = None if identifier is None else finding.template(store.connection, identifier).id
    if (id_, name) not in {(one.template_id, one.name) for one in protections(store.connection)}:
        raise NotFound(f"The release label {name!r} is not protected there.")
    return store.change_registry(
        lambda cursor: store.registry.approvals.ask(cursor, actor, id_, name, UNPROTECT, None, note)
    )


def waiting(connection: Connection, identifier: str | int | None = None) -> list[LabelRequest]:
    """Requests that nobody has decided, of one template or of all, the newest first."""
    id_ = None if identifier is None else finding.template(connection, identifier).id
    return approval_rows.listed(connection, id_)


def request(connection: Connection, request_id: int) -> LabelRequest:
    """One request, decided or not; raises NotFound."""
    with connection.cursor() as cursor:
        return approval_rows.by_id(cursor, request_id)


def approve(store: Store, actor: str, request_id: int) -> LabelRequest:
    """Let a change be made, now; raises Refused for the person who asked for it."""
    return _decide(store, actor, request_id, APPROVED)


def reject(store: Store, actor: str, request_id: int) -> LabelRequest:
    return _decide(store, actor, request_id, REJECTED)


def withdraw(store: Store, actor: str, request_id: int) -> LabelRequest:
    """Take back what one has asked for oneself."""
    return _decide(store, actor, request_id, WITHDRAWN)


def _decide(store: Store, actor: str, request_id: int, decision: str) -> LabelRequest:
    return store.change_registry(
        lambda cursor: store.registry.approvals.decide(cursor, actor, request_id, decision)
    )
