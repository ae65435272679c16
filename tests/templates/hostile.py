"""Templates that try to get out, to hang or to grow, made from fragments by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Iterator

ESCAPES = [
    "''.__class__.__mro__[1].__subclasses__()",
    "x.__init__.__globals__",
    "cycler.__init__.__globals__.os.environ",
    "lipsum.__globals__['os'].popen('id').read()",
    "self._TemplateReference__context.environment",
    "namespace.__init__.__globals__['sys'].modules['os']",
    "joiner.__class__.__base__.__subclasses__()[0]",
    "x|attr('__class__')|attr('__mro__')",
    "[x]|map(attribute='__class__.__mro__')|list",
    "[x]|groupby('__class__')",
    "'{0.__class__.__init__.__globals__}'.format(x)",
    "'{a.__class__}'.format_map({'a': x})",
    "'%s'|format(x.__class__)",
    "(x|string).format.__globals__",
    "range.__class__",
    "dict.__base__.__subclasses__()",
    "d.pop.__self__.__class__",
    "f.__code__.co_consts",
    "loop.__init__.__globals__",
    "caller.__globals__",
    "x[('__cla' ~ 'ss__')]",
    "x['__class__']",
    "_x.__dict__",
    "undefined_name.__class__.__init__.__globals__['__builtins__']",
]
PLAIN = [
    "x",
    "d",
    "d.a",
    "xs",
    "xs[0]",
    "n",
    "n + 1",
    "n * 3",
    "x ~ x",
    "x * 20",
    "xs|sort",
    "xs|join(x)",
    "x|upper|tojson",
    "x|replace('a', x)",
    "d.items()",
    "range(50)",
    "range(n)|list",
    "x is defined",
    "not x",
    "x if n else d",
    "[x, d, xs]",
    "{'a': x}",
    "'{:>50}'.format(x)",
    "'%50s'|format(x)",
    "x|center(60)",
    "1 / 0",
    "n // 0",
    "x|nosuchfilter",
    "x.append(1)",
    "xs.append(xs)",
    "d.update(d)",
    "xs.clear()",
    "-x",
    "x in xs",
    "xs|map('upper')|list",
    "xs|batch(2)|list",
    "x|truncate(3)",
    "x|wordwrap(2)",
    "n|round(2)",
    "xs|sum",
    "caller()",
    "m(n)",
]
BOMBS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{{ x * 9999 }}{% endfor %}",
    "{{ '%900000000d'|format(1) }}",
    "{{ 'a' * 9999999999 }}",
    "{{ 9 ** 99999999 }}",
    "{{ x|center(999999999) }}",
    "{{ (range(99999)|list * 900)|sort|join }}",
    "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "{% set ns = namespace(s=x) %}{% for i in range(60) %}{% set ns.s = ns.s * 2 %}{% endfor %}",
    "{{ lipsum(n=9999) }}",
    "{{ xs|map('center', 99999999)|list|join }}",
    "{{ '{:>999999999}'.format(x) }}",
    "{{ x|indent(999999999, true) }}",
    "{{ x|wordwrap(1, wrapstring='a' * 99999999) }}",
    "{{ range(99999)|batch(1)|list|string|list|string|list|string|list|string|length }}",
]
FIELDS = [
    "{x}",
    "{x!r}",
    "{x:>30}",
    "{n:.2f}",
    "{n:{w}}",
    "{w}",
    "{x.__class__}",
    "{x.__init__.__globals__}",
    "{d[a]}",
    "{xs[0]}",
    "{x[__class__]}",
    "{0}",
    "{}",
    "{x!z}",
    "{x:%%}",
    "{ x }",
    "{d.__class__.__mro__[1]}",
    "{{x}}",
    "{{",
    "}}",
    "{",
    "}",
    "{x",
    "[",
    "]",
    "!r",
    ":",
]
FIELD_BOMBS = ["{x:>999999999}", "{w}{x:{w}}", "{n:.999999999f}", "{n:0999999999d}"]
GLUE = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "'",
    '"',
    "\\",
    "\n",
    "\r",
    "(",
    ")",
    "[",
    "|",
    ".",
    " ",
]


def templates(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Pairs of format and text; about one in four hundred asks for more than any limit allows."""
    chance = random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.35:
            yield "f-string", _fstring(chance)
        else:
            yield "jinja2", _jinja(chance)


def _fstring(chance: random.Random) -> str:
    pieces = chance.choices([*FIELDS, "text ", '{"k": 1}', "é", "\x00"], k=chance.randint(1, 8))
    if chance.random() < 0.002:
        pieces.append(chance.choice(FIELD_BOMBS))
    if chance.random() < 0.01:
        pieces.append(chance.choice("{}[:!") * chance.randint(100, 3000))
    return "".join(pieces)


def _jinja(chance: random.Random) -> str:
    if chance.random() < 0.002:
        return chance.choice(BOMBS)
    text = "".join(_statement(chance, 0) for _ in range(chance.randint(1, 2)))
    if chance.random() < 0.3:
        text = _mutate(chance, text)
    if chance.random() < 0.003:
        depth = chance.randint(50, 1000)
        opened, closed = chance.choice([("(", ")"), ("[", "]"), ("{'a':", "}"), ("not ", "")])
        text += "{{ " + opened * depth + "x" + closed * depth + " }}"
    return text


def _expression(chance: random.Random) -> str:
    made = chance.choice(ESCAPES if chance.random() < 0.4 else PLAIN)
    while chance.random() < 0.25:
        made = chance.choice(
            [
                f"({made})|list",
                f"({made}).__class__",
                f"({made})|string",
                f"({made})|default({made})",
                f"[{made}][0]",
                f"({made}) ~ ({chance.choice(PLAIN)})",
                f"({made})|attr('__init__')",
            ]
        )
    return made


def _statement(chance: random.Random, depth: int) -> str:
    kind = chance.randint(0, 9)
    made = _expression(chance)
    inner = "".join(_statement(chance, depth + 1) for _ in range(chance.randint(0, 1)) if depth < 2)
    return {
        0: f"{{% if {made} %}}{inner}{{% else %}}b{{% endif %}}",
        1: f"{{% for f in {made} %}}{inner}{{{{ loop.index }}}}{{% endfor %}}",
        2: f"{{% set s = {made} %}}{{{{ s }}}}",
        3: f"{{% macro m(n) %}}{inner}{{% endmacro %}}{{{{ m({made}) }}}}",
        4: f"{{% include {made} %}}",
        5: f"{{% with f = {made} %}}{inner}{{{{ f }}}}{{% endwith %}}",
        6: f"{{% call m({made}) %}}{inner}{{% endcall %}}",
    }.get(kind, f"a{{{{ {made} }}}}")


def _mutate(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(text))
        cut = chance.randint(0, 3)
        text = text[:at] + chance.choice(GLUE) + text[at + cut :]
    return text
