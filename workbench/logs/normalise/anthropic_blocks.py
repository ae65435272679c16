"""Anthropic content blocks and messages in the blueprint's shape.

Rules from the Anthropic API reference (Messages) and `anthropic.types`.
"""

from __future__ import annotations

from typing import Any, cast

from workbench.logs.normalise.openai_parts import media_part
from workbench.logs.normalise.shape import data_url, items, json_text, mapping, text, text_or_none
from workbench.messages import Message, Part, ToolCall, image_part, text_part, unknown_part

#: Blocks that the blueprint knows under the same name and in the same shape.
_SAME = frozenset(
    {
        "server_tool_use",
        "web_search_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
    }
)


def messages(raw_messages: Any) -> list[Message]:
    """Messages of a request; each tool result becomes a `tool` message where it stands."""
    result: list[Message] = []
    for raw in items(raw_messages):
        if not isinstance(raw, dict):
            result.append({"role": "user", "content": parts(raw)})
            continue
        result += turn(text(raw.get("role")) or "user", raw.get("content"))
    return result


def turn(role: str, content: Any) -> list[Message]:
    """One message, split around its tool results."""
    if not isinstance(content, list):
        return [{"role": role, "content": parts(content)}]
    result: list[Message] = []
    run: list[Any] = []
    for block in content:
        if isinstance(block, dict) and block.get("type") == "tool_result":
            if run:
                result.append(assembled(role, run))
                run = []
            result.append(tool_result(block))
        else:
            run.append(block)
    if run or not result:
        result.append(assembled(role, run))
    return result


def tool_result(block: dict[str, Any]) -> Message:
    result: Message = {
        "role": "tool",
        "content": parts(block.get("content")),
        "tool_call_id": text(block.get("tool_use_id")),
    }
    if block.get("is_error") is True:
        result["is_error"] = True
    return result


def assembled(role: str, blocks: list[Any]) -> Message:
    """A message of blocks: `tool_use` becomes a tool call, an MCP call meets its result."""
    content: list[Part] = []
    calls: list[ToolCall] = []
    mcp: dict[str, dict[str, Any]] = {}
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "tool_use":
            calls.append(_tool_call(block))
        elif kind == "mcp_tool_use":
            part = _mcp_call(block)
            mcp[part["id"]] = part
            content.append(cast(Part, part))
        elif kind == "mcp_tool_result" and text(block.get("tool_use_id")) in mcp:
            _add_mcp_result(mcp[block["tool_use_id"]], block)
        else:
            content += block_parts(block)
    result: Message = {"role": role, "content": content}
    if calls:
        result["tool_calls"] = calls
    return result


def _tool_call(block: dict[str, Any]) -> ToolCall:
    return {
        "id": text(block.get("id")),
        "type": "function",
        "function": {"name": text(block.get("name")), "arguments": json_text(block.get("input"))},
    }


def _mcp_call(block: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "mcp_call",
        "id": text(block.get("id")),
        "name": text(block.get("name")),
        "server_label": text(block.get("server_name")),
        "arguments": json_text(block.get("input")),
        "output": None,
        "error": None,
    }


def _add_mcp_result(call: dict[str, Any], block: dict[str, Any]) -> None:
    content = block.get("content")
    texts = [text(mapping(part).get("text")) for part in items(content)]
    key = "error" if block.get("is_error") is True else "output"
    call[key] = content if isinstance(content, str) else "\n".join(filter(None, texts))


def parts(content: Any) -> list[Part]:
    """Parts of a `content` that is text, a list of blocks, or anything."""
    if isinstance(content, str):
        return [text_part(content)] if content else []
    if isinstance(content, list):
        return [part for block in content for part in block_parts(block)]
    return [] if content is None else [unknown_part(content)]


