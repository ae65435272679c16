"""`export`: requests into files, by the store itself or by the server that has it open."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from workbench.cli.download import copy, download
from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.export.formats import FORMATS
from workbench.export.jobs import Job, jobs_of
from workbench.export.preview import preview as previewed
from workbench.export.running import Progress
from workbench.export.sources import PROMPTS, REQUESTS, SOURCES
from workbench.export.spec import Spec, read_spec
from workbench.filters import FilterError
from workbench.jsontext import FieldError
from workbench.logs.intake import zone_of
from workbench.settings import settings
from workbench.store.errors import StoreError
from workbench.store.store import Store

PATH = "/api/workbench/exports"
_POLL_SECONDS = 0.3


@click.command()
@click.argument("filter_text", metavar="[FILTER]", default="")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="csv")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder."
)
@click.option("--columns", default="", help="Names with commas; metadata.KEY is one key.")
@click.option("--flatten", is_flag=True, help="A column for each key of the metadata and score.")
@click.option("--mask", is_flag=True, help="Mask personal data and secrets.")
@click.option("--mask-name", "names", multiple=True, help="A metadata key that holds names.")
@click.option(
    "--answer",
    default="",
    help="Of a fine-tuning pack: output, metadata.KEY (a corrected one), or human.NAME (a human "
    "column of an evaluation).",
)
@click.option(
    "--evaluation", type=int, help="Whose human column; else the newest rating of any evaluation."
)
@click.option(
    "--prompt-column",
    help="Of a pack of a dataset or grid: where the prompt is. Without it, it is guessed.",
)
@click.option("--system-column", help='Where the system message is; "" for none.')
@click.option(
    "--answer-column", help='Where the expected answer is; "" where the prompt ends with it.'
)
@click.option("--rejected-column", help="Of preference pairs: the answer that is not preferred.")
@click.option("--tools-column", help='Where the tools are; "" for none.')
@click.option("--own-splits", is_flag=True, help="Train and validate by the dataset's own splits.")
@click.option(
    "--source",
    type=click.Choice(list(SOURCES)),
    default=REQUESTS,
    help="What leaves; FILTER chooses of it.",
)
@click.option("--prompts", is_flag=True, help="The same as --source prompts.")
@click.option("--name", default="", help="Of the files; else what they hold.")
@click.option("--spec", type=click.File("rb"), help="Everything as JSON; see docs/export.md.")
@click.option("--bucket", is_flag=True, help="Into the installation's bucket too.")
@click.option("--preview", is_flag=True, help="Show what would be in it, write nothing.")
@server_option
def export(
    filter_text: str,
    format_: str,
    out: Path,
    columns: str,
    flatten: bool,
    mask: bool,
    names: tuple[str, ...],
    answer: str,
    evaluation: int | None,
    own_splits: bool,
    source: str,
    prompts: bool,
    name: str,
    spec: Any,
    bucket: bool,
    preview: bool,
    server: str,
    **columns_of_rows: str | None,
) -> None:
    """Export what a filter finds: `export "tag:prod last:30d" --format parquet --out data`.

    The files and a manifest are put into a folder of their own below --out.
    """
    try:
        chosen = _spec_of(spec.read()) if spec is not None else None
        if chosen is None:
            source = PROMPTS if prompts else source
            fields: dict[str, Any] = {
                **SOURCES[source].read(filter_text, zone_of(settings())),
                "source": source,
                "format": format_,
                "columns": [each.strip() for each in columns.split(",") if each.strip()],
                "flatten": flatten,
                "name": name or source,
                "bucket": bucket,
            }
            if mask or names:
                fields["masking"] = {"name_fields": list(names)}
            tuning = {
                "answer": answer or None,
                "evaluation": evaluation,
                "split": "own" if own_splits else None,
                **columns_of_rows,
            }
            fields["tuning"] = {key: one for key, one in tuning.items() if one is not None}
            chosen = read_spec(fields)
    except (FieldError, FilterError) as error:
        raise click.BadParameter(str(error)) from None
    try:
        with opened() as store:
            if preview:
                _show(_previewed(store, chosen, server))
            elif store is not None:
                _here(store, chosen, out)
            else:
                _there(chosen, server, out)
    except FieldError as error:
        # Which columns there are is known by the store.
        raise click.BadParameter(str(error)) from None


def _spec_of(data: bytes) -> Spec:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FieldError("", f"the spec is no JSON: {error}") from None
    return read_spec(value)


def _here(store: Store, spec: Spec, out: Path) -> None:
    jobs = jobs_of(store)
    id_ = jobs.start(spec, ACTOR)
    try:
        job = jobs.wait(id_, _tell if sys.stderr.isatty() else None)
    except KeyboardInterrupt:
        jobs.cancel(id_)
        jobs.wait(id_)
        raise StoreError("The export was stopped; nothing of it is left.") from None
    _check(job.row.status, job.row.error)
    folder = _folder(out, id_)
    digests = {file["name"]: file["sha256"] for file in job.files}
    # The manifest comes last: where it is, everything is.
    for file in _names(job):
        found = jobs.file(id_, file)
        if found is None:
            raise StoreError(f"The file {file} is gone from the exports folder.")
        copy(found, folder / file, digests.get(file))
    jobs.remove(id_, ACTOR)
    _done(job.row.rows_written or 0, job.row.rows_expected or 0, folder)


def _there(spec: Spec, server: str, out: Path) -> None:
    job = ask(server, "POST", PATH, spec.to_json())
    id_ = int(job["id"])
    try:
        while job["status"] in ("waiting", "running"):
            time.sleep(_POLL_SECONDS)
            job = ask(server, "GET", f"{PATH}/{id_}")
            if job["progress"] and sys.stderr.isatty():
                _tell(Progress(**job["progress"]))
    except KeyboardInterrupt:
        ask(server, "POST", f"{PATH}/{id_}/cancel")
        raise StoreError("The export was stopped; nothing of it is left.") from None
    _check(job["status"], job["error"])
    folder = _folder(out, id_)
    for file in job["files"]:
        download(f"{server.rstrip('/')}{file['link']}", folder / file["name"], file["sha256"])
    manifest = f"{PATH}/{id_}/file?name=manifest.json"
    download(f"{server.rstrip('/')}{manifest}", folder / "manifest.json", None)
    _done(job["rows_written"], job["rows_expected"], folder)


def _names(job: Job) -> list[str]:
    return [*(file["name"] for file in job.files), "manifest.json"]


def _folder(out: Path, id_: int) -> Path:
    folder = out / f"export-{id_}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error}") from error
    return folder


def _check(status: str, error: str | None) -> None:
    if status != "done":
        raise StoreError(f"The export was not finished ({status}). {error or ''}".strip())


def _tell(progress: Progress) -> None:
    total = f" of {progress.total:,}" if progress.total is not None else ""
    click.echo(f"\r{progress.stage} {progress.done:,}{total}", nl=False, err=True)


def _done(written: int, expected: int, folder: Path) -> None:
    left = (
        f" {expected - written:,} are left out, see left-out.jsonl." if written < expected else ""
    )
    click.echo(f"{written:,} of {expected:,} rows in {folder}.{left}")


def _previewed(store: Store | None, spec: Spec, server: str) -> dict[str, Any]:
    if store is None:
        return ask(server, "POST", f"{PATH}/preview", spec.to_json())
    return asdict(previewed(store.connection, spec, datetime.now(UTC)))


def _show(found: dict[str, Any]) -> None:
    click.echo(f"{found['rows']:,} rows, about {found['bytes']:,} bytes.")
    if found["problem"]:
        click.echo(found["problem"])
    for reason, number in found["left_out"].items():
        click.echo(f"  {number:,} of {found['sampled']:,} left out: {reason}")
    for change in found["changes"]:
        click.echo(f"  masked {change['kind']}: {change['before']!r} -> {change['after']}")
    for row in found["sample"][:3]:
        click.echo(orjson.dumps(row, default=str).decode()[:400])
