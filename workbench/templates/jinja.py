"""The jinja2 parser with exact positions.

jinja2's own lexer and parser do the work. The lexer's tokens are numbered by their offset in the
text where jinja2 numbers them by line; the parser copies that number into every node of its AST as
``lineno`` and into every error, so each node knows its offset. Nothing is compiled or evaluated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Thread
from typing import Any, TypeVar

from jinja2 import ChainableUndefined, TemplateSyntaxError, nodes
from jinja2.lexer import Lexer, TokenStream
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from workbench.templates.limits import MAX_TEXT, MAX_TOKENS
from workbench.templates.problems import TemplateError

T = TypeVar("T")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_BEGINS = frozenset({"variable_begin", "block_begin", "comment_begin", "raw_begin"})
_ENDS = {
    "variable_end": "variable",
    "block_end": "block",
    "comment_end": "comment",
    "raw_end": "raw",
}
_SHORT = 20_000
_NESTED_TOO_DEEP = "the template is nested too deeply"


@dataclass(frozen=True, slots=True)
class Tag:
    """One ``{{ … }}`` (variable), ``{% … %}`` (block), comment or raw section, delimiters
    included."""

    kind: str
    start: int
    end: int


@dataclass(slots=True)
class Parsed:
    """A parsed text, shared between callers and never changed.

    The ``lineno`` numbers of `tree` are offsets into `normal`, the text with every line end as
    ``\\n``; `offset` turns them into offsets of the text itself. `operations` counts tokens.
    """

    text: str
    normal: str
    tree: nodes.Template
    tags: list[Tag]
    operations: int
    _crlf: list[int] = field(default_factory=list)

    def offset(self, position: int) -> int:
        if not self._crlf:
            return position
        return position + bisect_left(self._crlf, position)


@dataclass(slots=True)
class _Scan:
    """Tokens of one text, read ahead so that the parser's errors and the tags are both known."""

    tokens: list[tuple[int, str, str]] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    error: TemplateSyntaxError | None = None

    def replay(self) -> Iterator[tuple[int, str, str]]:
        yield from self.tokens
        if self.error is not None:
            raise self.error


class _OffsetEnvironment(SandboxedEnvironment):
    """Hands the parser a scan in place of a source text."""

    def _tokenize(  # type: ignore[override]
        self, source: _Scan, name: Any, filename: Any = None, state: Any = None
    ) -> TokenStream:
        tokens = self.lexer.wrap(source.replay(), name, filename)
        return TokenStream(tokens, name, filename)


ENVIRONMENT = _OffsetEnvironment(undefined=ChainableUndefined)


_TEXT = r"((?>[^{]*(?:\{(?![{%#])[^{]*)*))"
_PLAIN_TAG = r"(\{\{)(\s*)([^\W\d]\w*)(\s*)(\}\})"
_PLAIN_TOKENS = ("data", "variable_begin", "whitespace", "name", "whitespace", "variable_end")


class _FastLexer(Lexer):
    def _normalize_newlines(self, value: str) -> str:
        """What is lexed here has but one kind of line end."""
        return value


def _fast_lexer() -> Lexer:
    """jinja2's lexer, which walks plain text one character at a time, with rules that jump.

    Every tag starts with ``{{``, ``{%`` or ``{#``, so the first of these is where the lazy
    ``(.*?)`` would stop too; the group is atomic, so a text without one costs no backtracking.
    The commonest tag, ``{{ name }}``, is taken in one match with the text before it.
    """
    lexer = _FastLexer(ENVIRONMENT)
    first, *others = lexer.rules["root"]
    pattern = first.pattern.pattern
    if pattern.startswith("(.*?)"):
        flags = first.pattern.flags
        jumping = re.compile(_TEXT + pattern.removeprefix("(.*?)"), flags)
        plain = type(first)(re.compile(_TEXT + _PLAIN_TAG, flags), _PLAIN_TOKENS, None)
        lexer.rules["root"] = [plain, first._replace(pattern=jumping), *others]
    return lexer


_LEXER = _fast_lexer()


def parse(text: str) -> Parsed:
    """Parse a text; raises TemplateError with the offset of what is wrong.

    A RecursionError may come from the caller's own depth, so the text gets one more try on a
    fresh stack before it is called too deep.
    """
    if len(text) > MAX_TEXT:
        raise TemplateError(f"the text is longer than {MAX_TEXT:,} characters", 0, kind="limit")
    try:
        return _parse_short(text) if len(text) <= _SHORT else _parse(text)
    except RecursionError:
        return on_fresh_stack(_parse, text)


