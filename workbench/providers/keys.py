"""Keys of providers: from the environment, else from `.streamlit/secrets.toml`. Never stored.

The file is read as TOML, without Streamlit; names at its top level count.
"""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path

from workbench.settings import ROOT

SECRETS = (
    ROOT / ".streamlit" / "secrets.toml",
    Path("~/.streamlit/secrets.toml"),
)


def value_of(name: str) -> str | None:
    """The value under a variable's name; None when it is nowhere or empty."""
    return _from_environment(name) or _from_files(name)


def place_of(name: str) -> str | None:
    """Where a value comes from: "environment" or "secrets.toml"."""
    if _from_environment(name):
        return "environment"
    return "secrets.toml" if _from_files(name) else None


def _from_environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _from_files(name: str) -> str | None:
    for path in SECRETS:
        path = path.expanduser()
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            continue
        value = _read(str(path), changed).get(name)
        if value:
            return value
    return None


@lru_cache(maxsize=8)
def _read(path: str, changed: int) -> dict[str, str]:
    """The texts at the top level of a file; `changed` makes a changed file another one.

    A file that is no TOML is Streamlit's to complain about: it holds no keys.
    """
    del changed
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    return {name: one.strip() for name, one in content.items() if isinstance(one, str)}
