"""`renormalise`: old requests read again with today's normalisers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from workbench.api.upkeep import PATH, STEP_SECONDS
from workbench.cli.stopping import interrupts
from workbench.cli.target import ACTOR, ask, opened, server_option
from workbench.filters import FilterError, parse_text
from workbench.logs import renormalise as work
from workbench.logs.intake import zone_of
from workbench.settings import settings
from workbench.store.store import Store

Take = Callable[[int], work.Step]


@click.command("renormalise")
@click.option("--filter", "text", default="", help="Only these, in the words of the search line.")
@click.option("--all", "everything", is_flag=True, help="Also what today's normalisers have read.")
@click.option("--dry-run", is_flag=True, help="Count what would change, and change nothing.")
@click.option(
    "--after", default=0, type=click.IntRange(0), help="Begin after the request of this id."
)
@server_option
def renormalise(text: str, everything: bool, dry_run: bool, after: int, server: str) -> None:
    """Read the raw calls of old requests again, and keep what is read better today.

    Tags, metadata, scores, stars and prices that the caller named stay. Ctrl-C stops after what is
    under way; the same command does the rest.
    """
    zone = zone_of(settings()) or datetime.now(UTC).astimezone().tzinfo or UTC
    try:
        filter_ = parse_text(text, zone)
    except FilterError as error:
        raise click.BadParameter(str(error), param_hint="--filter") from None
    asked = work.Asked(filter_, text, everything, dry_run)
    with opened() as store, interrupts() as stopped:
        take = _through(server, asked) if store is None else _by(store, asked)
        counts, at = work.Counts(), after
        while not stopped:
            step = take(at)
            counts += step.counts
            if sys.stderr.isatty():
                click.echo(
                    f"\r{counts.read:,} read, {counts.changed:,} changed", nl=False, err=True
                )
            if step.after is None:
                break
            at = step.after
    if sys.stderr.isatty():
        click.echo(err=True)
    _tell(counts, dry_run)
    if stopped:
        further = f" --after {at}" if everything or dry_run else ""
        click.echo(f"It was stopped; the same command{further} does the rest.")
        raise SystemExit(1)


def _by(store: Store, asked: work.Asked) -> Take:
    return lambda after: work.renormalise(
        store, asked, actor=ACTOR, now=datetime.now(UTC), after=after, seconds=STEP_SECONDS
    )


def _through(server: str, asked: work.Asked) -> Take:
    def take(after: int) -> work.Step:
        answer = ask(
            server,
            "POST",
            PATH,
            {
                "filter": asked.text,
                "all": asked.everything,
                "dry_run": asked.dry_run,
                "after": after,
            },
        )
        return _step(answer)

    return take


def _step(answer: dict[str, Any]) -> work.Step:
    counts = work.Counts(
        answer["read"],
        answer["changed"],
        answer["unchanged"],
        answer["columns"],
        answer["reasons"],
        tuple((id_, reason) for id_, reason in answer["examples"]),
    )
    return work.Step(counts, answer["after"])


def _tell(counts: work.Counts, dry_run: bool) -> None:
    verb = "would change" if dry_run else "changed"
    click.echo(
        f"{counts.read:,} read, {counts.changed:,} {verb}, {counts.unchanged:,} unchanged, "
        f"{counts.failed:,} failed."
    )
    for name, number in sorted(counts.columns.items(), key=lambda pair: (-pair[1], pair[0])):
        click.echo(f"  {name}: {number:,}")
    for reason, number in sorted(counts.reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        first = next((id_ for id_, why in counts.examples if why == reason), None)
        place = "" if first is None else f" (first: request {first})"
        click.echo(f"  {number:,} × {reason}{place}")
