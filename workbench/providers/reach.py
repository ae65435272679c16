"""How each provider is reached: its adapter, address and keys, or what is missing."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from workbench.providers import keys
from workbench.providers.adapter import Access, Adapter
from workbench.providers.call import Timeouts
from workbench.providers.errors import ProviderError
from workbench.providers.table import (
    KINDS,
    OTHER_NAMES,
    PLAIN,
    PROVIDERS,
    Provider,
    adapter,
    find,
    is_installed,
)
from workbench.store.connections import Connected

#: Reads the endpoints that users connected.
Connections = Callable[[], Sequence[Connected]]


@dataclass(frozen=True, slots=True)
class Target:
    """A provider ready to be called.

    logged: its id in log records.
    is_priced: False for models that run on one's own machines, which nobody sends a bill for.
    """

    name: str
    logged: str
    adapter: Adapter
    access: Access
    is_priced: bool = True


@dataclass(frozen=True, slots=True)
class Readiness:
    """A line of the Settings page.

    state: "ready", "missing key" or "not installed".
    missing: the variables to set.
    key_from: "environment" or "secrets.toml", where a key was found.
    is_connection: whether a user connected it.
    """

    name: str
    title: str
    state: str
    missing: tuple[str, ...] = ()
    key_from: str | None = None
    note: str = ""
    is_connection: bool = False
    base_url: str = ""
    models: tuple[str, ...] = ()


def target(name: str, connections: Connections, timeouts: Timeouts) -> Target:
    """How to reach a provider or connected endpoint; raises ProviderError where it cannot be."""
    provider = PROVIDERS.get(name)
    if provider is None:
        connected = next((one for one in connections() if one.name == name), None)
        if connected is not None:
            return _connected(connected, timeouts)
        provider = find(name)
    if provider is None:
        known = [*PROVIDERS, *(one.name for one in connections())]
        raise ProviderError(
            "bad_request",
            f"There is no provider {name!r}. Known are: {', '.join(known)}. Others are connected "
            "in Settings.",
        )
    if not is_installed(provider):
        raise ProviderError("unavailable", _not_installed(provider))
    missing = missing_variables(provider)
    if missing:
        raise ProviderError("authentication", _not_set(provider.title, missing))
    names = (*provider.variables, *provider.options, *provider.secret_options)
    found = {each: value for each in names if (value := _value(each))}
    access = Access(
        base_url=(_value(provider.base_url) if provider.base_url else None) or None,
        secrets={each: one for each, one in found.items() if each not in PLAIN},
        options={each: one for each, one in found.items() if each in PLAIN},
        connect_seconds=timeouts.connect,
        read_seconds=timeouts.total,
    )
    made = adapter(provider.module)
    return Target(provider.name, provider.logged, made, access, not provider.is_local)


def hindrance(name: str, connections: Connections) -> str:
    """Why a provider or connected endpoint cannot be called here; "" where it can be tried."""
    try:
        target(name, connections, Timeouts())
    except ProviderError as error:
        return error.message
    return ""


def _connected(one: Connected, timeouts: Timeouts) -> Target:
    key = keys.value_of(one.key_variable) if one.key_variable else None
    if one.key_variable and key is None:
        raise ProviderError("authentication", _not_set(one.name, (one.key_variable,)))
    access = Access(
        base_url=one.base_url,
        secrets={one.key_variable: key} if key else {},
        headers=one.headers,
        connect_seconds=timeouts.connect,
        read_seconds=timeouts.total,
    )
    made = adapter(KINDS[one.kind])
    return Target(one.name, one.name, made, access, not is_own_machine(one.base_url))


def is_own_machine(base_url: str) -> bool:
    """Whether an address is of this machine or of a private network."""
    host = urlsplit(base_url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal")) or "." not in host


def missing_variables(provider: Provider) -> tuple[str, ...]:
    """Variables that must be set and are not. AWS finds credentials in more places than these."""
    missing = tuple(name for name in provider.variables if _value(name) is None)
    if provider.name == "bedrock" and "AWS_REGION" not in missing and _has_other_credentials():
        return ()
    return missing


def _has_other_credentials() -> bool:
    """Whether boto3 itself will find credentials: a profile, a bearer token, a container's role."""
    places = (
        "AWS_PROFILE",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    )
    return any(keys.value_of(name) for name in places)


def _value(name: str) -> str | None:
    for each in (name, *OTHER_NAMES.get(name, ())):
        value = keys.value_of(each)
        if value:
            return value
    return None


def readiness(connections: Sequence[Connected]) -> list[Readiness]:
    """Every provider of the table and every connected endpoint, and whether it can be called."""
    found = [_readiness(provider) for provider in PROVIDERS.values()]
    for one in connections:
        missing = (
            (one.key_variable,) if one.key_variable and not keys.value_of(one.key_variable) else ()
        )
        found.append(
            Readiness(
                one.name,
                one.name,
                "missing key" if missing else "ready",
                missing,
                keys.place_of(one.key_variable) if one.key_variable else None,
                "Anthropic-compatible" if one.kind == "anthropic" else "OpenAI-compatible",
                is_connection=True,
                base_url=one.base_url,
                models=tuple(one.models),
            )
        )
    return found


def _readiness(provider: Provider) -> Readiness:
    if not is_installed(provider):
        note = f"{provider.note} {_not_installed(provider)}".strip()
        return Readiness(provider.name, provider.title, "not installed", note=note)
    missing = missing_variables(provider)
    names = (
        (provider.variables[0], *OTHER_NAMES.get(provider.variables[0], ()))
        if (provider.variables)
        else ()
    )
    place = next((where for name in names if (where := keys.place_of(name))), None)
    state = "missing key" if missing else "ready"
    return Readiness(provider.name, provider.title, state, missing, place, provider.note)


def _not_installed(provider: Provider) -> str:
    file = "requirements-local.txt" if provider.is_local else "requirements.txt"
    return f"{provider.title} is not installed: run pip install -r {file}."


def _not_set(title: str, missing: Sequence[str]) -> str:
    names = " and ".join(missing)
    return f"{title} needs {names}: set it in the environment or in .streamlit/secrets.toml."
