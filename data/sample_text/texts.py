"""The texts that stand as JSON in `words/`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def texts(name: str) -> Any:
    """The content of `words/<name>.json`; shared, so not to be changed."""
    return json.loads((Path(__file__).parent / "words" / f"{name}.json").read_text("utf-8"))
