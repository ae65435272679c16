"""What a jinja2 condition says about which variables are defined."""

from __future__ import annotations

from jinja2 import nodes

_DEPTH = 30
_NOTHING: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


def guards(test: nodes.Node, depth: int = 0) -> tuple[frozenset[str], frozenset[str]]:
    """Names known to be defined where `test` holds, and where it does not.

    Understands ``is defined``, ``is undefined``, ``not``, ``and``, ``or``, thirty levels deep;
    ``user.name is defined`` says that ``user`` is defined too.
    """
    if depth > _DEPTH:
        return _NOTHING
    if isinstance(test, nodes.Not):
        positive, negative = guards(test.node, depth + 1)
        return negative, positive
    if isinstance(test, nodes.And):
        left, right = guards(test.left, depth + 1), guards(test.right, depth + 1)
        return left[0] | right[0], left[1] & right[1]
    if isinstance(test, nodes.Or):
        left, right = guards(test.left, depth + 1), guards(test.right, depth + 1)
        return left[0] & right[0], left[1] | right[1]
    if isinstance(test, nodes.Test) and test.name in ("defined", "undefined"):
        name = _root(test.node)
        if name is None:
            return _NOTHING
        found = frozenset({name})
        return (found, frozenset()) if test.name == "defined" else (frozenset(), found)
    return _NOTHING


def _root(node: nodes.Node) -> str | None:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else None
