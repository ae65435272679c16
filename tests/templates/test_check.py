from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workbench.cli.check import check
from workbench.templates.doctor.diagnosis import RULES

TEXT = 'Hi {name},\nanswer as {"reply": "..."}.\n'


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(check, list(arguments), input=stdin)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "prompt.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def test_json_names_variables_and_diagnoses(file: str) -> None:
    done = run("--format", "json", file)
    assert done.exit_code == 1
    found = json.loads(done.output)
    name, reply = found["variables"]
    assert (name["name"], name["line"], name["column"], name["required"]) == ("name", 1, 4, True)
    assert (reply["name"], reply["suspicious"]) == ('"reply"', True)
    [diagnosis] = found["diagnoses"]
    assert (diagnosis["variable"], diagnosis["line"], diagnosis["column"]) == ('"reply"', 2, 11)
    assert diagnosis["reason"].startswith("Line 2: this brace opens a JSON object")
    assert diagnosis["fix"] == "Escape 2 braces or Convert to jinja2"
    assert [one["ok"] for one in found["files"]] == [False]


def test_the_parser_can_be_chosen_and_follows_the_ending(file: str, tmp_path: Path) -> None:
    assert json.loads(run("--parser", "jinja2", "--format", "json", file).output)["variables"] == []
    path = tmp_path / "prompt.j2"
    path.write_text("{{ name|default('x') }}")
    done = run("--format", "json", str(path))
    assert done.exit_code == 0
    [variable] = json.loads(done.output)["variables"]
    assert (variable["name"], variable["required"]) == ("name", False)


def test_text_reads_like_a_compiler(file: str) -> None:
    done = run(file)
    assert f"{file} (f-string)" in done.output
    assert "  name  1:4  required" in done.output
    assert "  error 2:11 [json-object] Line 2: this brace opens a JSON object" in done.output
    assert "    fix: Escape 2 braces or Convert to jinja2" in done.output


def test_sarif_names_its_rules_and_places(file: str) -> None:
    found: dict[str, Any] = json.loads(run("--format", "sarif", file).output)
    assert found["version"] == "2.1.0"
    [one_run] = found["runs"]
    assert [rule["id"] for rule in one_run["tool"]["driver"]["rules"]] == list(RULES)
    [result] = one_run["results"]
    assert (result["ruleId"], result["level"]) == ("json-object", "error")
    assert one_run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "json-object"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 11, "charOffset": 21, "charLength": 16}


def test_a_blueprint_is_checked_message_by_message(tmp_path: Path) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": TEXT}]}
    blueprint = {"type": "chat", "messages": [{"role": "system", "content": []}, message]}
    for number, value in enumerate([blueprint, {"prompt_template": blueprint, "id": 1}]):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value))
        done = run("--format", "json", str(path))
        found = json.loads(done.output)
        assert found["variables"][0]["occurrences"][0]["message"] == 1
        assert found["diagnoses"][0]["message"] == 1
        assert "error message 2, 2:11 [json-object]" in run(str(path)).output


def test_warnings_alone_do_not_fail(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("{userName} {username}")
    done = run(str(path))
    assert done.exit_code == 0
    assert "warning 1:12 [case-only]" in done.output


def test_several_files_and_standard_input(file: str) -> None:
    done = run("--format", "json", file, "-", stdin="Hi {x}")
    found = json.loads(done.output)
    assert [one["file"] for one in found["files"]] == [file, "-"]
    assert {one["file"]: one["ok"] for one in found["files"]} == {file: False, "-": True}
    assert done.exit_code == 1


def test_a_file_that_cannot_be_read_exits_with_two(tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.txt")).exit_code == 2
    path = tmp_path / "latin.txt"
    path.write_bytes(b"\xff\xfe")
    assert run(str(path)).exit_code == 2
    assert run("--parser", "mustache", str(path)).exit_code == 2


def test_windows_line_ends_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\r\n{x}\r\n{y}")
    found = json.loads(run("--format", "json", str(path)).output)["variables"]
    assert [(one["name"], one["line"], one["column"]) for one in found] == [
        ("x", 2, 1),
        ("y", 3, 1),
    ]
