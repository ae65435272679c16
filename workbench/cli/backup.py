"""`backup`: the whole store in one DuckDB file, also while the server runs."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from workbench.cli.target import ask, opened, server_option
from workbench.store.files import backup as write_backup
from workbench.store.files import backup_path

PATH = "/api/workbench/backup"


@click.command()
@server_option
def backup(server: str) -> None:
    """Write everything, as of one moment, into a new file in the backups folder."""
    with opened() as store:
        if store is not None:
            path = backup_path(store.settings, datetime.now(UTC))
            size = write_backup(store.connection, path)
            written = str(path)
        else:
            answer = ask(server, "POST", PATH)
            written, size = answer["path"], int(answer["bytes"])
    click.echo(f"{written} ({size:,} bytes)")
