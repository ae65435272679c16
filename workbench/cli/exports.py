"""`exports`: the list of exports, those that repeat, and the patterns of masking."""

from __future__ import annotations

from typing import Any

import click
import orjson

from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.export import schedules
from workbench.export.jobs import jobs_of
from workbench.export.masking import patterns
from workbench.export.spec import read_spec
from workbench.jsontext import FieldError
from workbench.store.errors import Refused

_EXPORTS = "/api/workbench/exports"
_SCHEDULES = "/api/workbench/export-schedules"
_PATTERNS = "/api/workbench/export-patterns"


@click.group()
def exports() -> None:
    """List, cancel and remove exports; repeat them; keep patterns of masking."""


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise click.BadParameter(f"This is no JSON: {error}.") from None


@exports.command("list")
@server_option
def list_(server: str) -> None:
    """The exports, the newest first."""
    with opened() as store:
        if store is None:
            found = ask(server, "GET", _EXPORTS)["items"]
        else:
            rows = [job.row for job in jobs_of(store).listed()]
            found = [
                {
                    "id": row.id,
                    "status": row.status,
                    "format": row.spec.get("format", "csv"),
                    "name": row.name,
                    "rows_written": row.rows_written,
                    "created_at": row.created_at.isoformat(),
                }
                for row in rows
            ]
    for each in found:
        written = "" if each["rows_written"] is None else f"{each['rows_written']:,} rows"
        moment = each["created_at"][:19]
        click.echo(
            f"{each['id']}  {moment}  {each['status']:<11}  "
            f"{each['format']}  {each['name']}  {written}"
        )


@exports.command()
@click.argument("id_", metavar="ID", type=int)
@server_option
def cancel(id_: int, server: str) -> None:
    """Stop an export that the running server makes or has waiting."""
    with opened() as store:
        if store is not None:
            jobs_of(store).get(id_)
            raise Refused(f"Export {id_} is not running: no server has the store open.")
        ask(server, "POST", f"{_EXPORTS}/{id_}/cancel")
    click.echo(f"Export {id_} is asked to stop.")


@exports.command()
@click.argument("id_", metavar="ID", type=int)
@server_option
def remove(id_: int, server: str) -> None:
    """Remove an export with its files."""
    with opened() as store:
        if store is None:
            ask(server, "DELETE", f"{_EXPORTS}/{id_}")
        else:
            jobs_of(store).remove(id_, ACTOR)
    click.echo(f"Removed export {id_}.")


@exports.command()
@server_option
def repeating(server: str) -> None:
    """The exports that repeat."""
    with opened() as store:
        if store is None:
            found = ask(server, "GET", _SCHEDULES)["items"]
        else:
            found = [
                {
                    "id": each.id,
                    "name": each.name,
                    "every": each.every,
                    "next_at": each.next_at.isoformat(),
                    "paused": each.paused,
                }
                for each in schedules.listed(store.connection)
            ]
    for each in found:
        when = "paused" if each["paused"] else f"next {each['next_at'][:16]}"
        click.echo(f"{each['id']}  every {each['every']}  {when}  {each['name']}")


@exports.command()
@click.argument("spec", type=click.File("rb"))
@click.option("--every", type=click.Choice(list(schedules.EVERY)), default="day")
@server_option
def repeat(spec: Any, every: str, server: str) -> None:
    """Repeat the export of a SPEC, a JSON file as docs/export.md describes it."""
    given = _json(spec.read())
    try:
        with opened() as store:
            if store is None:
                id_ = ask(server, "POST", _SCHEDULES, {"spec": given, "every": every})["id"]
            else:
                id_ = schedules.add(store, ACTOR, read_spec(given), every)
    except FieldError as error:
        raise click.BadParameter(str(error)) from None
    click.echo(f"Repeating export {id_}: every {every}.")


@exports.command()
@click.argument("id_", metavar="ID", type=int)
@click.option("--on", "goes_on", is_flag=True, help="Let it go on.")
@server_option
def pause(id_: int, goes_on: bool, server: str) -> None:
    """Pause a repeating export, or let it go on."""
    with opened() as store:
        if store is None:
            ask(server, "PATCH", f"{_SCHEDULES}/{id_}", {"paused": not goes_on})
        else:
            schedules.pause(store, ACTOR, id_, not goes_on)
    click.echo(f"Repeating export {id_} {'goes on' if goes_on else 'is paused'}.")


@exports.command()
@click.argument("id_", metavar="ID", type=int)
@server_option
def end(id_: int, server: str) -> None:
    """Repeat an export no more."""
    with opened() as store:
        if store is None:
            ask(server, "DELETE", f"{_SCHEDULES}/{id_}")
        else:
            schedules.remove(store, ACTOR, id_)
    click.echo(f"Export {id_} repeats no more.")


@exports.command("patterns")
@click.option("--set", "given", type=click.File("rb"), help="A JSON list that replaces them.")
@server_option
def patterns_(given: Any, server: str) -> None:
    """The workspace's patterns of masking, as JSON; --set replaces them."""
    made = _json(given.read()) if given is not None else None
    try:
        with opened() as store:
            if store is None:
                body = None if made is None else {"items": made}
                found = ask(server, "GET" if body is None else "PUT", _PATTERNS, body)["items"]
            else:
                if made is not None:
                    patterns.save(store, ACTOR, patterns.read(made))
                found = [each.to_json() for each in patterns.saved(store.connection)]
    except FieldError as error:
        raise click.BadParameter(str(error)) from None
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
