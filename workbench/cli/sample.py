"""`sample`: the sample from the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.registry import sample as whole_sample

PATH = "/api/workbench/sample"


@click.group()
def sample() -> None:
    """Load or remove the sample: a month of a fictional product."""


@sample.command("load")
@server_option
def load(server: str) -> None:
    """Load the sample, its newest request ending now."""
    with opened() as store:
        if store is not None:
            number = whole_sample.load(store, ACTOR, datetime.now(UTC))
        else:
            number = int(ask(server, "POST", PATH)["requests"])
    click.echo(f"{number:,} requests loaded.")


@sample.command("remove")
@server_option
def remove(server: str) -> None:
    """Remove what the sample brought; your own requests stay."""
    with opened() as store:
        if store is not None:
            number = whole_sample.remove(store, ACTOR, datetime.now(UTC))
        else:
            number = int(ask(server, "DELETE", PATH)["requests"])
    click.echo(f"{number:,} requests removed.")
