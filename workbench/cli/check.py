"""`python -m workbench check`: what the parsers see in template files, for a shell or a hook."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click

from workbench.cli.check_sarif import sarif
from workbench.messages import TemplateFormat
from workbench.templates import (
    Diagnosis,
    Fix,
    Variable,
    analyse,
    analyse_prompt,
    attempt_prompt,
    close_shared_pool,
    propose,
    with_format,
)

_JINJA_ENDINGS = (".j2", ".jinja", ".jinja2")


class _UnreadableError(click.FileError):
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: its text, what is in it, and the sentence over its extra variables."""

    file: str
    parser: str
    variables: tuple[Variable, ...]
    diagnoses: tuple[Diagnosis, ...]
    summary: str | None
    fixes: tuple[str, ...]

    @property
    def failed(self) -> bool:
        return any(one.severity == "error" for one in self.diagnoses)


@click.command(name="check")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=str))
@click.option(
    "--parser",
    type=click.Choice(["f-string", "jinja2"]),
    help="The parser; by default jinja2 for .j2, .jinja and .jinja2, else f-string.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How to print the findings.",
)
def check(files: tuple[str, ...], parser: str | None, output: str) -> None:
    """Say which input variables each FILE has, where and why, and what is wrong with it.

    A FILE is a text, or a prompt template as JSON (a chat or completion blueprint, or an API
    answer that holds one). "-" reads standard input. Exits with 1 if a file has errors, with 2 if
    one cannot be read.
    """
    try:
        checked = [_check(name, cast(TemplateFormat | None, parser)) for name in files]
    finally:
        close_shared_pool()
    if output == "json":
        click.echo(json.dumps(as_json(checked), ensure_ascii=False, indent=2))
    elif output == "sarif":
        findings = [(one.file, one.diagnoses) for one in checked]
        click.echo(json.dumps(sarif(findings), ensure_ascii=False, indent=2))
    else:
        for one in checked:
            click.echo(as_text(one))
    if any(one.failed for one in checked):
        raise click.exceptions.Exit(1)


def _check(name: str, parser: TemplateFormat | None) -> Checked:
    text = _read(name)
    prompt = _blueprint(text) if name.endswith(".json") or name == "-" else None
    if prompt is not None:
        if parser is not None:
            prompt = with_format(prompt, parser)
        whole = analyse_prompt(prompt)
        fixes = []
        for kind in ("escape", "convert"):
            if any(one.escapes for one in whole.diagnoses):
                outcome = attempt_prompt(cast(Any, kind), prompt)
                fixes.extend([outcome.title] if hasattr(outcome, "title") else [])
        found = whole.variables, whole.diagnoses, whole.summary, tuple(fixes)
        return Checked(name, parser or "as written", *found)
    chosen: TemplateFormat = parser or ("jinja2" if name.endswith(_JINJA_ENDINGS) else "f-string")
    analysis = analyse(text, chosen)
    proven: list[Fix] = []
    if any(one.escapes for one in analysis.diagnoses):
        proven = propose(analysis)
    titles = tuple(fix.title for fix in proven)
    return Checked(name, chosen, analysis.variables, analysis.diagnoses, analysis.summary, titles)


def _read(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.buffer.read().decode("utf-8")
        # Line ends are kept: positions and the rendered bytes depend on them.
        return Path(name).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _UnreadableError(name, hint=str(error)) from error


def _blueprint(text: str) -> Mapping[str, Any] | None:
    """The prompt template in a JSON text; None where it holds none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    for candidate in (value, value.get("prompt_template") if isinstance(value, dict) else None):
        if isinstance(candidate, dict) and candidate.get("type") in ("chat", "completion"):
            return candidate
    return None


def as_json(checked: list[Checked]) -> dict[str, Any]:
    """`variables` and `diagnoses` of all files in one list each, with the `file` they are in."""
    return {
        "variables": [_variable(one.file, each) for one in checked for each in one.variables],
        "diagnoses": [_diagnosis(one, each) for one in checked for each in one.diagnoses],
        "files": [
            {"file": one.file, "parser": one.parser, "ok": not one.failed, "summary": one.summary}
            for one in checked
        ],
    }


def _variable(file: str, variable: Variable) -> dict[str, Any]:
    first = variable.occurrences[0]
    return {
        "file": file,
        "name": variable.name,
        "line": first.line,
        "column": first.column,
        "required": variable.required,
        "kind": variable.kind,
        "suspicious": variable.suspicious,
        "hints": list(variable.hints),
        "attributes": list(variable.attributes),
        "occurrences": [
            {
                "message": one.message,
                "part": one.part,
                "line": one.line,
                "column": one.column,
                "start": one.start,
                "end": one.end,
            }
            for one in variable.occurrences
        ],
    }


def _diagnosis(checked: Checked, one: Diagnosis) -> dict[str, Any]:
    return {
        "file": checked.file,
        "variable": one.variable,
        "line": one.line,
        "column": one.column,
        "reason": one.reason,
        "fix": fix_words(checked, one),
        "rule": one.rule,
        "severity": one.severity,
        "start": one.start,
        "end": one.end,
        "message": one.message,
        "part": one.part,
    }


def fix_words(checked: Checked, one: Diagnosis) -> str | None:
    """What to do: the fixes of the file that are proven equal, else the doctor's advice."""
    if one.escapes and checked.fixes:
        return " or ".join(checked.fixes)
    return one.advice


def as_text(checked: Checked) -> str:
    rows = [f"{checked.file} ({checked.parser})"]
    for variable in checked.variables:
        if variable.suspicious:
            continue
        places = ", ".join(_place(variable, index) for index in range(len(variable.occurrences)))
        need = "required" if variable.required else "optional"
        kind = "" if variable.kind == "text" else f", {variable.kind}"
        rows.append(f"  {variable.name}  {places}  {need}{kind}")
    if checked.summary:
        rows.append(f"  {checked.summary}")
    for one in checked.diagnoses:
        where = "" if one.message is None else f"message {one.message + 1}, "
        rows.append(f"  {one.severity} {where}{one.line}:{one.column} [{one.rule}] {one.reason}")
        fix = fix_words(checked, one)
        if fix:
            rows.append(f"    fix: {fix}")
    return "\n".join(rows)


def _place(variable: Variable, index: int) -> str:
    one = variable.occurrences[index]
    if one.message is None:
        return f"{one.line}:{one.column}"
    return f"message {one.message + 1} {one.line}:{one.column}"
