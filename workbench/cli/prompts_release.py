"""`prompts preflight | move | waiting | approve | reject | ab`: moving release labels from a shell.

Each works on the store itself, or asks the running server that owns it; a protected label then
counts whoever the API key belongs to as one person.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.jsontext import FieldError, read_object
from workbench.registry import ab, labels, moving
from workbench.registry.preflight import LAST, MAX_LAST
from workbench.registry.preflight import preflight as try_inputs
from workbench.store.registry_rows import LabelRequest
from workbench.store.store import Store

PATH = "/api/workbench/prompts"
REQUESTS = "/api/workbench/label-requests"
Direct = Callable[[Store], dict[str, Any]]
_label = click.option("--label", required=True, help="The release label, such as prod.")
_to = click.option("--to", "number", type=click.IntRange(min=1), required=True, help="A version.")
_note = click.option("--note", help="Why; it stands in the record.")
_json = click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")


def _done(
    server: str, direct: Direct, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    try:
        with opened() as store:
            return direct(store) if store is not None else ask(server, method, path, body)
    except FieldError as error:
        raise click.ClickException(str(error)) from None


def _of(name: str, what: str) -> str:
    return f"{PATH}/{quote(name, safe='')}/{what}"


@click.command()
@click.argument("name")
@click.option("--label", help="The release label that would move: its version is compared.")
@_to
@click.option("--last", type=click.IntRange(1, MAX_LAST), default=LAST, show_default=True)
@_json
@server_option
def preflight(
    name: str, label: str | None, number: int, last: int, as_json: bool, server: str
) -> None:
    """Try the last logged inputs of template NAME on a version, before a label moves to it.

    The exit status is 1 where a request would not render or lacks a value.
    """
    found = _done(
        server,
        lambda store: moving.preflight_report(try_inputs(store, name, number, label, last=last)),
        "POST",
        _of(name, "preflight"),
        {"version": number, "label": label, "last": last},
    )
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in (found["summary"], *found["remarks"]):
            click.echo(line)
        for one in found["failures"]:
            click.echo(f"request {one['request_id']}: {one['problem']}")
    if found["failing"] or found["lacking"]:
        sys.exit(1)


@click.command()
@click.argument("name")
@_label
@_to
@_note
@server_option
def move(name: str, label: str, number: int, note: str | None, server: str) -> None:
    """Point a release label of template NAME at a version; a protected one waits."""

    def direct(store: Store) -> dict[str, Any]:
        return moving.change_report(labels.move_label(store, ACTOR, name, label, number, note))

    body = {"version": number, "label": label, "note": note}
    done = _done(server, direct, "POST", _of(name, "labels"), body)
    click.echo(done["summary"])
    if done["waits"]:
        click.echo(f"Another person says: python -m workbench prompts approve {done['request_id']}")


@click.command()
@click.option("--prompt", help="Of this prompt template alone.")
@_json
@server_option
def waiting(prompt: str | None, as_json: bool, server: str) -> None:
    """List the changes of protected labels that wait for a second person."""

    def direct(store: Store) -> dict[str, Any]:
        found = labels.waiting(store.connection, prompt)
        return {"items": [moving.described(store.connection, one) for one in found]}

    path = REQUESTS if prompt is None else f"{REQUESTS}?prompt={quote(prompt, safe='')}"
    items = _done(server, direct, "GET", path)["items"]
    if as_json:
        click.echo(json.dumps(items, indent=2, ensure_ascii=False))
        return
    for one in items:
        click.echo(f"{one['id']}  {_said(one)}, asked by {one['requested_by']}")
    if not items:
        click.echo("Nothing waits.")


def _said(one: dict[str, Any]) -> str:
    place = one["prompt_name"] or "every template"
    target = f" → {one['to_version']}" if one["to_version"] else ""
    begun = f" {one['from_version']}" if one["from_version"] else ""
    return f"{place}: {one['kind']} {one['label']}{begun}{target}"


def _decide(word: str, about: str, decide: Callable[..., LabelRequest]) -> click.Command:
    def run(request_id: int, server: str) -> None:
        def direct(store: Store) -> dict[str, Any]:
            return moving.described(store.connection, decide(store, ACTOR, request_id))

        done = _done(server, direct, "POST", f"{REQUESTS}/{request_id}/{word}")
        click.echo(f"{done['decision']} by {done['decided_by']}: {_said(done)}")

    run.__doc__ = about
    argument = click.argument("request_id", type=click.IntRange(min=1))
    return click.command(word)(argument(server_option(run)))


approve = _decide(
    "approve",
    "Let a change of a protected label be made that somebody else asked for.",
    labels.approve,
)
reject = _decide("reject", "Refuse a change of a protected label.", labels.reject)


@click.command("ab")
@click.argument("name")
@click.option("--label", help="The release label that serves several versions.")
@click.option("--share", "shares", multiple=True, help="VERSION=PERCENT; repeat it.")
@click.option("--sticky", help="A metadata key: the same value gets the same version.")
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="A release as JSON, with segments; see docs/registry.md.",
)
@click.option("--end", is_flag=True, help="End the release: the label serves its version again.")
@_note
@server_option
def ab_(
    name: str,
    label: str | None,
    shares: tuple[str, ...],
    sticky: str | None,
    path: Path | None,
    end: bool,
    note: str | None,
    server: str,
) -> None:
    """List, start, change or end the A/B releases of template NAME."""
    if sum(map(bool, (shares, path, end))) > 1:
        raise click.UsageError("Only one of --share, --file and --end can be given.")
    if end:
        _end(name, label, server)
    elif shares or path:
        _start(name, _wanted(label, shares, sticky, path), note, server)
    else:
        _list(name, server)


def _list(name: str, server: str) -> None:
    def direct(store: Store) -> dict[str, Any]:
        return {
            "items": [moving.release_report(one) for one in ab.releases(store.connection, name)]
        }

    items = _done(server, direct, "GET", _of(name, "releases"))["items"]
    running = [one for one in items if one["running"]]
    for one in running:
        click.echo(json.dumps(one, ensure_ascii=False))
    if not running:
        click.echo("No A/B release runs.")


def _wanted(
    label: str | None, shares: tuple[str, ...], sticky: str | None, path: Path | None
) -> dict[str, Any]:
    try:
        if path is not None:
            wanted = read_object(path.read_bytes())
            wanted = {**wanted, "label": label or wanted.get("label")}
        else:
            wanted = {"label": label, "shares": [_share(one) for one in shares]}
        if sticky:
            wanted["sticky_key"] = sticky
        moving.read_release(wanted)
    except FieldError as error:
        raise click.ClickException(str(error)) from None
    return wanted


def _share(text: str) -> dict[str, Any]:
    version, equals, percent = text.partition("=")
    if not equals or not version.isdecimal():
        raise FieldError("--share", f'"VERSION=PERCENT" is needed, "{text[:40]}" came')
    read: Decimal = moving.percentage(percent.removesuffix("%"), "--share")
    return {"version": int(version), "percent": f"{read:f}"}


def _start(name: str, wanted: dict[str, Any], note: str | None, server: str) -> None:
    def direct(store: Store) -> dict[str, Any]:
        done = ab.start(store, ACTOR, name, moving.read_release(wanted), note)
        if isinstance(done, LabelRequest):
            return {"waits": done.id}
        return moving.release_report(done)

    body = {"release": wanted, "note": note}
    done = _done(server, direct, "POST", _of(name, "releases"), body)
    if "waits" in done:
        click.echo(f"The label is protected: request {done['waits']} waits for a second person.")
    else:
        click.echo(json.dumps(done, ensure_ascii=False))


def _end(name: str, label: str | None, server: str) -> None:
    if label is None:
        raise click.UsageError("--label says which release ends.")

    def direct(store: Store) -> dict[str, Any]:
        ab.end(store, ACTOR, name, label)
        return {}

    _done(server, direct, "POST", _of(name, "releases/end"), {"label": label})
    click.echo(f"The A/B release on {label} ended.")


COMMANDS = (preflight, move, waiting, approve, reject, ab_)
