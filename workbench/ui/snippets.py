"""Lines to copy: connecting an application, repeating a request as cURL or Python."""

from __future__ import annotations

import json
import shlex
from typing import Any

KEY_PLACEHOLDER = "YOUR_API_KEY"
_VENDOR_URLS = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "anthropic": "https://api.anthropic.com/v1/messages",
}


def connect_python(address: str, key: str) -> str:
    return f'''import os

os.environ["PROMPTLAYER_BASE_URL"] = "{address}"
os.environ["PROMPTLAYER_API_KEY"] = "{key}"

from promptlayer import PromptLayer

client = PromptLayer()
OpenAI = client.openai.OpenAI  # then use OpenAI() as before: every call is logged
'''


def connect_environment(address: str, key: str) -> str:
    return f"export PROMPTLAYER_BASE_URL={address}\nexport PROMPTLAYER_API_KEY={key}\n"


def connect_curl(address: str, key: str) -> str:
    """A first record that needs no model and no package: the question that the README asks too.

    The shell puts the times in when the lines are run, so that the record is the newest one.
    """
    body = {
        "provider": "openai",
        "model": "gpt-4o-mini",
        "input": _said("user", "Where is my parcel?"),
        "output": _said("assistant", "It arrives tomorrow."),
        "tags": ["dev"],
    }
    texts = ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in body.items())
    return (
        f"curl -sS -X POST {address}/log-request \\\n"
        f'  -H "X-API-KEY: {key}" -H "Content-Type: application/json" \\\n'
        f"  -d '{{{texts},\n"
        " \"request_start_time\": '$(($(date +%s) - 1))', \"request_end_time\": '$(date +%s)'}'\n"
    )


def _said(role: str, text: str) -> dict[str, Any]:
    message = {"role": role, "content": [{"type": "text", "text": text}]}
    return {"type": "chat", "messages": [message]}


def repeat_curl(provider: str | None, kwargs: dict[str, Any]) -> str | None:
    """The vendor's call again; None for a vendor whose address is not known here."""
    url = _VENDOR_URLS.get(provider or "")
    if url is None:
        return None
    headers = (
        "-H 'x-api-key: '\"$ANTHROPIC_API_KEY\" -H 'anthropic-version: 2023-06-01'"
        if provider == "anthropic"
        else '-H "Authorization: Bearer $OPENAI_API_KEY"'
    )
    body = json.dumps(kwargs, ensure_ascii=False, indent=2)
    return (
        f"curl {url} \\\n  {headers} \\\n  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}\n"
    )


def repeat_python(provider: str | None, kwargs: dict[str, Any]) -> str | None:
    """The call through the vendor's own package; None where it is not known here."""
    call = {
        "openai": ("from openai import OpenAI", "OpenAI().chat.completions.create"),
        "anthropic": ("from anthropic import Anthropic", "Anthropic().messages.create"),
    }.get(provider or "")
    if call is None:
        return None
    lines = "".join(f"    {name}={value!r},\n" for name, value in kwargs.items())
    return f"{call[0]}\n\nresponse = {call[1]}(\n{lines})\nprint(response)\n"
