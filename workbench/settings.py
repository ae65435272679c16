"""Every setting of the workbench, read once from the environment into one frozen object."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent.parent
LOCAL_ZONE = "local"


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text says which, why and what would do."""


def _text(value: str) -> str:
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high} is needed")
        return number

    return parse


def _per_provider(low: int, high: int) -> Callable[[str], str]:
    """A number for every provider, and others for some: `8` or `8,openai=32`."""

    def parse(value: str) -> str:
        pieces = [piece.strip() for piece in value.split(",")]
        named = [piece.rpartition("=") for piece in pieces]
        numbers = [_whole(low, high)(number) for _, _, number in named]
        names = [name.strip() for name, _, _ in named]
        if names[0] or not all(names[1:]):
            raise ValueError("a number and then exceptions are needed, as in 8,openai=32")
        return ",".join(
            f"{name}={number}" if name else str(number)
            for name, number in zip(names, numbers, strict=True)
        )

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)} is needed")
        return value

    return parse


def _zone(value: str) -> str:
    if value == LOCAL_ZONE:
        return value
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError('an IANA name such as "Europe/Berlin", or "local", is needed') from error
    return value


def _memory(value: str) -> str:
    number, unit = value[:-2], value[-2:].upper()
    if unit not in {"MB", "GB"} or not number.isdecimal() or int(number) == 0:
        raise ValueError('a size such as "512MB" or "4GB" is needed')
    return f"{int(number)}{unit}"


def _api_key(value: str) -> str:
    if len(value) < 16 or any(character.isspace() for character in value):
        raise ValueError("at least 16 characters without spaces are needed")
    return value


def _password(value: str) -> str:
    if len(value) < 8:
        raise ValueError("at least 8 characters are needed")
    return value


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address that begins with http:// or https:// is needed")
    return value.rstrip("/")


def _bucket(value: str) -> str:
    name, _, prefix = value.removeprefix("s3://").partition("/")
    # Names as Amazon has them: 3 to 63 of a-z, 0-9, - and a dot.
    if not value.startswith("s3://") or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise ValueError("a bucket with a prefix such as s3://name/exports is needed")
    if ".." in prefix or any(character.isspace() for character in prefix):
        raise ValueError("the prefix has neither spaces nor two dots")
    return value


