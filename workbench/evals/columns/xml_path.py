"""XML path: what stands at a path of an XML document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from xml.etree import ElementTree

from workbench.evals.cells import CellFailed, CellResult
from workbench.evals.columns.base import ColumnType, Config, Problem
from workbench.evals.context import Context
from workbench.evals.forms import field
from workbench.evals.paths import extent
from workbench.evals.values import as_text, need

MAX_FOUND = 10_000
MAX_XML = 5_000_000
# Steps that a path with several "//" may take.
MAX_STEPS = 2_000_000
# Each looks at every element below those before it.
MAX_DESCENTS = 3


class XmlPathConfig(Config):
    source: str = field("column", "XML", "The column that is read.", min_length=1)
    xml_path: str = field(
        "text",
        "XML path",
        "As in ./item/name or .//name[@lang='en']: the paths of Python's ElementTree.",
        min_length=1,
        max_length=500,
    )
    type: Literal["find", "findall"] = field(
        "choice",
        "How many",
        "The first element, or the list of all.",
        "find",
        choices={"find": "The first", "findall": "All"},
    )
    return_text: bool = field("switch", "Only the text", "Without it, the element as XML.", True)


class XmlPath(ColumnType[XmlPathConfig]):
    name = "XML_PATH"
    title = "XML path"
    help = "What stands at a path of an XML document. Documents with a DTD or entities are refused."
    group = "Extract"
    result = f"a text, or the list of all (at most {MAX_FOUND:,})"
    config = XmlPathConfig
    example: ClassVar[Mapping[str, Any]] = {
        "source": "answer",
        "xml_path": "./status",
        "type": "find",
        "return_text": True,
    }

    def sources(self, config: XmlPathConfig) -> tuple[str, ...]:
        return (config.source,)

    def problems(self, config: XmlPathConfig) -> Sequence[Problem]:
        reason = not_a_path(config.xml_path)
        return [Problem("xml_path", f"This path cannot be followed: {reason}.")] if reason else []

    async def cell(
        self, config: XmlPathConfig, values: Mapping[str, Any], context: Context
    ) -> CellResult:
        root = _root(as_text(need(values, config.source)), config.source)
        descents = config.xml_path.count("//")
        if descents > 1:
            size, depth = extent(root, iter)
            if size * depth ** (descents - 1) > MAX_STEPS:
                raise CellFailed("limit", 'The document is too large for a path with several "//".')
        found = [
            _shown(one, config.return_text) for one in root.findall(config.xml_path)[:MAX_FOUND]
        ]
        if config.type == "findall":
            return CellResult(found)
        if not found:
            raise CellFailed("bad_value", f'{config.xml_path} finds nothing in "{config.source}".')
        return CellResult(found[0])


def not_a_path(path: str) -> str | None:
    """Why a path cannot be followed: a clause; None where it can."""
    if path.count("//") > MAX_DESCENTS:
        return f'"//" stands in it more than {MAX_DESCENTS} times'
    try:
        ElementTree.Element("a").findall(path)
    except (SyntaxError, KeyError, ValueError, IndexError) as error:
        return str(error.args[0] if error.args else error).strip("'\"") or "it does not parse"
    except TypeError:
        # A path that its reader did not expect: ElementTree runs into it.
        return "it does not parse"
    return None


def _root(text: str, column: str) -> ElementTree.Element:
    """The root element. DTDs, entities and references to the outside are refused."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(text) > MAX_XML:
        raise CellFailed("bad_value", f'"{column}" holds more than {MAX_XML:,} characters of XML.')
    try:
        root: ElementTree.Element = fromstring(text.strip(), forbid_dtd=True)
    except DefusedXmlException:
        raise CellFailed(
            "bad_value", f'"{column}" holds XML with a DTD or entities, which is not read.'
        ) from None
    except (ElementTree.ParseError, ValueError) as error:
        raise CellFailed("bad_value", f'"{column}" does not hold XML: {error}.') from None
    return root


def _shown(element: ElementTree.Element, text_only: bool) -> str:
    if text_only:
        return "".join(element.itertext()).strip()
    tail, element.tail = element.tail, None
    try:
        return ElementTree.tostring(element, encoding="unicode")
    finally:
        element.tail = tail
