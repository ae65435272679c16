"""`run`: a template or a message on one or more models, with the answers, usage and cost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from workbench.api.connecting import PATH
from workbench.cli.run_output import as_json, as_text, streamed
from workbench.cli.run_source import Source, of_file, of_message, of_template
from workbench.cli.target import ACTOR, STORE_PATH, ask, opened, server_option
from workbench.providers.call import Call, Origin, split_model
from workbench.providers.errors import ProviderError
from workbench.providers.host import Host, store_sink
from workbench.providers.run import Run
from workbench.providers.templates import call_of
from workbench.settings import settings
from workbench.store import connections
from workbench.store.connections import Connected
from workbench.store.rows import NewRequest
from workbench.templates import close_shared_pool

LOOK_SECONDS = 0.05


@click.command()
@click.option("--template", metavar="NAME", help="A prompt template of the registry.")
@click.option("--version", type=int, help="Its version; the newest where none is named.")
@click.option("--label", help="Its release label, in place of a version.")
@click.option("--message", metavar="TEXT", help="A user message, in place of a template.")
@click.option(
    "--file",
    "path",
    metavar="PATH",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file with a user message, or with a prompt template as JSON.",
)
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="An input variable.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="PROVIDER/MODEL",
    help="A model; may be given several times. A template's own where none is named.",
)
@click.option(
    "--set",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting, as in temperature=0.2; the value is JSON or text.",
)
@click.option("--tag", "tags", multiple=True, help="A tag of the log records.")
@click.option("--stream", is_flag=True, help="Print the answers while they come.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the answers as JSON.")
@server_option
def run(
    template: str | None,
    version: int | None,
    label: str | None,
    message: str | None,
    path: Path | None,
    variables: tuple[str, ...],
    models: tuple[str, ...],
    parameters: tuple[str, ...],
    tags: tuple[str, ...],
    stream: bool,
    json_wanted: bool,
    server: str,
) -> None:
    """Ask models, and print what they answer with tokens and cost.

    Every run is logged. Keys come from the environment or from .streamlit/secrets.toml. Exits with
    1 if a model failed.
    """
    if sum(one is not None for one in (template, message, path)) != 1:
        raise click.UsageError("Give one of --template, --message and --file.")
    if stream and json_wanted:
        raise click.UsageError("--stream and --json cannot be had at once.")
    values = _pairs(variables, "--var")
    chosen = [_model(one) for one in models]
    given = {name: _json_or_text(value) for name, value in _pairs(parameters, "--set").items()}
    with _reached(server) as (host, known, asked):
        try:
            if template is not None:
                source = of_template(asked, template, version, label, values)
            elif message is not None:
                source = of_message(message, values)
            else:
                assert path is not None
                source = of_file(path, values)
        finally:
            close_shared_pool()
        origin = Origin(place="command line", actor=ACTOR, tags=tags, **source.origin)
        wanted: list[tuple[str, str] | None] = [*chosen] or [None]
        calls = [_call(source, model, given, known, stream) for model in wanted]
        runs = [host.start(call, origin) for call in calls]
        _print(runs, stream, json_wanted)
        failed = [one for one in runs if one.result().status != "done"]
    if failed:
        raise click.exceptions.Exit(1)


def _call(
    source: Source,
    model: tuple[str, str] | None,
    given: Mapping[str, Any],
    known: Sequence[Connected],
    stream: bool,
) -> Call:
    own = source.metadata.get("model") or {}
    parameters = {**(own.get("parameters") or {}), **given}
    metadata = {**source.metadata, "model": {**own, "parameters": parameters}}
    try:
        return call_of(source.prompt, metadata, source.base_url, known, model=model, stream=stream)
    except ProviderError as error:
        raise click.UsageError(error.message) from error


def _print(runs: Sequence[Run], stream: bool, json_wanted: bool) -> None:
    if json_wanted:
        answers = [as_json(one.call, one.state(), one.result()) for one in runs]
        click.echo(json.dumps(answers, ensure_ascii=False, indent=2))
        return
    for number, one in enumerate(runs):
        head = "\n" if number else ""
        if len(runs) > 1:
            click.echo(f"{head}== {one.call.provider}/{one.call.model}")
        if stream:
            _follow(one)
        answer = one.result()
        click.echo(as_text(one.state(), answer, with_answer=not stream))


def _follow(one: Run) -> None:
    """Print what comes, as it comes; Ctrl-C stops the run and keeps what came."""
    printed = 0
    try:
        while True:
            state = one.state()
            text = streamed(state)
            click.echo(text[printed:], nl=False)
            printed = len(text)
            if state.has_ended:
                break
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        one.stop()
    click.echo()


@contextmanager
def _reached(server: str) -> Iterator[tuple[Host, Sequence[Connected], Any]]:
    """A host, the connected endpoints, and where templates are: the store, or the server's name.

    Where a running server has the store open, records go to it.
    """
    with opened() as store:
        if store is not None:
            known: Sequence[Connected] = connections.listed(store.connection)
            host = Host(settings(), store_sink(store), lambda: known)
            asked: Any = store
        else:
            ask(server, "GET", STORE_PATH)
            items = ask(server, "GET", PATH)["items"]
            known = [Connected(**{**one, "models": tuple(one["models"])}) for one in items]
            host = Host(settings(), _server_sink(server), lambda: known)
            asked = server
        try:
            yield host, known, asked
        finally:
            host.close()


def _server_sink(server: str) -> Any:
    async def keep(_row: NewRequest, body: Mapping[str, Any]) -> int:
        answer = await asyncio.to_thread(ask, server, "POST", "/track-request", dict(body))
        return int(answer["request_id"])

    return keep


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise click.UsageError(f'{option} {one}: "name=value" is needed.')
        found[name] = value
    return found


def _model(text: str) -> tuple[str, str]:
    try:
        return split_model(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
