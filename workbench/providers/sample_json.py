"""A small JSON value that a schema allows: what the echo answers where JSON is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 6
_PLAIN: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def sample_of(schema: Any, root: Any = None, depth: int = 0) -> Any:
    """The same value for the same schema. Of choices it takes the first; patterns are not kept."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    root = schema if root is None else root
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "examples"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    if isinstance(schema.get("$ref"), str):
        return sample_of(_referred(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return sample_of(schema[key][0], root, depth + 1)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties")
        inner = properties if isinstance(properties, Mapping) else {}
        return {str(name): sample_of(one, root, depth + 1) for name, one in inner.items()}
    if kind == "array":
        least = schema.get("minItems")
        number = max(1, least) if isinstance(least, int) and least < 100 else 1
        return [sample_of(schema.get("items"), root, depth + 1)] * number
    if kind in ("integer", "number") and isinstance(schema.get("minimum"), int | float):
        return schema["minimum"]
    return _PLAIN.get(str(kind))


def _referred(reference: str, root: Any) -> Any:
    value = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
