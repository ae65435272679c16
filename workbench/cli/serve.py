"""`serve`: the same app as `streamlit run Home.py`, with its options by name."""

from __future__ import annotations

import os
import sys

import click

from workbench.settings import ROOT


@click.command()
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535))
@click.option("--address", default="127.0.0.1", show_default=True, help="The interface to serve.")
@click.option("--database", help="The store, as in WORKBENCH_DATABASE.")
@click.option("--open/--no-open", "open_browser", default=False, help="Open a browser window.")
def serve(port: int, address: str, database: str | None, open_browser: bool) -> None:
    """Serve the pages and the API on one port."""
    if database:
        os.environ["WORKBENCH_DATABASE"] = database
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "Home.py"),
        f"--server.port={port}",
        f"--server.address={address}",
        f"--server.headless={'false' if open_browser else 'true'}",
    ]
    # The server takes the place of this process, so signals and exit codes are its own.
    os.execv(sys.executable, command)  # noqa: S606 - a fixed program with checked options
