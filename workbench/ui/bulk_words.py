"""What pages say of changes of many requests: what one does, did, or has left to do."""

from __future__ import annotations

from typing import Final

from workbench.jobs.running import Shown
from workbench.logs import bulk_jobs
from workbench.logs.bulk import Done, Undone
from workbench.store.bulk_changes import BulkChange
from workbench.store.bulk_kinds import (
    Deleting,
    Grouping,
    Kind,
    MetadataChange,
    Scoring,
    Starring,
    Tagging,
)
from workbench.store.errors import StoreError
from workbench.store.jobs import JobRow
from workbench.store.purge import Purged
from workbench.ui import words

_DONE = {
    "tag": "Changed the tags of",
    "metadata": "Changed the metadata of",
    "score": "Scored",
    "group": "Grouped",
    "delete": "Deleted",
}
UNKNOWN = "The server's log has the reason."
#: What to do with one that a restart stopped.
LOST: Final = {
    bulk_jobs.CHANGE: "Go on changes the rest; what is changed can be undone in the settings.",
    bulk_jobs.UNDO: "Go on puts back the rest.",
    bulk_jobs.PURGE: "Go on removes the rest.",
}


def title_of(row: JobRow) -> str:
    """What a job does, as plain text."""
    what = _what(bulk_jobs.kind_done(row))
    return what[:1].upper() + what[1:] if what else row.title


def told_of(job: Shown) -> str:
    """What became of a job that ended, as Markdown."""
    if bulk_jobs.outcome_of(job) is not None:
        return sentence(job)
    reason = job.row.error
    if job.live is not None and isinstance(job.live.error, StoreError):
        reason = str(job.live.error)
    return f":material/error: Not done: {reason or UNKNOWN}"


def sentence(job: Shown) -> str:
    """What became of a job, in words."""
    outcome = bulk_jobs.outcome_of(job)
    stopped = " until it was stopped" if outcome is not None and outcome.stopped else ""
    if isinstance(outcome, Done):
        kind = bulk_jobs.kind_done(job.row)
        did = _DONE.get(kind.action, "Changed") if kind else "Changed"
        if isinstance(kind, Starring):
            did = "Starred" if kind.starred else "Took the star from"
        if outcome.planned and not outcome.changed and not stopped:
            return f"Nothing to change: {words.plural(outcome.planned, 'request')} had it already."
        text = f"{did} {words.plural(outcome.changed, 'request')}{stopped}."
        same = outcome.planned - outcome.changed
        if same and not stopped:
            text += f" {words.plural(same, 'other')} needed no change."
        return text
    if isinstance(outcome, Undone):
        text = f"Put back {words.plural(outcome.restored, 'request')}{stopped}."
        if outcome.left:
            text += f" {outcome.left:,} had been changed again since, and stay as they are."
        return text
    if isinstance(outcome, Purged):
        return purged_sentence(outcome)
    return ""


def purged_sentence(purged: Purged) -> str:
    text = f"Purged {words.plural(purged.requests, 'request')}"
    if purged.blobs:
        text += f" and {words.plural(purged.blobs, 'image or file', 'images and files')}"
    if purged.stopped:
        return f"{text} until it was stopped. Purge again to go on."
    if not purged.is_erased:
        return (
            f"{text}. Traces may be left in the store's files: purge again when less is going on."
        )
    return f"{text}. The store's files hold nothing of them any more."


def described(change: BulkChange) -> str:
    """A change in words: what was done, and to how many requests."""
    return f"{_what(change.kind) or change.action}: {words.plural(change.changed, 'request')}"


def _what(kind: Kind | None) -> str:
    match kind:
        case Tagging():
            pieces = [f"tag {name}" for name in kind.add]
            return ", ".join([*pieces, *(f"no longer tag {name}" for name in kind.remove)])
        case MetadataChange():
            pieces = [f"metadata {key} set" for key in kind.set]
            return ", ".join([*pieces, *(f"metadata {key} removed" for key in kind.remove)])
        case Scoring():
            if kind.value is None:
                return f"score {kind.name} removed"
            return f"score {kind.name} {kind.value:g}"
        case Starring():
            return "starred" if kind.starred else "star taken away"
        case Grouping():
            return "taken out of sessions" if kind.group_id is None else f"session {kind.group_id}"
        case Deleting():
            return "deleted"
    return ""
