"""What a page asks about providers: which are ready, does a key work, which models are there."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.messages import text_part
from workbench.providers.call import Call, Timeouts, Tuning
from workbench.providers.errors import ProviderError
from workbench.providers.models import Model, described, known
from workbench.providers.reach import Readiness, Target, readiness
from workbench.providers.record import cleaned
from workbench.providers.table import find

if TYPE_CHECKING:
    from workbench.providers.host import Host

TEST_SECONDS = 20.0
#: Where a provider lists no models, its key is tested with the smallest question to this one.
_TEST_MODELS = {"bedrock": "amazon.nova-micro-v1:0"}


@dataclass(frozen=True, slots=True)
class Tested:
    """Whether a provider accepted its key: one sentence, and how long it took in milliseconds."""

    ok: bool
    sentence: str
    milliseconds: float


def ready(host: Host) -> list[Readiness]:
    """Every provider and connected endpoint; nobody is asked."""
    return readiness(host.connections())


def test_key(host: Host, provider: str) -> Tested:
    """Ask a provider for its models, or the smallest question where it lists none."""
    started = time.monotonic()
    try:
        sentence = host.submit(_tested(host, provider)).result(TEST_SECONDS + 10)
        ok = True
    except ProviderError as error:
        sentence, ok = str(error), False
    return Tested(ok, sentence, (time.monotonic() - started) * 1000)


async def _tested(host: Host, provider: str) -> str:
    models = await _asked(host, _target(host, provider))
    if models:
        return f"It answers and lists {len(models)} models."
    return "It answers."


async def list_models(host: Host, provider: str) -> list[Model]:
    """The models of a provider, asked of it where it can be, else what is known of it.

    Raises ProviderError where it cannot be reached.
    """
    found = find(provider)
    logged = found.logged if found else provider
    connected = next((one for one in host.connections() if one.name == provider), None)
    if connected is not None and connected.models:
        return described(connected.models, provider, "connection")
    listed = await _listed(host, _target(host, provider))
    return described(listed, logged, "provider") if listed else known(logged)


def models(host: Host, provider: str) -> list[Model]:
    """`list_models` for a page: blocks, and raises ProviderError."""
    return host.submit(list_models(host, provider)).result(TEST_SECONDS + 10)


def _target(host: Host, provider: str) -> Target:
    return host.target(provider, Timeouts(connect=5.0, total=TEST_SECONDS))


async def _listed(host: Host, target: Target) -> list[str]:
    """The names that a provider lists; raises ProviderError."""
    client = await host.client(target)
    try:
        async with asyncio.timeout(TEST_SECONDS):
            return await target.adapter.models(client)
    except TimeoutError as error:
        raise ProviderError("timeout", f"No answer within {TEST_SECONDS:g} seconds.") from error
    except ProviderError:
        raise
    except Exception as error:
        failure = target.adapter.failure(error)
        if failure is None:
            raise
        failure.message = cleaned(failure.message, target.access.secrets.values())
        raise failure from error


async def _asked(host: Host, target: Target) -> list[str]:
    """The listed models; of a provider that lists none, [] after it answered a question.

    A refusal that is no matter of the key (a deployment that is not there) counts as an answer.
    """
    try:
        listed = await _listed(host, target)
    except ProviderError as error:
        if error.kind not in ("bad_request", "bad_answer"):
            raise
        # Many endpoints of one's own list no models.
        listed = []
    if listed or target.name in ("echo", "local"):
        return listed
    call = Call(
        provider=target.name,
        model=_TEST_MODELS.get(target.name, "workbench-key-test"),
        messages=[{"role": "user", "content": [text_part("Hi")]}],
        tuning=Tuning(max_tokens=1),
        stream=False,
    )
    wire = target.adapter.to_wire(call)
    client = await host.client(target)
    try:
        async with asyncio.timeout(TEST_SECONDS):
            async for _ in target.adapter.send(client, wire, False):
                pass
    except TimeoutError as error:
        raise ProviderError("timeout", f"No answer within {TEST_SECONDS:g} seconds.") from error
    except Exception as error:
        failure = target.adapter.failure(error)
        if failure is None:
            raise
        if failure.kind not in ("bad_request", "rate_limit"):
            failure.message = cleaned(failure.message, target.access.secrets.values())
            raise failure from error
    return []
