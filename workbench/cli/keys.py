"""`keys`: API keys from the command line."""

from __future__ import annotations

import click

from workbench.api.admin import key_row
from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.store import keys as store_keys

PATH = "/api/workbench/keys"


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("make")
@click.argument("name")
@server_option
def make(name: str, server: str) -> None:
    """Make a key for NAME and print it: it is not shown again."""
    with opened() as store:
        if store is not None:
            click.echo(store.make_key(ACTOR, name))
            return
    click.echo(ask(server, "POST", PATH, {"name": name})["key"])


@keys.command("list")
@server_option
def list_(server: str) -> None:
    """List the keys by their last four characters."""
    with opened() as store:
        if store is not None:
            rows = [key_row(each) for each in store_keys.listed(store.connection)]
        else:
            rows = ask(server, "GET", PATH)["items"]
    for row in rows:
        state = f"revoked {row['revoked_at']}" if row["revoked_at"] else "valid"
        click.echo(f"{row['id']}  …{row['hint']}  {row['created_at']}  {state}  {row['name']}")


@keys.command("revoke")
@click.argument("key_id", type=int)
@server_option
def revoke(key_id: int, server: str) -> None:
    """Revoke the key with this id (see `keys list`)."""
    with opened() as store:
        if store is not None:
            store.revoke_key(ACTOR, key_id)
        else:
            ask(server, "DELETE", f"{PATH}/{key_id}")
    click.echo(f"Key {key_id} is revoked.")
