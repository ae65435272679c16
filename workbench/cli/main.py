"""The group of commands. A command is a module of this package with a click command in it."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import Any

import click

from workbench import __version__
from workbench.settings import SettingsError
from workbench.store.errors import StoreError

COMMANDS = {
    "serve": "Serve the pages and the API.",
    "keys": "Make, list and revoke API keys.",
    "sample": "Load or remove the sample.",
    "import": "Import requests from files of this and of other products.",
    "export": "Export requests as a table or as fine-tuning files.",
    "exports": "List, cancel and repeat exports; patterns of masking.",
    "backup": "Write the whole store into one file.",
    "restore": "Put a backup in the place of the store.",
    "renormalise": "Read old requests again with today's normalisers.",
    "run": "Run a prompt template or a message on one or more models.",
    "prompts": "Prompt templates as files: export, import, sync.",
    "check": "Check prompt templates: their variables and what is wrong with them.",
}


class _Lazy(click.Group):
    """Listing the commands imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        # A module cannot be called "import".
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"workbench.cli.{name}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (StoreError, SettingsError) as error:
            print(f"workbench: {error}", file=sys.stderr)
            ctx.exit(2)


@click.group(cls=_Lazy)
@click.version_option(__version__, prog_name="workbench")
def main() -> None:
    """A prompt and LLM-log workbench: one process over one DuckDB file."""
