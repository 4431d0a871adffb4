"""Names resolved and proxies asked, on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from yarl import URL

from ingest.connect import Proxies, Resolver
from ingest.errors import FetchError, ForbiddenError
from ingest.fetch import Fetcher
from tests.ingest.test_fetch import Names


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that says this to everything, with the first lines of what it was asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0].decode())
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews"


def through(root: str, answers: dict[str, list[str]] | None = None, no: str = "") -> Fetcher:
    return Fetcher(resolver=Names(answers or {}), proxies=Proxies({"http": root, "https": root, "no": no}))


async def test_a_proxy_is_asked_for_names_that_only_it_knows() -> None:
    async with proxy(PAGE) as (root, asked), through(root) as fetcher:
        assert (await fetcher.get("http://news.example.com/a?b=c")).body == b"news"
    assert asked == ["GET http://news.example.com/a?b=c HTTP/1.1"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://127.1/", "http://inside.example.com/", "http://printer.local/", "ftp://e.org/"]
)
async def test_what_is_known_to_be_inside_is_not_asked_of_a_proxy_either(url: str) -> None:
    async with proxy(PAGE) as (root, asked), through(root, {"inside.example.com": ["10.0.0.1"]}) as fetcher:
        with pytest.raises(FetchError):
            await fetcher.get(url)
    assert asked == []


async def test_hosts_that_need_no_proxy_are_judged_as_ever() -> None:
    async with proxy(PAGE) as (root, asked), through(root, {"e.org": ["127.0.0.1"]}, no="e.org") as fetcher:
        with pytest.raises(ForbiddenError):
            await fetcher.get("http://e.org/")
    assert asked == []


@pytest.mark.parametrize(
    ("answer", "url", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "http://e.org/", "password"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "https://e.org/", "the proxy doesn't let it"),
    ],
    ids=["password", "refused tunnel"],
)
async def test_what_a_proxy_refuses_is_said_to_be_the_proxys(answer: bytes, url: str, words: str) -> None:
    async with proxy(answer) as (root, _), through(root) as fetcher:
        with pytest.raises(FetchError, match=words):
            await fetcher.get(url)


async def test_a_proxy_that_is_away_is_named_without_its_password() -> None:
    async with through("http://ann:s3cret@127.0.0.1:1") as fetcher:
        with pytest.raises(FetchError, match="the proxy can't be reached") as caught:
            await fetcher.get("http://e.org/")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("named", "url", "proxied"),
    [
        ({}, "http://e.org/", None),
        ({"http": "http://p:3128"}, "http://e.org/", "http://p:3128"),
        ({"http": "p:3128"}, "http://e.org/", "http://p:3128"),
        ({"http": "http://p:3128"}, "https://e.org/", None),
        ({"all": "http://p:3128"}, "https://e.org/", "http://p:3128"),
        ({"all": "http://p", "no": "*"}, "http://e.org/", None),
        ({"all": "http://p", "no": "other.org, .E.org"}, "http://news.e.org/", None),
        ({"all": "http://p", "no": "e.org"}, "http://le.org/", "http://p"),
        ({"all": "http://p", "no": "e.org:8080"}, "http://e.org:8080/", None),
        ({"all": "http://p", "no": "e.org:8080"}, "http://e.org/", "http://p"),
    ],
)
def test_the_environment_says_which_proxy(named: dict[str, str], url: str, proxied: str | None) -> None:
    found = Proxies(named).of(URL(url))
    assert found == (URL(proxied) if proxied else None)


@pytest.mark.parametrize("named", ["socks5://p:1080", "http://", "http://[::1"])
def test_other_proxies_are_refused_rather_than_passed_by(named: str) -> None:
    with pytest.raises(FetchError, match="HTTP proxy"):
        Proxies({"all": named}).of(URL("http://e.org/"))


async def test_the_systems_resolver_is_asked_off_the_loops_threads() -> None:
    resolver = Resolver(threads=1)
    found = await resolver.resolve("127.0.0.1", 80)
    await resolver.close()
    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 80)]
