"""Which names of a jinja2 template are input variables, where, and how they are used.

Scoping is jinja2's own: ``jinja2.idtracking`` decides for every frame which names are read from
the context, exactly as the compiler does. On top of it this walk knows what has been assigned by
the time a name is read, so ``{{ x }}{% set x = 1 %}{{ x }}`` has one occurrence of ``x``.
"""

from __future__ import annotations

from dataclasses import replace

from jinja2 import nodes
from jinja2.idtracking import Symbols

from workbench.templates.jinja import ENVIRONMENT, Parsed
from workbench.templates.jinja_frames import Scope, bind
from workbench.templates.jinja_guards import guards
from workbench.templates.jinja_uses import (
    PLAIN,
    Findings,
    Usage,
    Use,
    attribute_of,
    called,
    hinted,
    item_step,
)

GLOBALS = frozenset(ENVIRONMENT.globals)


def find_uses(parsed: Parsed) -> Findings:
    """Uses of input variables in order of position, and what else the doctor looks at."""
    walk = _Walk()
    walk.template(parsed.tree)
    walk.found.uses.sort(key=lambda use: use.start)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Findings()

    def template(self, tree: nodes.Template) -> None:
        symbols = Symbols()
        symbols.declare_parameter("self")
        bind(symbols, tree)
        self.body(tree.body, Scope(symbols))

    # Statements

    def body(self, statements: list[nodes.Node], scope: Scope) -> None:
        for statement in statements:
            handler = getattr(self, f"on_{type(statement).__name__.lower()}", self.on_other)
            handler(statement, scope)

    def on_other(self, node: nodes.Node, scope: Scope) -> None:
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Stmt):
                self.body([child], scope)
            else:
                self.expression(child, scope)

    def on_output(self, node: nodes.Output, scope: Scope) -> None:
        for child in node.nodes:
            if not isinstance(child, nodes.TemplateData):
                self.expression(child, scope)

    def on_loader(self, node: nodes.Include | nodes.Extends, scope: Scope) -> None:
        self.found.loaders.append(node)
        self.expression(node.template, scope)

    on_include = on_extends = on_loader

    def on_scope(self, node: nodes.Scope, scope: Scope) -> None:
        self.body(node.body, scope.inner(node))

    def on_assign(self, node: nodes.Assign, scope: Scope) -> None:
        self.expression(node.node, scope)
        self.store(node.target, scope)

    def on_assignblock(self, node: nodes.AssignBlock, scope: Scope) -> None:
        inner = scope.inner(node)
        self.body(node.body, inner)
        if node.filter is not None:
            self.expression(node.filter, inner)
        self.store(node.target, scope)

    def on_if(self, node: nodes.If, scope: Scope) -> None:
        before, positive_before = set(scope.assigned), scope.guarded
        self.expression(node.test, scope, Usage(("condition",)))
        positive, negative = guards(node.test)
        scope.guarded = positive_before | positive
        self.body(node.body, scope)
        after_body, scope.assigned = scope.assigned, set(before)
        scope.guarded = positive_before | negative
        after_rest: set[str] | None = None
        for branch in node.elif_:
            self.on_if(branch, scope)
            # An elif may not run: what it assigns is assigned only in part.
            scope.assigned = set(before)
        self.body(node.else_, scope)
        after_rest = scope.assigned
        both = after_body & after_rest if not node.elif_ else set(before)
        scope.assigned = before | both
        covered = {
            name
            for name in negative
            if (reference := scope.symbols.find_ref(name)) and reference in after_body
        }
        scope.guarded = positive_before | covered

    def on_for(self, node: nodes.For, scope: Scope) -> None:
        self.expression(node.iter, scope, Usage(("iterated",)))
        loop = scope.inner(node, for_branch="body", loop=True)
        root = self.source(node.iter, scope)
        if root and isinstance(node.target, nodes.Name):
            loop.aliases[loop.symbols.ref(node.target.name)] = (root[0], root[1] + "[]")
        if node.test is not None:
            test = scope.inner(node, for_branch="test")
            test.aliases = dict(loop.aliases)
            self.expression(node.test, test, Usage(("condition",)))
            loop.guarded = loop.guarded | guards(node.test)[0]
        self.body(node.body, loop)
        if node.else_:
            self.body(node.else_, scope.inner(node, for_branch="else"))

    def on_macro(self, node: nodes.Macro, scope: Scope) -> None:
        self.macro_body(node, scope)
        scope.assigned.add(scope.symbols.ref(node.name))

    def on_callblock(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.macro_body(node, scope)
        self.expression(node.call, scope)

    def macro_body(self, node: nodes.Macro | nodes.CallBlock, scope: Scope) -> None:
        inner = scope.inner(node, parameters=("caller", "kwargs", "varargs"))
        for default in node.defaults:
            self.expression(default, inner)
        self.body(node.body, inner)

    def on_filterblock(self, node: nodes.FilterBlock, scope: Scope) -> None:
        inner = scope.inner(node)
        self.body(node.body, inner)
        self.expression(node.filter, inner)

    def on_with(self, node: nodes.With, scope: Scope) -> None:
        for value in node.values:
            self.expression(value, scope)
        inner = scope.inner(node)
        for target in node.targets:
            self.store(target, inner)
        self.body(node.body, inner)

    def on_block(self, node: nodes.Block, scope: Scope) -> None:
        # A block is a function of its own: it sees the context, to which top-level assignments
        # are exported, and the loop it stands in only if it says "scoped".
        symbols = Symbols()
        for name in ("self", "super"):
            symbols.declare_parameter(name)
        outer: Symbols | None = scope.symbols
        while outer is not None:
            for name, reference in outer.refs.items():
                exported = outer.parent is None or node.scoped
                if exported and name not in symbols.refs and scope.is_set(reference):
                    symbols.declare_parameter(name)
            outer = outer.parent
        bind(symbols, node)
        self.body(node.body, Scope(symbols, set(), scope.guarded))

    def on_import(self, node: nodes.Import, scope: Scope) -> None:
        self.found.loaders.append(node)
        self.expression(node.template, scope)
        scope.assigned.add(scope.symbols.ref(node.target))

    def on_fromimport(self, node: nodes.FromImport, scope: Scope) -> None:
        self.found.loaders.append(node)
        self.expression(node.template, scope)
        for name in node.names:
            target = name[1] if isinstance(name, tuple) else name
            scope.assigned.add(scope.symbols.ref(target))

    def store(self, target: nodes.Node, scope: Scope) -> None:
        for name in target.find_all(nodes.NSRef):
            self.record(name.name, name.lineno, scope, Usage(("attribute",), "." + name.attr))
        if isinstance(target, nodes.NSRef):
            self.record(target.name, target.lineno, scope, Usage(("attribute",)))
        names = list(target.find_all(nodes.Name))
        if isinstance(target, nodes.Name):
            names.append(target)
        for found in names:
            reference = scope.symbols.find_ref(found.name)
            if found.ctx in ("store", "param") and reference is not None:
                scope.assigned.add(reference)
                scope.aliases.pop(reference, None)

    # Expressions: an explicit stack, since a chain of a thousand filters is a deep tree

    def expression(self, root: nodes.Node, scope: Scope, usage: Usage = PLAIN) -> None:
        stack: list[tuple[nodes.Node, Usage, frozenset[str]]] = [(root, usage, frozenset())]
        while stack:
            node, use, extra = stack.pop()
            if isinstance(node, nodes.Const):
                continue
            if isinstance(node, nodes.Name):
                if node.ctx == "load":
                    self.record(node.name, node.lineno, scope, use, extra)
            elif isinstance(node, nodes.Getattr):
                stack.append((node.node, attribute_of(use, "." + node.attr), extra))
            elif isinstance(node, nodes.Getitem):
                stack.append((node.node, attribute_of(use, item_step(node.arg)), extra))
                stack.append((node.arg, PLAIN, extra))
            elif isinstance(node, nodes.Filter | nodes.Test):
                self.found.named.append(node)
                stack.extend(called(node, use, extra))
            elif isinstance(node, nodes.Compare):
                stack.append((node.expr, hinted(PLAIN, "compared"), extra))
                stack.extend((op.expr, hinted(PLAIN, "compared"), extra) for op in node.ops)
            elif isinstance(node, nodes.And):
                stack.append((node.left, hinted(PLAIN, "condition"), extra))
                stack.append((node.right, use, extra | guards(node.left)[0]))
            elif isinstance(node, nodes.Or):
                left = replace(use, optional=True, path="")
                stack.append((node.left, left if "condition" not in use.hints else use, extra))
                stack.append((node.right, use, extra | guards(node.left)[1]))
            elif isinstance(node, nodes.CondExpr):
                positive, negative = guards(node.test)
                stack.append((node.test, hinted(PLAIN, "condition"), extra))
                stack.append((node.expr1, use, extra | positive))
                if node.expr2 is not None:
                    stack.append((node.expr2, use, extra | negative))
            elif isinstance(node, nodes.Call):
                stack.append((node.node, hinted(use, "called"), extra))
                children = node.iter_child_nodes(exclude=("node",))
                stack.extend((child, PLAIN, extra) for child in children)
            else:
                keep = use if isinstance(node, nodes.Not) else PLAIN
                stack.extend((child, keep, extra) for child in node.iter_child_nodes())

    def record(
        self,
        name: str,
        start: int,
        scope: Scope,
        usage: Usage,
        extra: frozenset[str] = frozenset(),
    ) -> None:
        reference = scope.symbols.find_ref(name)
        if reference is not None and not scope.is_input(reference):
            alias = scope.aliases.get(reference)
            if alias and usage.path:
                self.found.paths.setdefault(alias[0], set()).add(
                    (alias[1] + usage.path).lstrip(".")
                )
            return
        if name in GLOBALS:
            return
        optional = usage.optional or name in scope.guarded or name in extra
        self.found.uses.append(Use(name, start, usage.hints, usage.path.lstrip("."), optional))

    def source(self, node: nodes.Node, scope: Scope) -> tuple[str, str] | None:
        """The input variable and path that an expression reads: ``user.orders``, ``d.items()``."""
        path = ""
        while True:
            if isinstance(node, nodes.Getattr):
                path = f".{node.attr}{path}"
            elif isinstance(node, nodes.Getitem):
                path = item_step(node.arg) + path
            elif not isinstance(node, nodes.Filter) or node.node is None:
                break
            inner = node.node
            if inner is None:
                return None
            node = inner
        if not isinstance(node, nodes.Name):
            return None
        reference = scope.symbols.find_ref(node.name)
        if reference is None or scope.is_input(reference):
            return (node.name, path) if node.name not in GLOBALS else None
        alias = scope.aliases.get(reference)
        return (alias[0], alias[1] + path) if alias else None
