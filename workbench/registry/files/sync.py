"""Keeping a folder and the registry in step, both ways, with what was last the same as the base.

What changed on one side goes to the other. What changed on both is a conflict: it is told and left
alone, unless one side is preferred. Nothing is deleted unless that is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson

from workbench.jsontext import FieldError, read_object
from workbench.registry.files.folder import Read, path_of, read_folder, read_text, write
from workbench.registry.files.form import FileTemplate
from workbench.store.errors import Refused

STATE = ".workbench-prompts.json"
Side = Literal["files", "registry"]
Action = Literal["publish", "write", "delete-template", "delete-file", "conflict", "refused"]


@dataclass(frozen=True, slots=True)
class Remote:
    """The newest version of a template in the registry."""

    number: int
    template: FileTemplate


class Registry(Protocol):
    """The registry as sync needs it: the store itself, or a server that has it open."""

    def everything(self) -> Mapping[str, Remote]:
        """Every template by its name."""

    def publish(self, template: FileTemplate, after: int | None) -> int:
        """Save a version and give its number; raises Refused where `after` is not the newest."""

    def delete(self, name: str) -> None:
        """Delete a template; it can be restored."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, or was refused, and why; `path` is relative to the folder."""

    action: Action
    name: str
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every step in order of names, and files that are no templates."""

    steps: tuple[Step, ...]
    read: Read

    @property
    def conflicts(self) -> list[Step]:
        return [step for step in self.steps if step.action in ("conflict", "refused")]


@dataclass(slots=True)
class _Base:
    """What was last the same on both sides."""

    number: int
    digest: str
    path: Path


@dataclass(slots=True)
class _Plan:
    name: str
    file: tuple[Path, FileTemplate] | None
    remote: Remote | None
    base: _Base | None
    steps: list[Step] = field(default_factory=list)

    @property
    def file_changed(self) -> bool:
        return self.base is None or self.file is None or self.file[1].digest != self.base.digest

    @property
    def remote_changed(self) -> bool:
        return (
            self.base is None
            or self.remote is None
            or self.remote.template.digest != self.base.digest
        )


def sync(
    root: Path,
    registry: Registry,
    *,
    prefer: Side | None = None,
    delete: bool = False,
    dry_run: bool = False,
    told: Callable[[Step], None] = lambda _step: None,
) -> Outcome:
    """Bring folder and registry into step.

    prefer: whose side a conflict is decided for. delete: what is gone on one side goes on the
    other. dry_run: nothing is changed. told: hears of each step as it is done.
    """
    read, remotes, bases = read_folder(root), registry.everything(), _read_state(root)
    unread = {each.path for each in read.unread}
    steps: list[Step] = []
    for name in sorted({*read.templates, *remotes, *bases}):
        plan = _Plan(name, read.templates.get(name), remotes.get(name), bases.get(name))
        base = plan.base
        if plan.file is None and base is not None and root / base.path in unread:
            # It is there, and cannot be read: not gone.
            continue
        step = _decide(root, plan, prefer, delete)
        if step is None:
            _remember(root, bases, plan)
            continue
        if not dry_run:
            step = _do(root, registry, bases, plan, step)
        steps.append(step)
        told(step)
    if not dry_run:
        _write_state(root, bases)
    return Outcome(tuple(steps), read)


def _decide(root: Path, plan: _Plan, prefer: Side | None, delete: bool) -> Step | None:
    """What has to be done about a name; None where both sides are the same."""
    file, remote = plan.file, plan.remote
    path = _place(root, plan)
    if file is not None and remote is not None:
        if file[1].digest == remote.template.digest:
            return None
        if plan.file_changed and not plan.remote_changed:
            return Step("publish", plan.name, path, f"changed since version {remote.number}")
        if plan.remote_changed and not plan.file_changed:
            return Step("write", plan.name, path, f"version {remote.number} is new")
        if prefer == "files":
            return Step("publish", plan.name, path, "changed on both sides, the file preferred")
        if prefer == "registry":
            return Step("write", plan.name, path, "changed on both sides, the registry preferred")
        since = f"since version {plan.base.number}" if plan.base else "and were never the same"
        reason = f"the file and version {remote.number} both changed {since}"
        return Step("conflict", plan.name, path, reason)
    if file is not None:
        if plan.base is None or prefer == "files":
            return Step("publish", plan.name, path, "not in the registry")
        if plan.file_changed and prefer is None:
            return Step("conflict", plan.name, path, "deleted in the registry, changed in the file")
        reason = "deleted in the registry"
        return Step("delete-file", plan.name, path, reason) if delete else _left(plan, path, reason)
    if remote is not None:
        if plan.base is None or prefer == "registry":
            return Step("write", plan.name, path, "no file yet")
        if plan.remote_changed and prefer is None:
            reason = f"the file is gone, and version {remote.number} is new"
            return Step("conflict", plan.name, path, reason)
        reason = "the file is gone"
        return (
            Step("delete-template", plan.name, path, reason)
            if delete
            else _left(plan, path, reason)
        )
    return None


def _left(plan: _Plan, path: Path, reason: str) -> Step:
    hint = f"{reason}; --delete deletes it here too, --prefer brings it back"
    return Step("conflict", plan.name, path, hint)


def _place(root: Path, plan: _Plan) -> Path:
    if plan.file is not None:
        return plan.file[0].relative_to(root)
    if plan.base is not None:
        return plan.base.path
    assert plan.remote is not None
    return path_of(plan.remote.template)


def _do(root: Path, registry: Registry, bases: dict[str, _Base], plan: _Plan, step: Step) -> Step:
    try:
        if step.action == "publish":
            assert plan.file is not None
            template = plan.file[1]
            number = registry.publish(template, plan.remote.number if plan.remote else 0)
            bases[plan.name] = _Base(number, template.digest, step.path)
            return replace(step, reason=f"{step.reason}: version {number}")
        if step.action == "write":
            assert plan.remote is not None
            write(root, step.path, plan.remote.template)
            digest = plan.remote.template.digest
            bases[plan.name] = _Base(plan.remote.number, digest, step.path)
        elif step.action == "delete-file":
            (root / step.path).unlink(missing_ok=True)
            bases.pop(plan.name, None)
        elif step.action == "delete-template":
            registry.delete(plan.name)
            bases.pop(plan.name, None)
    except (FieldError, Refused) as error:
        return replace(step, action="refused", reason=str(error))
    return step


def _remember(root: Path, bases: dict[str, _Base], plan: _Plan) -> None:
    """Both sides are the same, or both are gone."""
    if plan.remote is None or plan.file is None:
        bases.pop(plan.name, None)
        return
    digest = plan.remote.template.digest
    bases[plan.name] = _Base(plan.remote.number, digest, plan.file[0].relative_to(root))


def _read_state(root: Path) -> dict[str, _Base]:
    path = root / STATE
    if not path.exists():
        return {}
    value: dict[str, Any] = read_object(read_text(path).encode())
    try:
        return {
            name: _Base(int(one["version"]), str(one["digest"]), Path(str(one["file"])))
            for name, one in value["templates"].items()
            if not Path(str(one["file"])).is_absolute() and ".." not in Path(str(one["file"])).parts
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FieldError("", f"{path} is not what sync wrote: delete it to begin anew") from None


def _write_state(root: Path, bases: Mapping[str, _Base]) -> None:
    value = {
        "templates": {
            name: {"file": one.path.as_posix(), "version": one.number, "digest": one.digest}
            for name, one in sorted(bases.items())
        }
    }
    partial = root / f"{STATE}.partial"
    partial.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    os.replace(partial, root / STATE)