def setting(default: Any, parse: Callable[[str], Any], doc: str, *, secret: bool = False) -> Any:
    """A field of `Settings`: its default, the reader of its text, its line in the documentation."""
    return field(default=default, metadata={"parse": parse, "doc": doc, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """All settings. The environment variable of `name` is `WORKBENCH_NAME`."""

    database: str = setting(
        "data/workbench.duckdb",
        _text,
        "The store: a DuckDB file, or `ducklake:` with a catalogue (`ducklake:catalogue.ducklake`, "
        "`ducklake:postgres:dbname=workbench host=…`). A relative path starts at the repository.",
    )
    data_path: str = setting(
        "",
        _text,
        "Where a DuckLake store keeps its data files. Default: a folder beside the catalogue file.",
    )
    api_key: str = setting(
        "",
        _api_key,
        "An API key that is always valid, for containers and scripts. With it set, the first start "
        "makes and prints none.",
        secret=True,
    )
    password: str = setting(
        "",
        _password,
        "One shared password that the pages ask for. Needed (or `[auth]` in "
        "`.streamlit/secrets.toml`) before the server listens on anything but this machine.",
        secret=True,
    )
    time_zone: str = setting(
        LOCAL_ZONE,
        _zone,
        "The zone in which times without one are read. `local` is this machine's.",
    )
    public_url: str = setting(
        "",
        _address,
        "The address that users reach, where it differs from the one the server listens on "
        "(behind a proxy).",
    )
    max_body_mb: int = setting(
        32, _whole(1, 1024), "The largest request body that the API accepts, in MiB."
    )
    answer_fields: str = setting(
        "recorded",
        _one_of("recorded", "all"),
        "Which fields the answers about prompt templates and searches have: `recorded` are exactly "
        "those that programs written for the `promptlayer` package compare, `all` adds the newer "
        "ones (`prompt_version_id`, `version_number`, `warnings`, `external_ids`, `is_snippet`, "
        "`search` …).",
    )
    memory_limit: str = setting(
        "256MB",
        _memory,
        "The most memory that DuckDB may use before it spills to disk; the process needs about "
        "220 MB beside it, and twice as much during exports.",
    )
    threads: int = setting(
        0, _whole(0, 256), "Threads that DuckDB may use; 0 is one for each processor."
    )
    model_concurrency: str = setting(
        "8",
        _per_provider(1, 1024),
        "How many calls to one provider run at once: a number, and exceptions as in `8,openai=32`.",
    )
    model_rate: str = setting(
        "0",
        _per_provider(0, 1_000_000),
        "How many calls to one provider begin in a minute, with exceptions as above; 0 is no "
        "limit.",
    )
    model_retries: int = setting(
        2,
        _whole(0, 10),
        "How often a call is tried again after the provider was overloaded or out of reach.",
    )
    model_connect_seconds: int = setting(
        10, _whole(1, 600), "How long connecting to a provider may take."
    )
    model_first_token_seconds: int = setting(
        120, _whole(1, 3600), "How long a stream may take to begin."
    )
    model_total_seconds: int = setting(
        600, _whole(1, 86_400), "How long a call may take as a whole, its retries included."
    )
    code_columns: str = setting(
        "off",
        _one_of("off", "on"),
        "Whether evaluations run code columns. With `on`, everyone who edits an evaluation runs "
        "Python on this machine, in a process that is shut off from it "
        "([evaluations](evaluations.md)).",
    )
    private_endpoints: str = setting(
        "off",
        _one_of("off", "on"),
        "Whether endpoint columns of evaluations may reach addresses that are not public: this "
        "machine and its network.",
    )
    export_bucket: str = setting(
        "",
        _bucket,
        "An S3-compatible bucket that exports may be put into, with a prefix: `s3://name/exports`. "
        "Credentials are found as the AWS tools find them (`AWS_ACCESS_KEY_ID` and "
        "`AWS_SECRET_ACCESS_KEY`, a profile, or a role).",
    )
    export_bucket_url: str = setting(
        "",
        _address,
        "The address of that bucket's service, where it is not Amazon's: `https://minio.internal`.",
    )
    process_id: int = setting(
        0,
        _whole(0, 31),
        "The number of this process among several on one DuckLake store: each needs its own.",
    )

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from the environment; raises SettingsError on a bad or an unknown one."""
        known = {variable(each.name): each for each in fields(cls)}
        values: dict[str, Any] = {}
        for name, text in environ.items():
            if not name.startswith("WORKBENCH_"):
                continue
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
                meant = f" Did you mean {' or '.join(near)}?" if near else ""
                raise SettingsError(
                    f"{name} is not a setting of the workbench.{meant} All are in docs/settings.md."
                )
            if not text.strip():
                continue
            each = known[name]
            try:
                values[each.name] = each.metadata["parse"](text.strip())
            except ValueError as error:
                shown = "its value" if each.metadata["secret"] else f'"{text.strip()}"'
                raise SettingsError(f"{name}: {shown} cannot be used, {error}.") from None
        return cls(**values)

    @property
    def memory_bytes(self) -> int:
        """The most memory that DuckDB may use, as DuckDB reads it: a megabyte is 1,000,000."""
        return int(self.memory_limit[:-2]) * (10**9 if self.memory_limit.endswith("GB") else 10**6)

    @property
    def is_ducklake(self) -> bool:
        return self.database.startswith("ducklake:")

    @property
    def database_path(self) -> Path:
        """The DuckDB file. Meaningless for DuckLake."""
        return (ROOT / self.database).resolve()


def variable(name: str) -> str:
    return f"WORKBENCH_{name.upper()}"


def settings_table() -> str:
    """The settings as a Markdown table: docs/settings.md is made from it."""
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for each in fields(Settings):
        default = f"`{each.default}`" if each.default not in ("", None) else "none"
        rows.append(f"| `{variable(each.name)}` | {default} | {each.metadata['doc']} |")
    return "\n".join(rows)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process: the environment is read at the first call, then never again."""
    return Settings.read(os.environ)