def on_fresh_stack(work: Callable[..., T], *arguments: Any) -> T:
    """Run `work` in a new thread, whose stack is empty; too deep there is a TemplateError."""
    results: list[T] = []
    errors: list[TemplateError] = []

    def run() -> None:
        try:
            results.append(work(*arguments))
        except RecursionError:
            start = _deepest(arguments[0]) if isinstance(arguments[0], str) else 0
            errors.append(TemplateError(_NESTED_TOO_DEEP, start, kind="limit"))
        except TemplateError as error:
            errors.append(error)

    thread = Thread(target=run, name="template-parser")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _deepest(text: str) -> int:
    """Where the brackets of a text are nested most."""
    depth = most = place = 0
    for found in re.finditer(r"[(\[{]|[)\]}]", text):
        depth += 1 if found.group() in "([{" else -1
        if depth > most:
            most, place = depth, found.start()
    return place


def _parse(text: str) -> Parsed:
    normal = _normalise(text)
    crlf = _crlf_positions(text)

    def original(position: int) -> int:
        return position + bisect_left(crlf, position) if crlf else position

    scan = _scan(normal)
    try:
        parser = Parser(ENVIRONMENT, scan)  # type: ignore[arg-type]
        # What Parser.parse does, without tying each node to an environment for compiling it.
        tree = nodes.Template(parser.subparse(), lineno=1)
    except TemplateSyntaxError as error:
        raise _problem(error, normal, original) from error
    except (ValueError, SyntaxError, OverflowError) as error:
        # Number literals: more than 4,300 digits, or digits that only a regex takes for digits.
        raise TemplateError(f"a number cannot be read: {error}", 0) from error
    tags = [Tag(tag.kind, original(tag.start), original(tag.end)) for tag in scan.tags]
    return Parsed(text, normal, tree, tags, len(scan.tokens), crlf)


# An editor's keystroke and a proven fix read one text several times in a row.
_parse_short = lru_cache(maxsize=64)(_parse)


def _normalise(text: str) -> str:
    """What jinja2's lexer reads: every line end as one character."""
    return _NEWLINE.sub("\n", text) if "\r" in text else text


def _crlf_positions(text: str) -> list[int]:
    """Where, in the normalised text, a line end stands for two characters of the text."""
    if "\r\n" not in text:
        return []
    return [found.start() - count for count, found in enumerate(re.finditer("\r\n", text))]


def _scan(normal: str) -> _Scan:
    scan = _Scan()
    position = 0
    opened = 0
    tokens, tags = scan.tokens, scan.tags
    try:
        for _line, kind, value in _LEXER.tokeniter(normal, None):
            if kind == "whitespace":
                position += len(value)
                continue
            if kind in _BEGINS:
                # Only white space that a "-" strips is ever missing, and only before a tag.
                while not normal.startswith(value, position):
                    position += 1
                opened = position
            tokens.append((position, kind, value))
            if kind in _ENDS:
                tags.append(Tag(_ENDS[kind], opened, position + len(value.rstrip())))
            position += len(value)
            if len(tokens) > MAX_TOKENS:
                raise TemplateError(
                    f"the template has more than {MAX_TOKENS:,} tokens", position, kind="limit"
                )
    except TemplateSyntaxError as error:
        error.lineno = position
        if error.message and error.message.startswith("unexpected char"):
            error.lineno = int(error.message.rsplit(" ", 1)[1])
        elif error.message and error.message.startswith("Missing end of"):
            error.lineno = opened
        scan.error = error
    return scan


_EXPECTED = re.compile(r"expected token '(.*)', got '(.*)'", re.S)
_FRIENDLY = {
    "end of print statement": "the closing }}",
    "end of statement block": "the closing %}",
    "end of template": "the end of the text",
    "begin of statement block": "a {% tag",
}


def _problem(error: TemplateSyntaxError, normal: str, original: Any) -> TemplateError:
    start = min(error.lineno, max(len(normal) - 1, 0))
    message = (error.message or "the template cannot be read").strip().rstrip(".")
    expected = _EXPECTED.fullmatch(message)
    if expected:
        wanted, got = (_FRIENDLY.get(word, f"{word!r}") for word in expected.groups())
        message = f"jinja2 expected {wanted} here and found {got}"
    elif message.startswith("unexpected char") and normal[start] in "\"'":
        message = f"this text is opened by {normal[start]} and never closed"
    elif "expected an expression, got 'end of" in message.lower():
        message = "jinja2 expected an expression in this tag and found none"
    elif message.startswith("unexpected char"):
        message = f"jinja2 cannot read the character {normal[start]!r} here"
    elif message.startswith("Missing end of comment"):
        message = "this comment is opened by {# and never closed"
    elif message.startswith("Missing end of raw"):
        message = "this {% raw %} section is never closed"
    else:
        message = f"jinja2 says: {message[0].lower()}{message[1:]}"
    return TemplateError(message, original(start), original(start + 1))
