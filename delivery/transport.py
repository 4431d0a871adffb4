"""python-telegram-bot's calls over aiohttp, telling apart what never left from what is in doubt.

aiohttp's own errors may quote the URL, and with it the token: they are named by their type only and never chained.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.request import BaseRequest, RequestData

from delivery.errors import LONGEST_SILENCE, FloodError, InDoubtError, NeverSentError, ServerError

# Servers drop idle connections; one that is dropped while we write is a doubt, so ours are dropped first.
KEEP_ALIVE_SECONDS = 15
# A server that reads our request ever so slowly has this much more than one that answers slowly.
SPARE_SECONDS = 5.0
# More than a sender's calls in flight at the paid rate: replies find one as well.
CONNECTIONS = 256
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DOUBTFUL = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
# That the library tells apart.
REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
)

Timeout = float | DefaultValue[Any] | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A call's parameters as they go over the wire: application/x-www-form-urlencoded, or a form with files."""

    body: bytes | aiohttp.FormData

    @property
    def contains_files(self) -> bool:
        return isinstance(self.body, aiohttp.FormData)


class AiohttpRequest(BaseRequest):
    """A pool of kept connections. Timeouts are seconds; proxies come from the environment (HTTPS_PROXY, NO_PROXY).

    Raises NeverSentError, InDoubtError, ServerError and FloodError besides python-telegram-bot's own errors.
    """

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        upload_timeout: float = 120.0,
    ) -> None:
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._upload_timeout = upload_timeout
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}  # by scheme and host

    @property
    def read_timeout(self) -> float:
        return self._read_timeout

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS),
                headers={"User-Agent": self.USER_AGENT},
                trace_configs=[_tracing()],
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | Encoded | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request. aiohttp knows no write timeout: an upload has `upload_timeout`; the pool's is connect's."""
        del write_timeout, pool_timeout
        uploads = request_data is not None and request_data.contains_files
        connecting = _seconds(connect_timeout, self._connect_timeout)
        reading = self._upload_timeout if uploads else _seconds(read_timeout, self._read_timeout)
        whole = (
            None if method == "GET" or connecting is None or reading is None else connecting + reading + SPARE_SECONDS
        )
        limits = aiohttp.ClientTimeout(total=whole, connect=connecting, sock_read=reading)
        status, payload, retry_after = await self._exchange(method, url, request_data, limits)
        if method == "GET":
            return status, payload
        return _judged(status, payload, retry_after), payload

    async def post_encoded(self, url: str, body: bytes | aiohttp.FormData) -> Any:
        """The `result` of a call whose parameters are encoded already; raises as every call does."""
        return await self.post(url, cast("RequestData", Encoded(body)))

    async def _exchange(
        self, method: str, url: str, data: RequestData | Encoded | None, limits: aiohttp.ClientTimeout
    ) -> tuple[int, bytes, str | None]:
        if self._session is None:
            raise NeverSentError("the transport is not open")
        proxy = self._proxy(url)
        sent: list[bool] = []
        failure: TelegramError
        try:
            async with self._session.request(
                method,
                url,
                data=data.body if isinstance(data, Encoded) else _form(data),
                headers=FORM if isinstance(data, Encoded) and not data.contains_files else None,
                proxy=proxy,
                timeout=limits,
                allow_redirects=False,
                trace_request_ctx=sent,
            ) as response:
                return response.status, await response.read(), response.headers.get("Retry-After")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            failure = NeverSentError(f"no connection to the Bot API ({type(error).__name__})")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            name = type(error).__name__
            failure = (
                InDoubtError(f"no answer from the Bot API ({name})") if sent else NeverSentError(f"not sent ({name})")
            )
        raise failure  # out here, so that the error is not even this one's context

    def _proxy(self, url: str) -> str | None:
        """By the environment, looked up once for each server: aiohttp would ask a thread, twice for each call."""
        origin = url[: url.find("/", url.find("://") + 3)]
        if origin not in self._proxies:
            try:
                parts = urlsplit(origin)
            except ValueError:
                raise NeverSentError("the Bot API's address is none") from None
            bypassed = parts.hostname is None or proxy_bypass(parts.hostname)
            self._proxies[origin] = None if bypassed else getproxies().get(parts.scheme)
        return self._proxies[origin]

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """What the Bot API answered; InDoubtError where it is not one of its answers."""
        answer = _answer(payload)
        if answer is None:
            raise InDoubtError("the answer is none of the Bot API's")
        return dict(answer)


def _tracing() -> aiohttp.TraceConfig:
    """Notes in a request's own list that its head was written: from there on it may have been carried out."""

    async def written(_session: object, context: Any, _params: object) -> None:
        context.trace_request_ctx.append(True)

    tracing = aiohttp.TraceConfig()
    tracing.on_request_headers_sent.append(written)
    return tracing


def _seconds(given: Timeout, default: float) -> float | None:
    return default if isinstance(given, DefaultValue) else given


def _form(request_data: RequestData | None) -> aiohttp.FormData | None:
    if request_data is None or (not request_data.parameters and not request_data.contains_files):
        return None
    form = aiohttp.FormData(default_to_multipart=request_data.contains_files)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    if request_data.contains_files:
        for name, (filename, content, content_type) in request_data.multipart_data.items():
            form.add_field(name, content, filename=filename, content_type=content_type)
    return form


def _judged(status: int, payload: bytes, retry_after: str | None) -> int:
    """The status of an answer of the Bot API; raises where it isn't one, or means "later"."""
    if status == HTTPStatus.OK and b'"result"' in payload:
        return status
    answer = _answer(payload)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise FloodError(_retry_after(answer or {}, retry_after))
    if answer is None:
        raise InDoubtError(f"the answer is none of the Bot API's (status {status})")
    code = int(answer.get("error_code") or status)
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        raise FloodError(_retry_after(answer, retry_after))
    if code in DOUBTFUL or code < HTTPStatus.BAD_REQUEST:
        raise InDoubtError(f"the Bot API answered {code}")
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServerError(f"the Bot API answered {code}: {answer.get('description', '')}")
    if code == HTTPStatus.MISDIRECTED_REQUEST:  # a server of one's own that serves other bots only
        raise InvalidToken(str(answer.get("description", "")))
    if code not in REFUSALS and code >= HTTPStatus.BAD_REQUEST:  # the library would take it for a doubtful one
        raise BadRequest(str(answer.get("description", "")) or f"the Bot API answered {code}")
    return code


def _answer(payload: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(payload)
    except ValueError:
        return None
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) and "ok" in found else None


def _retry_after(answer: Mapping[str, Any], header: str | None) -> int:
    """Seconds to wait, from one to LONGEST_SILENCE; by the answer, else by the header."""
    given = (answer.get("parameters") or {}).get("retry_after") or header
    try:
        return max(1, int(min(float(str(given)), LONGEST_SILENCE.total_seconds())))
    except ValueError:
        return 1
