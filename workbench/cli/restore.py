"""`restore`: a backup in the place of the store, which nobody may have open."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from workbench.cli.target import ACTOR
from workbench.settings import settings
from workbench.store.restoring import restore as put_back


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--others-stopped", is_flag=True, help="No other process has the DuckLake store open."
)
def restore(file: Path, others_stopped: bool) -> None:
    """Put the backup FILE in the place of the store, which is kept under another name.

    The server must be stopped. The backup itself stays as it is; one of an older version is brought
    to the form of this one.
    """
    found = put_back(
        settings(),
        file.absolute(),
        actor=ACTOR,
        now=datetime.now(UTC),
        others_stopped=others_stopped,
    )
    click.echo(f"{file} is in place: {found.requests:,} requests.")
    if found.aside is not None:
        click.echo(f"The store as it was is kept in {found.aside}.")
