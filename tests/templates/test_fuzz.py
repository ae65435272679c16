from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.templates.corpus_reader import cases
from tests.templates.fuzz.targets import DICTIONARY, TARGETS


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(data))
        cut = chance.choice([0, 0, 1, 2, 20])
        word = chance.choice(DICTIONARY).encode()
        data[at : at + cut] = chance.choice([word, bytes([chance.randint(0, 255)]), b""])
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_prompts_break_no_parser(name: str) -> None:
    chance = random.Random(7)
    seeds = [case.text.encode() for case in cases()]
    for _ in range(1500):
        TARGETS[name](mutated(chance, seeds))


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_coverage_guided_fuzzing_finds_no_crash(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")
    command = [sys.executable, "-m", "tests.templates.fuzz", name, "60", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
