"""No vendor's package is imported before it is used: the application's start waits for none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench.settings import ROOT

VENDORS = (
    "openai",
    "aiohttp",
    "anthropic",
    "google.genai",
    "boto3",
    "botocore",
    "mistralai",
    "cohere",
    "xllamacpp",
)
PURE = f"""
import sys
from workbench.providers import about, host, parameters, reach
from workbench.providers.call import Call
from workbench.providers.table import PROVIDERS, adapter
reach.readiness([])
message = {{"role": "user", "content": [{{"type": "text", "text": "Hi"}}]}}
for provider in PROVIDERS.values():
    made = adapter(provider.module)
    made.to_wire(Call(provider=provider.name, model="m", messages=[message]))
    list(made.from_wire({{}}))
print([name for name in {VENDORS!r} if name in sys.modules])
"""


@pytest.mark.parametrize(
    "code",
    [
        PURE,
        f"import sys, Home\nprint([name for name in {VENDORS!r} if name in sys.modules])",
        f"import sys, workbench.cli.run\nprint([n for n in {VENDORS!r} if n in sys.modules])",
    ],
    ids=["providers", "application", "command line"],
)
def test_no_package_comes_along(code: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
