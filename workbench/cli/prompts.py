"""`prompts`: templates as files, out of the registry, into it, and both ways; and their labels."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import click

from workbench.cli import prompts_release
from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.jsontext import FieldError
from workbench.messages import TemplateFormat
from workbench.registry.files import foreign
from workbench.registry.files.folder import path_of, write
from workbench.registry.files.form import FileTemplate, from_text, to_text
from workbench.registry.files.registry import StoreRegistry
from workbench.registry.files.sync import Registry, Remote, Side, Step, sync
from workbench.store.errors import Refused, StoreError

PATH = "/api/workbench/prompts"
_SAID = {
    "publish": "saved",
    "write": "written",
    "delete-template": "deleted in the registry",
    "delete-file": "file deleted",
    "conflict": "CONFLICT",
    "refused": "REFUSED",
}


class ServerRegistry:
    """The registry of a running server."""

    def __init__(self, server: str) -> None:
        self._server = server

    def everything(self) -> Mapping[str, Remote]:
        items = ask(self._server, "GET", PATH)["items"]
        found = [Remote(one["version"], from_text(one["file"])) for one in items]
        return {one.template.name: one for one in found}

    def publish(self, template: FileTemplate, after: int | None) -> int:
        body = {"file": to_text(template), "after": after}
        try:
            return int(ask(self._server, "POST", PATH, body)["version"])
        except StoreError as error:
            # One template that is refused keeps no other from being saved.
            raise Refused(str(error)) from error

    def delete(self, name: str) -> None:
        ask(self._server, "DELETE", f"{PATH}/{quote(name, safe='')}")


@contextmanager
def _registry(server: str) -> Iterator[Registry]:
    with opened() as store:
        yield ServerRegistry(server) if store is None else StoreRegistry(store, ACTOR)


@click.group()
def prompts() -> None:
    """Prompt templates as files, and their release labels."""


for each in prompts_release.COMMANDS:
    prompts.add_command(each)


@prompts.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@server_option
def export(folder: Path, server: str) -> None:
    """Write the newest version of every template into FOLDER, one YAML file each."""
    with _registry(server) as registry:
        found = registry.everything()
    folder.mkdir(parents=True, exist_ok=True)
    changed = [
        name
        for name, one in sorted(found.items())
        if write(folder, path_of(one.template), one.template)
    ]
    click.echo(f"{len(found)} templates, {len(changed)} files written into {folder}.")


@prompts.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "plain",
    type=click.Choice(["f-string", "jinja2"]),
    default="f-string",
    show_default=True,
    help="How plain text files are read.",
)
@click.option("--name", help="The template's name, where there is one template.")
@server_option
def import_(files: tuple[Path, ...], plain: TemplateFormat, name: str | None, server: str) -> None:
    """Save the templates in FILES: our own, LangChain's, promptfoo's, or plain text.

    What a template says already is not saved again.
    """
    failed = 0
    read: list[tuple[Path, FileTemplate]] = []
    for path in files:
        try:
            read += [(path, one) for one in foreign.read(path, plain)]
        except FieldError as error:
            click.echo(f"{path}: {error}", err=True)
            failed += 1
    if name is not None:
        if len(read) != 1:
            raise click.UsageError(f"--name is for one template, and these files hold {len(read)}.")
        read = [(read[0][0], replace(read[0][1], name=name))]
    with _registry(server) as registry:
        known = registry.everything()
        for path, one in read:
            there = known.get(one.name)
            if there is not None and there.template.digest == one.digest:
                click.echo(f"{one.name}: as it is, version {there.number}")
                continue
            try:
                number = registry.publish(one, None)
            except (FieldError, StoreError) as error:
                click.echo(f"{path}: {error}", err=True)
                failed += 1
            else:
                click.echo(f"{one.name}: saved as version {number}")
    if failed:
        sys.exit(1)


@prompts.command("sync")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option(
    "--prefer", type=click.Choice(["files", "registry"]), help="Whose side wins a conflict."
)
@click.option("--delete", is_flag=True, help="What is gone on one side goes on the other.")
@click.option("--dry-run", is_flag=True, help="Show what would be done.")
@server_option
def sync_(folder: Path, prefer: Side | None, delete: bool, dry_run: bool, server: str) -> None:
    """Bring FOLDER and the registry into step, both ways.

    What changed on both sides is told and left alone; the exit status is then 1.
    """

    def told(step: Step) -> None:
        would = "would be " if dry_run and step.action not in ("conflict", "refused") else ""
        click.echo(f"{would}{_SAID[step.action]}: {step.name} ({step.path}): {step.reason}")

    try:
        with _registry(server) as registry:
            outcome = sync(
                folder, registry, prefer=prefer, delete=delete, dry_run=dry_run, told=told
            )
    except FieldError as error:
        raise click.ClickException(str(error)) from None
    for unread in outcome.read.unread:
        click.echo(f"{unread.path}: {unread.reason}", err=True)
    if not outcome.steps:
        click.echo("Nothing to do.")
    if outcome.conflicts or outcome.read.unread:
        sys.exit(1)
