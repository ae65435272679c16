"""Models that providers list, asked for in the background and kept for a while.

A page never waits for a vendor: it gets what is known now, and a number that grows when more is.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.providers import about
from workbench.providers.errors import ProviderError
from workbench.providers.models import Model, described, known
from workbench.providers.reach import Readiness
from workbench.providers.table import find

if TYPE_CHECKING:
    from workbench.providers.host import Host

FRESH_SECONDS = 600.0
#: After a listing that failed: a server that was just started is found soon.
FAILED_SECONDS = 30.0
LIST_SECONDS = 15.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Entry:
    models: list[Model] | None = None
    until: float = 0.0
    is_asked: bool = False


class Listings:
    """What the providers of one host list."""

    def __init__(self, host: Host, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._clock = clock
        self._entries: dict[tuple[str, str, str | None], _Entry] = {}
        self._lock = threading.Lock()
        self._asking: set[Future[None]] = set()
        #: Grows whenever a provider has listed other models than before.
        self.changes = 0

    def models(self, one: Readiness) -> list[Model]:
        """What a provider is known to have, at once. A ready one is asked where it was not lately;
        another, and one that lists nothing, has what the price table knows of it."""
        found = find(one.name)
        logged = found.logged if found is not None and not one.is_connection else one.name
        if one.models:
            return described(one.models, logged, "connection")
        if one.state != "ready":
            return known(logged)
        entry = self._asked(one)
        return entry.models if entry.models is not None else known(logged)

    def _asked(self, one: Readiness) -> _Entry:
        # Another address or another key may list other models.
        key = (one.name, one.base_url, one.key_from)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            if entry.is_asked or self._clock() < entry.until:
                return entry
            entry.is_asked = True
        future = self._host.submit(self._list(one.name, entry))
        self._asking.add(future)
        future.add_done_callback(self._asking.discard)
        return entry

    def close(self) -> None:
        """Ask no more: the host ends."""
        for future in list(self._asking):
            future.cancel()

    async def _list(self, provider: str, entry: _Entry) -> None:
        models, fresh = None, FAILED_SECONDS
        try:
            async with asyncio.timeout(LIST_SECONDS):
                models, fresh = await about.list_models(self._host, provider), FRESH_SECONDS
        except (ProviderError, TimeoutError) as error:
            log.info("%s lists no models now: %s", provider, error)
        except Exception:
            log.exception("the models of %s could not be listed", provider)
        finally:
            with self._lock:
                # What was listed once stays offered while its provider is away.
                if models is not None and models != entry.models:
                    entry.models = models
                    self.changes += 1
                entry.until = self._clock() + fresh
                entry.is_asked = False