def block_parts(block: Any) -> list[Part]:
    """The parts of one block: one, except for a document that consists of blocks itself."""
    if isinstance(block, str):
        return [text_part(block)]
    if not isinstance(block, dict):
        return [unknown_part(block)]
    kind = block.get("type")
    match kind:
        case "text" if isinstance(block.get("text"), str):
            result = [_text(block)]
        case "thinking" if isinstance(block.get("thinking"), str):
            signature = text_or_none(block.get("signature"))
            result = [{"type": "thinking", "thinking": block["thinking"], "signature": signature}]
        case "redacted_thinking" if isinstance(block.get("data"), str):
            result = [{"type": "thinking", "thinking": "", "data": block["data"]}]
        case "image":
            result = [_image(block)]
        case "document":
            result = _document(block)
        case "code_execution_tool_result":
            result = [_code_result(block)]
        case str() if kind in _SAME:
            return [cast(Part, block)]
        case _:
            return [unknown_part(block)]
    if block.get("cache_control") and result:
        result[-1]["cache_control"] = block["cache_control"]
    return result


def _text(block: dict[str, Any]) -> Part:
    result = text_part(block["text"])
    citations = items(block.get("citations"))
    if citations:
        result["annotations"] = [_annotation(citation) for citation in citations]
    return result


def _annotation(citation: Any) -> Any:
    """A web citation in the blueprint's form; citations of documents stay whole."""
    if not isinstance(citation, dict) or citation.get("type") != "web_search_result_location":
        return citation
    return {
        "type": "url_citation",
        "url": text(citation.get("url")),
        "title": text(citation.get("title")),
        "start_index": 0,
        "end_index": 0,
        "cited_text": citation.get("cited_text"),
        "encrypted_index": citation.get("encrypted_index"),
    }


def _image(block: dict[str, Any]) -> Part:
    source = mapping(block.get("source"))
    match source.get("type"):
        case "base64" if isinstance(source.get("data"), str):
            return image_part(
                data_url(source["data"], text(source.get("media_type")) or "image/png")
            )
        case "url" if isinstance(source.get("url"), str):
            return image_part(source["url"])
        case "file" if isinstance(source.get("file_id"), str):
            return media_part(None, "image/*", file_id=source["file_id"])
    return unknown_part(block)


def _document(block: dict[str, Any]) -> list[Part]:
    source = mapping(block.get("source"))
    title = text(block.get("title"))
    match source.get("type"):
        case "base64" if isinstance(source.get("data"), str):
            mime = text(source.get("media_type")) or "application/pdf"
            return [media_part(data_url(source["data"], mime), mime, title)]
        case "url" if isinstance(source.get("url"), str):
            url = source["url"]
            return [media_part(url, "application/pdf", title or url.rpartition("/")[2])]
        case "file" if isinstance(source.get("file_id"), str):
            return [media_part(None, None, title, file_id=source["file_id"])]
        case "text" if isinstance(source.get("data"), str):
            return [text_part(source["data"])]
        case "content":
            return _inner(source.get("content"))
    return [unknown_part(block)]


def _inner(content: Any) -> list[Part]:
    # The API allows text and images here; a document within a document would be endless.
    if not isinstance(content, list):
        return parts(content)
    return [
        part
        for block in content
        for part in (
            [unknown_part(block)]
            if mapping(block).get("type") == "document"
            else block_parts(block)
        )
    ]


def _code_result(block: dict[str, Any]) -> Part:
    ran = mapping(block.get("content"))
    if ran.get("type") != "code_execution_result":
        return unknown_part(block)
    said = [text(ran.get("stdout")), text(ran.get("stderr"))]
    result = {
        "type": "code_execution_result",
        "output": "\n".join(filter(None, said)),
        "outcome": "OUTCOME_FAILED" if ran.get("return_code") else "OUTCOME_OK",
        "tool_use_id": text(block.get("tool_use_id")),
    }
    if items(ran.get("content")):
        result["content"] = ran["content"]
    return cast(Part, result)
