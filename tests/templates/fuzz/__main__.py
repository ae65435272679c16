"""``python -m tests.templates.fuzz jinja2 600 CORPUS``: fuzz one parser for that many seconds.

Needs atheris (coverage-guided, libFuzzer). Exits with an error and prints the input when a target
raises.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

# By name, since it is installed only where somebody fuzzes.
atheris = importlib.import_module("atheris")

with atheris.instrument_imports(include=["workbench.templates", "jinja2"]):
    from tests.templates.corpus_reader import cases
    from tests.templates.fuzz import targets


def main() -> None:
    name, seconds = sys.argv[1], sys.argv[2]
    folder = Path(sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp())
    seeds = folder / f"seeds-{name}"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases()):
        (seeds / str(number)).write_text(case.text, encoding="utf-8")
    words = folder / "dictionary"
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in targets.DICTIONARY))
    options = [f"-max_total_time={seconds}", f"-dict={words}", "-max_len=2000", "-timeout=20"]
    options += [f"-artifact_prefix={folder}/", "-rss_limit_mb=2048", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], targets.TARGETS[name])
    atheris.Fuzz()


def _quoted(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


main()
