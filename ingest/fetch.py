"""Fetching pages and feeds from the public internet. Everything that Tidings fetches goes through here.

    URL as written -> guard.target -> name resolved, every address judged -> socket made for a judged address only
        -> answer -> redirect? begin again with its URL -> body, bounded as sent and as unpacked

Time, size and redirects are bounded; no cookies are kept; .netrc is not read. Where the environment names a proxy, the
proxy resolves and connects (see ingest.connect). docs/safety.md lists every bound.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from config import VERSION
from ingest import guard
from ingest.connect import GuardedResolver, Proxies, Resolver, guarded_socket, judge_name
from ingest.errors import FetchError
from ingest.packing import broken_off, too_big, unpack

TOTAL_SECONDS = 20.0
CONNECT_SECONDS = 5.0
MAX_BYTES = 10_000_000
MAX_REDIRECTS = 5
MAX_HEADER_BYTES = 8_190  # of one header line
MAX_HEADERS = 128
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
_LISTS = frozenset({"cache-control", "link"})
_LATER = "Try again later."
_CHECK = "Check the address."
_ANSWERS = {
    401: ("it is behind a login", "Send the article's text instead."),
    402: ("it has to be paid for", "Send the article's text instead."),
    403: ("its site refuses to show it to a bot", "Send the article's text instead."),
    404: ("its site has no such page", _CHECK),
    407: ("the proxy wants a password", "The operator sets it in HTTP_PROXY and HTTPS_PROXY."),
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


Permit = Callable[[URL], Awaitable[None]]


class Fetcher:
    """Fetches what is public, and what `allow_hosts` names (`host` or `host:port`), wherever that leads.

    `proxies`: None for those that the environment names. Allowed hosts are always reached directly.
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
        proxies: Proxies | None = None,
    ) -> None:
        self._allowed = guard.allow_list(allow_hosts)
        self._total, self._connect = total_seconds, connect_seconds
        self._max_bytes, self._max_redirects = max_bytes, max_redirects
        self._resolver = resolver or Resolver()
        self._proxies = Proxies.from_environment() if proxies is None else proxies
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
        await self._resolver.close()

    async def get(self, url: str, *, permit: Permit | None = None) -> Fetched:
        """Raises FetchError, which says why and what to do, and whether the same call may succeed later."""
        answer = await self.ask(url, permit=permit)
        if answer.status != _OK:
            raise refusal(answer.status, answer.url)
        return Fetched(answer.url, answer.body, answer.content_type)

    async def ask(self, url: str, headers: Mapping[str, str] | None = None, *, permit: Permit | None = None) -> Answer:
        """The last answer after redirects, with any status. Raises FetchError where there is none.

        `permit` hears of each address before it is asked for, and raises FetchError where it objects.
        """
        async with _explained(url, self._total), asyncio.timeout(self._total):
            return await self._follow(url, headers or {}, permit)

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """Send a form; the status. Redirects are not followed. Raises FetchError."""
        async with _explained(url, self._total), asyncio.timeout(self._total):
            target = guard.target(url, self._allowed)
            async with await self._request("POST", target, data=dict(form)) as response:
                return response.status

    async def _follow(self, url: str, headers: Mapping[str, str], permit: Permit | None) -> Answer:
        target = guard.target(url, self._allowed)
        for_good, moved = True, None
        for _ in range(self._max_redirects + 1):
            if permit is not None:
                await permit(target.url)
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
        async with await self._request("GET", target, headers=headers) as response:
            if response.status in _REDIRECTS and response.headers.get("Location"):
                to = str(_joined(target.url, response.headers["Location"]))
                return _Redirect(to, for_good=response.status in _FOR_GOOD)
            body = await self._body(response) if response.status == _OK else b""
            return Answer(response.status, str(target.url), _by_name(response.headers.items()), body)

    async def _request(
        self,
        method: str,
        target: guard.Target,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        """The answer's head. Through a proxy it is the proxy that is connected to, which the operator chose."""
        proxy = None if target.trusted else self._proxies.of(target.url)
        if proxy is not None:
            await judge_name(self._resolver, target.url.raw_host or "", self._connect)
        session = self._session(target.trusted or proxy is not None)
        return await session.request(method, target.url, allow_redirects=False, headers=headers, data=data, proxy=proxy)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        url, encoding = str(response.url), response.headers.get("Content-Encoding", "").strip().lower()
        if (response.content_length or 0) > self._max_bytes:
            raise too_big(url, self._max_bytes)
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                raise too_big(url, self._max_bytes)
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
                max_headers=MAX_HEADERS,
            )
        return self._sessions[trusted]

    def _connector(self, trusted: bool) -> aiohttp.TCPConnector:
        if trusted:
            return aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False)
        resolver = GuardedResolver(self._resolver)
        return aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, socket_factory=guarded_socket)


def _by_name(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Lines of one name are one list (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in _LISTS and key in found else value
    return found


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
    except aiohttp.ClientProxyConnectionError as error:
        reason, advice = "the proxy can't be reached", "The operator sets it in HTTP_PROXY and HTTPS_PROXY."
        raise FetchError(reason, url=guard.shown(url), advice=advice, again=True) from error
    except aiohttp.ClientHttpProxyError as error:
        reason = f"the proxy doesn't let it through (answer {error.status})"
        raise FetchError(reason, url=guard.shown(url), again=True) from error
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
        raise broken_off(url) from error
