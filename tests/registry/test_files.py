"""Templates as files: read back to the letter, kept in step both ways, conflicts told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.conftest import chat, completion, model
from workbench.jsontext import FieldError
from workbench.registry.blueprint import checked
from workbench.registry.files import foreign
from workbench.registry.files.folder import path_of, read_folder, write
from workbench.registry.files.form import FileTemplate, from_text, to_text
from workbench.registry.files.sync import STATE, Outcome, Remote, Side, sync
from workbench.store.errors import Refused


def template(name: str = "greeting", text: str = "Hello {name}", **more: Any) -> FileTemplate:
    return FileTemplate(name=name, prompt=checked(chat(("user", text))), **more)


# One file

WORDS = st.text(max_size=40) | st.sampled_from(
    [
        "a\nb",
        "a\r\nb",
        " x",
        "x ",
        "x \ny",
        "yes",
        "null",
        "2020-01-01",
        "1",
        "~",
        "- a",
        "é\u2028漢",
        "\t",
        "a: b",
        "#",
        "\x85",
        "\ufeff",
    ]
)


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), WORDS), max_size=4),
    st.none()
    | st.dictionaries(
        WORDS.filter(lambda key: "\ud800" not in key),
        WORDS | st.integers() | st.booleans(),
        max_size=3,
    ),
    st.lists(st.text(min_size=1, max_size=5), max_size=2),
    st.lists(st.text(min_size=1, max_size=6) | st.sampled_from(["a/", "/b", "/"]), max_size=2),
)
def test_a_file_is_read_back_to_the_letter(
    messages: list[tuple[str, str]], metadata: Any, tags: list[str], folder: list[str]
) -> None:
    written = FileTemplate(
        name="a/b: c",
        prompt=checked(chat(*messages)),
        metadata=metadata,
        tags=tuple(tags),
        folder=tuple(folder),
        message="why\n",
        provider_base_url="x",
    )
    assert from_text(to_text(written)) == written


def test_a_text_of_several_lines_stands_in_the_file_as_it_is() -> None:
    prompt = {
        "type": "chat",
        "messages": [
            {"role": "system", "content": 'You answer in JSON:\n{{"a": "{b}"}}\n'},
            {"role": "placeholder", "name": "history"},
            {"role": "user", "content": "{{ name }}", "template_format": "jinja2"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    text = to_text(
        FileTemplate(name="g", prompt=checked(prompt), metadata=model(temperature=0), tags=("a",))
    )
    assert (
        text
        == """\
name: g
tags:
- a
metadata:
  model:
    provider: openai
    name: gpt-4o
    parameters:
      temperature: 0
prompt:
  type: chat
  messages:
  - role: system
    content: |
      You answer in JSON:
      {{"a": "{b}"}}
  - role: placeholder
    name: history
  - role: user
    template_format: jinja2
    content: '{{ name }}'
  tools:
  - type: function
    function:
      name: f
