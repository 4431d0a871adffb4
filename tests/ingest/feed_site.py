"""A web of feeds and pages on a real local server, changeable while it runs."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import web
from aiohttp.test_utils import TestServer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WHOLE = " ".join(f"The harbour master said sentence {number} about the ferry terminal." for number in range(30))


@dataclass(frozen=True)
class Canned:
    """`etag` is compared as RFC 9110 says. `hangs`: the answer never comes."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


@dataclass
class Site:
    root: str
    pages: dict[str, Canned]
    asked: list[tuple[str, dict[str, str]]]

    def url(self, path: str) -> str:
        return self.root + path

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Every path that isn't there is answered with 404; so is robots.txt."""
    made = Site("", {}, [])
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        path = request.path_qs
        made.asked.append((path, dict(request.headers)))
        canned = made.pages.get(path, Canned(status=404))
        if canned.hangs:
            await over.wait()
        etag = canned.headers.get("ETag")
        if etag and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(text=canned.body, status=canned.status, headers=dict(canned.headers))

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        made.root = str(server.make_url("")).rstrip("/")
        try:
            yield made
        finally:
            over.set()


def item(number: int, *, ago: timedelta = timedelta(hours=1), text: str = WHOLE, root: str = "https://e.org") -> str:
    return (
        f"<item><title>Ferry news number {number}</title><link>{root}/item/{number}</link><guid>g{number}</guid>"
        f"<pubDate>{format_datetime(NOW - ago)}</pubDate><description>News {number}. {text}</description></item>"
    )


def rss(items: Sequence[str], *, title: str = "Harbour Wire", more: str = "") -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>{title}</title>{more}{''.join(items)}</channel></rss>"
    )


def page(number: int) -> str:
    body = "".join(
        f"<p>Ferry news number {number}: paragraph {part} tells what the harbour master said about the terminal, "
        f"and what it costs.</p>"
        for part in range(12)
    )
    return (
        f"<html><head><title>Ferry news number {number}</title></head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>Ferry news number {number}</h1>{body}</article></body></html>"
    )
