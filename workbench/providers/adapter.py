"""What a provider's adapter is: two pure functions and a thin stream.

An adapter holds no state: one object serves all calls. Retries, time-outs, cost, logging and
concurrency belong to the host.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.providers.call import Call
from workbench.providers.errors import ProviderError
from workbench.providers.events import Event


@dataclass(frozen=True, slots=True)
class Wire:
    """A request as the vendor's package takes it: JSON, and what of the call was left out.

    kwargs: the arguments, logged as they are.
    ignored: a sentence for each setting that this model or vendor does not take.
    """

    kwargs: dict[str, Any]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a provider. `secrets` and `options` are by the names of their variables."""

    base_url: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_seconds: float = 10.0
    read_seconds: float = 600.0

    @property
    def key(self) -> str:
        """The first secret: for most providers the API key."""
        return next(iter(self.secrets.values()), "")

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for two that may share a client."""
        pairs = (self.secrets, self.options, self.headers)
        named = tuple(tuple(sorted(each.items())) for each in pairs)
        return (self.base_url, named, self.connect_seconds, self.read_seconds)


class Adapter(Protocol):
    """function_name: as log records carry it; the normaliser of that name reads the answer.
    stream_name: the same for streams.
    wants_content: pictures must come by content; the host fetches those given by address.
    """

    function_name: str
    stream_name: str
    wants_content: bool

    def to_wire(self, call: Call) -> Wire:
        """The request; raises Unsupported for content that cannot be taken. Pure."""
        ...

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        """What one piece of a stream says. Pure."""
        ...

    def client(self, access: Access) -> Any:
        """The package's client: made once for each `Access`, used by many calls at a time."""
        ...

    async def close(self, client: Any) -> None: ...

    def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        """The answer as JSON values: the pieces of a stream, or the one answer."""
        ...

    def failure(self, error: Exception) -> ProviderError | None:
        """The package's exception in our terms; None when it is none of the package's."""
        ...

    async def models(self, client: Any) -> list[str]:
        """The names of the models that the key may use; [] where the vendor lists none."""
        ...
