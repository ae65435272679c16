"""Amazon Bedrock's Converse, through the package `boto3`.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. The
package blocks, so each call runs in a thread; its bytes are base64 text in the request that is
kept, and become bytes just before they are sent.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

from workbench.logs.normalise.shape import mapping, text
from workbench.providers import bedrock_wire
from workbench.providers.adapter import Access, Wire
from workbench.providers.call import Call
from workbench.providers.errors import ProviderError, of_status
from workbench.providers.events import Event

_BYTES = ("bytes", "redactedContent")
_CONNECTIONS = 64
_END = object()


class Bedrock:
    function_name = "boto3.bedrock-runtime.converse"
    stream_name = "boto3.bedrock-runtime.converse_stream"
    wants_content = True

    def to_wire(self, call: Call) -> Wire:
        return bedrock_wire.to_wire(call)

    def from_wire(self, chunk: Any) -> Iterable[Event]:
        return bedrock_wire.from_wire(chunk)

    def client(self, access: Access) -> Any:
        import boto3
        from botocore.config import Config

        secrets = dict(access.secrets)
        config = Config(
            connect_timeout=access.connect_seconds,
            read_timeout=access.read_seconds,
            retries={"total_max_attempts": 1},
            max_pool_connections=_CONNECTIONS,
        )
        session = boto3.session.Session(
            aws_access_key_id=secrets.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=secrets.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=secrets.get("AWS_SESSION_TOKEN"),
            region_name=access.options.get("AWS_REGION"),
        )
        return session.client(
            "bedrock-runtime", endpoint_url=access.base_url or None, config=config
        )

    async def close(self, client: Any) -> None:
        client.close()

    async def send(self, client: Any, wire: Wire, stream: bool) -> AsyncGenerator[Any, None]:
        loop = asyncio.get_running_loop()
        kwargs = _with_bytes(wire.kwargs)
        if not stream:
            whole = _json(await _in_thread(loop, lambda: client.converse(**kwargs)))
            if "output" not in whole:
                # The package makes an empty answer of what it cannot read.
                raise ProviderError("bad_answer", "The answer is no JSON of Converse's.")
            yield whole
            return
        answer = await _in_thread(loop, lambda: client.converse_stream(**kwargs))
        pump = _Pump(answer["stream"], loop)
        threading.Thread(target=pump.run, name="bedrock", daemon=True).start()
        try:
            while (event := await pump.queue.get()) is not _END:
                if isinstance(event, Exception):
                    raise event
                yield _json(event)
        finally:
            pump.stop()

    def failure(self, error: Exception) -> ProviderError | None:
        names = {each.__name__ for each in type(error).__mro__}
        response = mapping(getattr(error, "response", None))
        if "ClientError" in names and response:
            about = mapping(response.get("ResponseMetadata"))
            status = _status(about.get("HTTPStatusCode"), mapping(response.get("Error")))
            body = {"error": mapping(response.get("Error"))}
            return of_status(status, body, mapping(about.get("HTTPHeaders")), str(error))
        if names & {"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"}:
            return ProviderError("authentication", str(error))
        if names & {"NoRegionError", "ParamValidationError"}:
            return ProviderError("bad_request", str(error))
        if "ReadTimeoutError" in names:
            return ProviderError("timeout", str(error))
        if names & {"ConnectTimeoutError", "EndpointConnectionError", "ConnectionError"}:
            return ProviderError("unavailable", str(error))
        if "BotoCoreError" in names or names & {
            "ProtocolError",
            "ResponseParserError",
            "ParserError",
        }:
            return ProviderError("bad_answer", f"The answer cannot be read: {error}")
        return None

    async def models(self, client: Any) -> list[str]:
        # Listing is a service of its own (`bedrock`), with rights that callers often lack.
        del client
        return []


async def _in_thread(loop: asyncio.AbstractEventLoop, work: Callable[[], Any]) -> Any:
    """The result of a blocking call. Its thread is a daemon: a provider that never answers would
    otherwise keep the process from ending.
    """
    future: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - it is raised again in the loop
            failure = error
        with contextlib.suppress(RuntimeError):
            # The loop may have ended meanwhile.
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="bedrock", daemon=True).start()
    return await future


class _Pump:
    """Carries a blocking stream's events from its thread to the loop."""

    def __init__(self, stream: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self._stream = stream
        self._loop = loop
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            for event in self._stream:
                if self._stopped.is_set():
                    return
                self._put(event)
        except Exception as error:  # noqa: BLE001 - it is raised again in the loop
            self._put(error)
        else:
            self._put(_END)
        finally:
            self._stream.close()

    def stop(self) -> None:
        """End reading: the thread that waits for more wakes up, and closes the connection."""
        self._stopped.set()
        raw: Any = getattr(self._stream, "_raw_stream", None)
        if hasattr(raw, "shutdown"):
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                # It had ended by itself.
                raw.shutdown()

    def _put(self, event: Any) -> None:
        if not self._stopped.is_set():
            with contextlib.suppress(RuntimeError):
                # The loop may have ended meanwhile.
                self._loop.call_soon_threadsafe(self.queue.put_nowait, event)


#: Exceptions that come inside of a stream, with status 200 or 400: what they would be alone.
_STATUS = {
    "throttlingexception": 429,
    "serviceunavailableexception": 503,
    "internalserverexception": 500,
    "modelstreamerrorexception": 500,
    "modeltimeoutexception": 408,
    "modelnotreadyexception": 503,
    "validationexception": 400,
}


def _status(status: Any, error: dict[str, Any]) -> int:
    return _STATUS.get(text(error.get("Code")).lower(), status if isinstance(status, int) else 400)


def _with_bytes(value: Any) -> Any:
    """The request with base64 texts under `bytes` and `redactedContent` made into bytes."""
    if isinstance(value, dict):
        return {
            key: base64.b64decode(one)
            if key in _BYTES and isinstance(one, str)
            else _with_bytes(one)
            for key, one in value.items()
        }
    return [_with_bytes(one) for one in value] if isinstance(value, list) else value


def _json(value: Any) -> Any:
    """An answer as JSON: bytes as base64 text, without what HTTP said."""
    if isinstance(value, dict):
        return {key: _json(one) for key, one in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [_json(one) for one in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


ADAPTER = Bedrock()
