"""Whether an answer is the JSON that was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.call import ResponseFormat

#: A schema's patterns over a longer text could hold the page up.
MAX_TEXT = 200_000


def is_valid(answer: Sequence[Any], text: str, wanted: ResponseFormat | None) -> bool | None:
    """Whether a text is an object, or fits the JSON Schema; None where nothing was asked for, where
    the answer is a tool call, or where it cannot be told (too long, a schema that refers away).
    """
    if wanted is None or any(one.get("tool_calls") for one in answer) or len(text) > MAX_TEXT:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if wanted.schema is None:
        return isinstance(value, dict)
    return _fits(value, wanted.schema)


def _fits(value: Any, schema: Mapping[str, Any]) -> bool | None:
    # Takes a tenth of a second to import, and few sessions ask for a schema.
    from jsonschema import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import EMPTY_REGISTRY

    try:
        kind = validator_for(schema, Draft202012Validator)
        kind.check_schema(schema)
        # Without a registry of one's own the package would fetch what a schema refers to.
        return bool(kind(schema, registry=EMPTY_REGISTRY).is_valid(value))
    except (SchemaError, Unresolvable, RecursionError):
        return None