"""
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a template's file is an object, null came"),
        ("[1]", "a template's file is an object, a list came"),
        ("name: x\ncolour: red", "colour: this is no field of a template's file"),
        ("prompt: {}", "name: the name of the template is needed"),
        ("name: x\nprompt: 5", "prompt: an object is needed, a number came"),
        ("name: x\nprompt: {type: chat, messages: [{role: judge}]}", "prompt.messages[0].role"),
        ("name: [", "the YAML cannot be read"),
        ("a: &a [1]\nb: *a", "anchors and aliases are not taken"),
        ("!!python/object/apply:os.system ['true']", "the YAML cannot be read"),
        ("name: x\ntags: 5\nprompt: {type: completion}", "tags: a list of texts is needed"),
        ("- " * 5000, "the YAML cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(FieldError) as caught:
        from_text(text)
    assert said.casefold() in str(caught.value).casefold()


def test_words_that_yaml_takes_for_dates_and_booleans_are_words() -> None:
    found = from_text(
        "name: 2020-01-01x\nmetadata: {on: yes, at: 2020-01-01}\nprompt: {type: completion}"
    )
    assert found.metadata == {"on": "yes", "at": "2020-01-01"}


# A folder


@pytest.mark.parametrize(
    "name",
    ["a/b", "..", ".hidden", "CON", "a\\b", "a:b", "漢字", "x" * 400, "A", "a", "end.", "a%b"],
)
def test_every_name_has_a_file_inside_the_folder(tmp_path: Path, name: str) -> None:
    one = template(name)
    path = path_of(one)
    assert len(path.parts) == 1
    assert write(tmp_path, path, one)
    assert not write(tmp_path, path, one)
    [file] = list(tmp_path.iterdir())
    assert file.name == str(path)
    assert read_folder(tmp_path).templates[name][1] == one


def test_two_names_never_have_one_file() -> None:
    names = ["a", "A", "a/b", "a%2Fb", "é", "É", "e\u0301", "x" * 400, "x" * 401, "con", "CON"]
    paths = {str(path_of(template(name))).casefold() for name in names}
    assert len(paths) == len(names)


def test_a_folder_is_read_without_what_is_no_template_or_not_inside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(to_text(template("outside")))
    root = tmp_path / "root"
    write(root, Path("deep/er/one.yaml"), template("one"))
    write(root, Path("two.yaml"), template("one"))
    (root / "broken.yaml").write_text("name: [")
    (root / "note.txt").write_text("not one")
    (root / ".git").mkdir()
    (root / ".git" / "x.yaml").write_text(to_text(template("git")))
    (root / "link.yaml").symlink_to(outside)
    found = read_folder(root)
    assert list(found.templates) == ["one"]
    assert [each.path.name for each in found.unread] == ["broken.yaml", "one.yaml"]
    with pytest.raises(FieldError, match="is not inside"):
        write(root, Path("../elsewhere/x.yaml"), template("x"))


# Two-way sync


class Memory:
    """A registry that a test looks into."""

    def __init__(self) -> None:
        self.kept: dict[str, Remote] = {}

    def everything(self) -> Mapping[str, Remote]:
        return dict(self.kept)

    def publish(self, template: FileTemplate, after: int | None) -> int:
        before = self.kept.get(template.name)
        number = before.number if before else 0
        if after is not None and after != number:
            raise Refused(f"It is at version {number} by now.")
        self.kept[template.name] = Remote(number + 1, template)
        return number + 1

    def delete(self, name: str) -> None:
        del self.kept[name]

    def edit(self, name: str, text: str) -> None:
        self.publish(template(name, text), None)


@pytest.fixture
def registry() -> Memory:
    return Memory()


def run(root: Path, registry: Memory, **options: Any) -> list[tuple[str, str]]:
    outcome: Outcome = sync(root, registry, **options)
    return [(step.action, step.name) for step in outcome.steps]


def texts(root: Path) -> dict[str, str]:
    return {
        name: found.prompt["messages"][0]["content"][0]["text"]
        for name, (_, found) in read_folder(root).templates.items()
    }


def edit(root: Path, name: str, text: str) -> None:
    write(root, read_folder(root).templates[name][0], template(name, text))


def test_what_changed_on_one_side_goes_to_the_other(tmp_path: Path, registry: Memory) -> None:
    registry.edit("a", "one")
    write(tmp_path, Path("mine.yaml"), template("b", "two"))
    assert run(tmp_path, registry) == [("write", "a"), ("publish", "b")]
    assert run(tmp_path, registry) == []
    assert texts(tmp_path) == {"a": "one", "b": "two"}
    edit(tmp_path, "a", "one!")
    registry.edit("b", "two!")
    assert run(tmp_path, registry, dry_run=True) == [("publish", "a"), ("write", "b")]
    assert registry.kept["a"].number == 1
    assert run(tmp_path, registry) == [("publish", "a"), ("write", "b")]
    assert registry.kept["a"].number == 2
    assert texts(tmp_path) == {"a": "one!", "b": "two!"}
    assert (tmp_path / "mine.yaml").exists()
    assert run(tmp_path, registry) == []


def test_what_changed_on_both_is_told_and_left_alone(tmp_path: Path, registry: Memory) -> None:
    registry.edit("a", "one")
    run(tmp_path, registry)
    edit(tmp_path, "a", "here")
    registry.edit("a", "there")
    outcome = sync(tmp_path, registry)
    assert [step.action for step in outcome.conflicts] == ["conflict"]
    assert outcome.steps[0].reason == "the file and version 2 both changed since version 1"
    assert texts(tmp_path) == {"a": "here"}
    assert registry.kept["a"].number == 2
    assert run(tmp_path, registry) == [("conflict", "a")]


@pytest.mark.parametrize(("side", "text"), [("files", "here"), ("registry", "there")])
def test_a_preferred_side_wins(tmp_path: Path, registry: Memory, side: Side, text: str) -> None:
    registry.edit("a", "one")
    run(tmp_path, registry)
    edit(tmp_path, "a", "here")
    registry.edit("a", "there")
    run(tmp_path, registry, prefer=side)
    assert texts(tmp_path) == {"a": text}
    assert registry.kept["a"].template.prompt == template("a", text).prompt
    assert run(tmp_path, registry) == []


def test_the_same_change_on_both_sides_is_none(tmp_path: Path, registry: Memory) -> None:
    registry.edit("a", "one")
    run(tmp_path, registry)
    edit(tmp_path, "a", "same")
    registry.edit("a", "same")
    assert run(tmp_path, registry) == []
    edit(tmp_path, "a", "later")
    assert run(tmp_path, registry) == [("publish", "a")]


def test_two_that_were_never_the_same_are_a_conflict(tmp_path: Path, registry: Memory) -> None:
    registry.edit("a", "there")
    write(tmp_path, Path("a.yaml"), template("a", "here"))
    assert run(tmp_path, registry) == [("conflict", "a")]


def test_nothing_is_deleted_unless_that_is_asked_for(tmp_path: Path, registry: Memory) -> None:
    for name in ("a", "b"):
        registry.edit(name, "x")
    run(tmp_path, registry)
    read_folder(tmp_path).templates["a"][0].unlink()
    registry.delete("b")
    assert run(tmp_path, registry) == [("conflict", "a"), ("conflict", "b")]
    assert run(tmp_path, registry, delete=True) == [("delete-template", "a"), ("delete-file", "b")]
    assert registry.kept == {}
    assert texts(tmp_path) == {}
    assert run(tmp_path, registry) == []


def test_a_side_brings_back_what_is_gone_on_the_other(tmp_path: Path, registry: Memory) -> None:
    for name in ("a", "b"):
        registry.edit(name, "x")
    run(tmp_path, registry)
    read_folder(tmp_path).templates["a"][0].unlink()
    registry.delete("b")
    assert run(tmp_path, registry, prefer="registry") == [("write", "a"), ("conflict", "b")]
    assert run(tmp_path, registry, prefer="files") == [("publish", "b")]
    assert sorted(registry.kept) == sorted(texts(tmp_path)) == ["a", "b"]


def test_a_change_is_not_lost_with_a_deletion(tmp_path: Path, registry: Memory) -> None:
    for name in ("a", "b"):
        registry.edit(name, "x")
    run(tmp_path, registry)
    edit(tmp_path, "a", "changed")
    registry.delete("a")
    read_folder(tmp_path).templates["b"][0].unlink()
    registry.edit("b", "changed")
    assert run(tmp_path, registry, delete=True) == [("conflict", "a"), ("conflict", "b")]
    assert texts(tmp_path) == {"a": "changed"}


def test_a_file_that_cannot_be_read_is_not_gone(tmp_path: Path, registry: Memory) -> None:
    registry.edit("a", "x")
    run(tmp_path, registry)
    read_folder(tmp_path).templates["a"][0].write_text("name: [")
    outcome = sync(tmp_path, registry, delete=True)
    assert outcome.steps == ()
    assert len(outcome.read.unread) == 1
    assert list(registry.kept) == ["a"]


def test_a_version_that_was_saved_meanwhile_is_not_overwritten(
    tmp_path: Path, registry: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.edit("a", "x")
    run(tmp_path, registry)
    edit(tmp_path, "a", "y")
    seen = registry.everything()
    registry.edit("a", "meanwhile")
    monkeypatch.setattr(registry, "everything", lambda: seen)
    outcome = sync(tmp_path, registry)
    assert [step.action for step in outcome.conflicts] == ["refused"]
    assert registry.kept["a"].template.prompt == template("a", "meanwhile").prompt


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"templates": {"a": 5}}', '{"templates": {"a": {}}}']
)
def test_a_state_that_sync_did_not_write_is_refused(
    tmp_path: Path, registry: Memory, text: str
) -> None:
    (tmp_path / STATE).write_text(text)
    with pytest.raises(FieldError):
        sync(tmp_path, registry)


def test_a_state_that_names_files_elsewhere_is_not_followed(
    tmp_path: Path, registry: Memory
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    victim = tmp_path / "victim.yaml"
    victim.write_text("x")
    state = {"templates": {"a": {"file": "../victim.yaml", "version": 1, "digest": "x"}}}
    (root / STATE).write_text(json.dumps(state))
    registry.edit("a", "x")
    sync(root, registry, prefer="registry", delete=True)
    assert victim.read_text() == "x"


# Files of other tools


def written(tmp_path: Path, name: str, value: Any) -> Path:
    path = tmp_path / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def lc(name: str, **kwargs: Any) -> dict[str, Any]:
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain_core", "prompts", name],
        "kwargs": kwargs,
    }


def test_langchains_chat_template_is_read(tmp_path: Path) -> None:
    def text(words: str, form: str = "f-string") -> dict[str, Any]:
        return lc("PromptTemplate", template=words, template_format=form, input_variables=[])

    value = lc(
        "ChatPromptTemplate",
        input_variables=["a"],
        messages=[
            lc("SystemMessagePromptTemplate", prompt=text("Be {mood}")),
            lc("MessagesPlaceholder", variable_name="history"),
            lc("HumanMessagePromptTemplate", prompt=text("{{ a }}", "jinja2")),
            lc("AIMessage", content='{"done": true}'),
        ],
    )
    [found] = foreign.read(written(tmp_path, "support.json", value))
    assert found.name == "support"
    assert [each["role"] for each in found.prompt["messages"]] == [
        "system",
        "placeholder",
        "user",
        "assistant",
    ]
    assert found.prompt["messages"][2]["template_format"] == "jinja2"
    assert found.prompt["messages"][3]["content"][0]["text"] == '{{"done": true}}'


def test_langchains_older_files_are_read(tmp_path: Path) -> None:
    text = "_type: prompt\ninput_variables: [a]\ntemplate: |\n  Tell me {a}\n"
    [found] = foreign.read(written(tmp_path, "joke.yaml", text))
    assert found.prompt["type"] == "completion"
    assert found.prompt["content"][0]["text"] == "Tell me {a}\n"


@pytest.mark.parametrize(
    "value",
    [
        lc("FewShotPromptTemplate"),
        {"lc": 1, "id": [], "kwargs": {}},
        {"_type": "few_shot"},
        lc("ChatPromptTemplate", messages=[lc("FunctionMessage", content="x")]),
        lc("PromptTemplate", template="x", template_format="mustache"),
    ],
)
def test_what_langchain_has_and_we_do_not_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(FieldError):
        foreign.read(written(tmp_path, "x.json", value))


def test_promptfoos_prompts_are_read(tmp_path: Path) -> None:
    written(tmp_path, "tweet.txt", "Tweet about {{topic}}\n---\nSing about {{topic}}")
    messages = [{"role": "system", "content": "Be {{ mood }}"}, {"role": "user", "content": "Hi"}]
    written(tmp_path, "chat.json", messages)
    config = {
        "prompts": [
            "Rap about {{topic}}",
            "file://tweet.txt",
            {"id": "file://chat.json", "label": "support"},
        ],
        "providers": ["openai:gpt-4o"],
    }
    found = foreign.read(written(tmp_path, "promptfooconfig.yaml", config))
    assert [one.name for one in found] == ["promptfooconfig-1", "tweet-1", "tweet-2", "support"]
    assert {part["template_format"] for one in found for part in one.prompt["messages"]} == {
        "jinja2"
    }
    assert len(found[3].prompt["messages"]) == 2


@pytest.mark.parametrize("other", ["file://../secret.txt", "file:///etc/passwd", "file://x.py"])
def test_promptfoos_files_are_read_from_beside_alone(tmp_path: Path, other: str) -> None:
    written(tmp_path, "secret.txt", "secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(FieldError):
        foreign.read(written(inside, "promptfooconfig.yaml", {"prompts": [other]}))


def test_plain_files_are_completions(tmp_path: Path) -> None:
    [plain] = foreign.read(written(tmp_path, "note.md", "Hi {name}"))
    assert (plain.name, plain.prompt["template_format"]) == ("note", "f-string")
    [jinja] = foreign.read(written(tmp_path, "other.txt.j2", "Hi {{ name }}"))
    assert (jinja.name, jinja.prompt["template_format"]) == ("other", "jinja2")
    [ours] = foreign.read(written(tmp_path, "x.yaml", to_text(template("mine"))))
    assert ours == template("mine")
    assert checked(completion("x"))["type"] == "completion"
