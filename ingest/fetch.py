"""Fetching pages and feeds from the public internet. The only module of this room that opens connections.

    URL as written -> guard.target -> name resolved, every address judged -> socket made for a judged address only
        -> answer -> redirect? begin again with its URL -> body, bounded as sent and as unpacked

Time, size and redirects are bounded; no cookies are kept; environment proxies and .netrc are not read.
"""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from config import VERSION
from ingest import guard
from ingest.errors import FetchError, ForbiddenError

TOTAL_SECONDS = 20.0
CONNECT_SECONDS = 5.0
MAX_BYTES = 10_000_000
MAX_REDIRECTS = 5
MAX_HEADER_BYTES = 8_190  # of one header line; aiohttp bounds their number itself
USER_AGENT = f"Tidings/{VERSION} (+news wire bot)"

_HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html, application/rss+xml, application/atom+xml, application/feed+json, */*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_OK = 200
_FIRST_SERVER_ERROR = 500
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_LATER = "Try again later."
_CHECK = "Check the address."
_ANSWERS = {
    401: ("it is behind a login", "Send the article's text instead."),
    402: ("it has to be paid for", "Send the article's text instead."),
    403: ("its site refuses to show it to a bot", "Send the article's text instead."),
    404: ("its site has no such page", _CHECK),
    410: ("its site has removed the page", "Look for the article elsewhere."),
    429: ("its site asks to be left alone for a while", _LATER),
    451: ("its site may not show it for legal reasons", "Send the article's text instead."),
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """`url` is where the redirects ended; `body` is unpacked; `content_type` is the header as sent."""

    url: str
    body: bytes
    content_type: str | None


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: str
    for_good: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end, whatever its status. `body` is unpacked, and empty for anything but 200.

    `headers` by lower-case name. `moved`: where the address has moved for good (301, 308), None where it hasn't; what
    follows a temporary redirect is no move.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    moved: str | None = None

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")


class Fetcher:
    """Fetches what is public, and what `allow_hosts` names (`host` or `host:port`), wherever that leads.

    Usable as an async context manager; else call `close` at the end. One instance serves concurrent calls.
    """

    def __init__(
        self,
        allow_hosts: Collection[str] = (),
        *,
        total_seconds: float = TOTAL_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        max_bytes: int = MAX_BYTES,
        max_redirects: int = MAX_REDIRECTS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = guard.allow_list(allow_hosts)
        self._total, self._connect = total_seconds, connect_seconds
        self._max_bytes, self._max_redirects = max_bytes, max_redirects
        self._resolver = resolver
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    async def get(self, url: str) -> Fetched:
        """Raises FetchError, which says why and what to do, and whether the same call may succeed later."""
        answer = await self.ask(url)
        if answer.status != _OK:
            raise refusal(answer.status, answer.url)
        return Fetched(answer.url, answer.body, answer.content_type)

    async def ask(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The last answer after redirects, with any status. Raises FetchError where there is none."""
        async with _explained(url, self._total), asyncio.timeout(self._total):
            return await self._follow(url, headers or {})

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """Send a form; the status. Redirects are not followed. Raises FetchError."""
        async with _explained(url, self._total), asyncio.timeout(self._total):
            target = guard.target(url, self._allowed)
            sending = self._session(target.trusted).post(target.url, data=dict(form), allow_redirects=False)
            async with sending as response:
                return response.status

    async def _follow(self, url: str, headers: Mapping[str, str]) -> Answer:
        target = guard.target(url, self._allowed)
        for_good, moved = True, None
        for _ in range(self._max_redirects + 1):
            found = await self._ask(target, headers)
            if isinstance(found, Answer):
                return replace(found, moved=moved)
            target = guard.target(found.to, self._allowed)
            for_good = for_good and found.for_good
            moved = str(target.url) if for_good else moved
        advice = "Open it in a browser and send the address where it ends."
        raise FetchError(f"it redirects more than {self._max_redirects} times", url=guard.shown(url), advice=advice)

    async def _ask(self, target: guard.Target, headers: Mapping[str, str]) -> "Answer | _Redirect":
        """One request: the answer, or where it sends us."""
        asking = self._session(target.trusted).get(target.url, allow_redirects=False, headers=headers)
        async with asking as response:
            if response.status in _REDIRECTS and response.headers.get("Location"):
                to = str(_joined(target.url, response.headers["Location"]))
                return _Redirect(to, for_good=response.status in _FOR_GOOD)
            body = await self._body(response) if response.status == _OK else b""
            told = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, str(target.url), told, body)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        url, encoding = str(response.url), response.headers.get("Content-Encoding", "").strip().lower()
        if (response.content_length or 0) > self._max_bytes:
            raise _too_big(url, self._max_bytes)
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                raise _too_big(url, self._max_bytes)
        if encoding in ("", "identity"):
            return bytes(body)
        return await asyncio.to_thread(unpack, bytes(body), encoding, self._max_bytes, url)

    def _session(self, trusted: bool) -> aiohttp.ClientSession:
        if trusted not in self._sessions:
            self._sessions[trusted] = aiohttp.ClientSession(
                connector=self._connector(trusted),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                timeout=aiohttp.ClientTimeout(total=None, connect=self._connect, sock_connect=self._connect),
                auto_decompress=False,
                max_line_size=MAX_HEADER_BYTES,
                max_field_size=MAX_HEADER_BYTES,
            )
        return self._sessions[trusted]

    def _connector(self, trusted: bool) -> aiohttp.TCPConnector:
        resolver = self._resolver or aiohttp.ThreadedResolver()
        if trusted:
            return aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
        return aiohttp.TCPConnector(
            resolver=_GuardedResolver(resolver), use_dns_cache=False, socket_factory=_guarded_socket
        )


class _GuardedResolver(AbstractResolver):
    """Refuses a name when any of its addresses is forbidden: mixed answers are how names are rebound."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for answer in found:
            _judge(answer["host"], host)
        return found

    async def close(self) -> None:
        await self._inner.close()


def _guarded_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """aiohttp's socket factory: the address is the very one that the socket will connect to."""
    family, kind, protocol, _, address = info
    _judge(str(address[0]), str(address[0]))
    return socket.socket(family, kind, protocol)


def _judge(address: str, host: str) -> None:
    reason = guard.forbidden_address(address)
    if reason:
        raise ForbiddenError(reason, url=host, advice="Only pages on the public internet are fetched.")


def unpack(data: bytes, encoding: str, limit: int, url: str) -> bytes:
    """The bytes of a gzip or deflate body, never making more than `limit` of them."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError(f"its site sent it packed as {encoding[:40]!r}, which wasn't asked for", url=guard.shown(url))
    unpacked = bytearray()
    try:
        while data:
            inflater = zlib.decompressobj(_window(data, encoding))
            unpacked += inflater.decompress(data, limit + 1 - len(unpacked))
            if len(unpacked) > limit:
                raise _too_big(url, limit)
            if not inflater.eof:
                raise _broken_off(url)
            # A gzip body may have several members; what else follows is padding.
            data = inflater.unused_data if inflater.unused_data.startswith(b"\x1f\x8b") else b""
    except zlib.error as error:
        raise _broken_off(url) from error
    return bytes(unpacked)


def _window(data: bytes, encoding: str) -> int:
    """zlib's window bits: `deflate` comes with zlib's two bytes in front and, from some servers, without."""
    if encoding != "deflate" or data.startswith(b"\x1f\x8b"):
        return zlib.MAX_WBITS | 16
    wrapped = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


def _joined(url: URL, location: str) -> URL:
    try:
        return url.join(URL(location.strip()))
    except ValueError as error:
        raise FetchError("it redirects to what is no web address", url=guard.shown(str(url))) from error


def refusal(status: int, url: str) -> FetchError:
    """What an answer other than 200 means for who asked."""
    known = _ANSWERS.get(status)
    if known:
        reason, advice = known
    elif status >= _FIRST_SERVER_ERROR:
        reason, advice = "its site has trouble of its own", _LATER
    else:
        reason, advice = "its site didn't give the page", _CHECK
    again = status in (408, 425, 429) or status >= _FIRST_SERVER_ERROR
    return FetchError(f"{reason} (answer {status})", url=guard.shown(url), advice=advice, again=again)


def _too_big(url: str, limit: int) -> FetchError:
    advice = "Send the article's text instead."
    return FetchError(f"it is bigger than {limit / 1e6:.3g} MB", url=guard.shown(url), advice=advice)


def _broken_off(url: str) -> FetchError:
    return FetchError("its site broke off in the middle", url=guard.shown(url), advice=_LATER, again=True)


@asynccontextmanager
async def _explained(url: str, seconds: float) -> AsyncIterator[None]:
    """Turns what aiohttp raises into FetchError. The order goes from the particular to the general."""
    try:
        yield
    except TimeoutError as error:
        reason, advice = f"its site took too long (over {seconds:.3g} seconds in all, or to connect)", _LATER
        raise FetchError(reason, url=guard.shown(url), advice=advice, again=True) from error
    except aiohttp.ClientConnectorDNSError as error:
        raise FetchError("its site's name isn't known", url=guard.shown(url), advice=_CHECK, again=True) from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        reason, advice = "its site has no valid certificate", "Send the article's text instead."
        raise FetchError(reason, url=guard.shown(url), advice=advice) from error
    except aiohttp.InvalidURL as error:
        raise FetchError("it is not a web address", url=guard.shown(url), advice=_CHECK) from error
    except aiohttp.ClientConnectorError as error:
        raise FetchError("its site can't be reached", url=guard.shown(url), advice=_LATER, again=True) from error
    except aiohttp.ClientResponseError as error:
        raise FetchError("its site doesn't answer as a web server should", url=guard.shown(url)) from error
    except (aiohttp.ClientError, OSError) as error:
        raise _broken_off(url) from error
