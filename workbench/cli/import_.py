"""`import`: files of logged requests into the store, or into the server that has it open."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from workbench.cli.stopping import interrupts
from workbench.cli.target import ACTOR, KEY_VARIABLES, STORE_PATH, ask, opened, server_option
from workbench.logs.importing import formats
from workbench.logs.importing.job import Options, Progress, import_file
from workbench.logs.importing.preview import Inspected, Preview, inspect, preview
from workbench.logs.importing.record import Counts, ImportFailed
from workbench.logs.importing.remote import ServerSink
from workbench.logs.importing.taking import Origin
from workbench.logs.intake import Sender, zone_of
from workbench.settings import settings
from workbench.store.connection import data_folder
from workbench.store.errors import StoreError
from workbench.store.store import Store


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "format_name", type=click.Choice(formats.names()), help="Default: found.")
@click.option("--map", "pairs", multiple=True, metavar="COLUMN=FIELD", help="May be repeated.")
@click.option("--provider", default="", help="For records that name none.")
@click.option("--requests", type=click.Path(path_type=Path), help="A batch's input file.")
@click.option("--encoding", help="Of files that are not UTF-8, such as windows-1252.")
@click.option("--zone", "zone_name", help="Of times without one, such as Europe/Berlin.")
@click.option("--name", help="Stands in the origin of the rows. Default: the file's name.")
@click.option("--refused", type=click.Path(path_type=Path), help="Refused rows: .jsonl or .csv.")
@click.option("--restart", is_flag=True, help="Begin anew where an earlier import stopped.")
@click.option("--preview", "only_preview", is_flag=True, help="Show ten records, store nothing.")
@server_option
def import_(
    files: tuple[Path, ...],
    format_name: str | None,
    pairs: tuple[str, ...],
    provider: str,
    requests: Path | None,
    encoding: str | None,
    zone_name: str | None,
    name: str | None,
    refused: Path | None,
    restart: bool,
    only_preview: bool,
    server: str,
) -> None:
    """Import files of logged requests. Importing a file twice adds nothing.

    Ctrl-C stops after what is under way; the same command goes on from there.
    """
    zone = zone_of(settings()) if zone_name is None else _zone(zone_name)
    for file in files:
        mark = f"{file.name}.{_digest(file)}"
        folder = data_folder(settings()) / "imports"
        options = Options(
            name=name,
            mapping=_mapping(pairs),
            provider=provider,
            companion=requests,
            encoding=encoding,
            zone=zone,
            refused=refused or folder / f"{mark}.refused.jsonl",
            state=folder / f"{mark}.state.json",
        )
        try:
            if only_preview:
                _show_columns(inspect(file, encoding), options.mapping)
                _show(preview(file, format_name, options))
                continue
            if restart and options.state is not None:
                options.state.unlink(missing_ok=True)
            counts = _run(file, format_name, options, server)
        except ImportFailed as error:
            raise StoreError(str(error)) from error
        _tell(file, counts)
        if not counts.finished:
            raise SystemExit(1)


def _run(file: Path, format_name: str | None, options: Options, server: str) -> Counts:
    with opened() as store, interrupts() as asked:

        def run(target: Store | ServerSink, name: str | None) -> Counts:
            return import_file(
                target,
                file,
                name,
                options,
                actor=ACTOR,
                progress=_progress if sys.stderr.isatty() else None,
                stop=lambda: bool(asked),
            )

        if store is not None:
            return run(store, format_name)
        # Says what is wrong where there is no key, no server, or one with another store.
        ask(server, "GET", STORE_PATH)
        key = next(os.environ[name] for name in KEY_VARIABLES if os.environ.get(name))
        found = format_name or preview(file, None, options).format
        origin = Origin(options.name or file.name, found, Sender(ACTOR, options.zone))
        sink = ServerSink(server, key, origin)
        try:
            return run(sink, found)
        finally:
            sink.close()


def _mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    if not pairs:
        return None
    split = [pair.rpartition("=") for pair in pairs]
    if not all(sign for _, sign, _ in split):
        raise click.BadParameter("write it as COLUMN=FIELD", param_hint="--map")
    return {column: field.strip() for column, _, field in split}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        said = 'an IANA name such as "Europe/Berlin" is needed'
        raise click.BadParameter(said, param_hint="--zone") from None


def _digest(file: Path) -> str:
    """Tells files of one name in different folders apart."""
    return hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:8]


def _progress(progress: Progress) -> None:
    part = "" if progress.fraction is None else f"{progress.fraction:4.0%}  "
    counts = progress.counts
    click.echo(
        f"\r{part}{counts.read:,} read, {counts.stored:,} stored, {counts.duplicates:,} there "
        f"already, {counts.refused:,} refused, {progress.rate:,.0f} a second",
        nl=counts.finished,
        err=True,
    )


def _tell(file: Path, counts: Counts) -> None:
    end = "" if counts.finished else " It was stopped; the same command goes on from there."
    click.echo(
        f"{file.name}: {counts.read:,} read, {counts.stored:,} stored, {counts.duplicates:,} there "
        f"already, {counts.refused:,} refused, {counts.skipped_rows:,} no calls.{end}"
    )
    for reason, number in sorted(counts.skipped.items(), key=lambda pair: -pair[1]):
        click.echo(f"  {number:,} × {reason}")
    if counts.refused_file:
        click.echo(f"  refused rows, with reasons: {counts.refused_file}")


def _show_columns(found: Inspected, mapping: Mapping[str, str] | None) -> None:
    """Before anything else: who is told that a mapping lacks a column has to know the columns."""
    click.echo(f"It looks like {found.format} ({found.sure:.0%} sure). Columns:")
    for each in found.proposals:
        field = each.field if mapping is None else mapping.get(each.column)
        why = f" ({each.confidence:.0%}: {each.why})" if mapping is None else ""
        click.echo(f"  {each.column} -> {field or '(left out)'}{why}")
    if found.unread is not None:
        click.echo(f"None of the first rows can be read, {found.unit} {found.unread.place}:")
        raise ImportFailed(found.unread.reason)


def _show(found: Preview) -> None:
    click.echo(f"Read as {found.format}:")
    for place, row in found.records:
        click.echo(
            f"{found.unit} {place}: {row.started_at:%Y-%m-%d %H:%M:%S} {row.provider or '?'}/"
            f"{row.model or '?'} {row.input_preview[:60]!r} -> {row.output_preview[:60]!r}"
        )
    for refusal in found.refused:
        click.echo(f"{found.unit} {refusal.place} refused: {refusal.reason}")
    for reason, number in found.skipped.items():
        click.echo(f"{number:,} × {reason}")
