"""Fetching over real HTTP on loopback, and refusals before anything is connected."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from ingest.errors import FetchError, ForbiddenError
from ingest.fetch import USER_AGENT, Fetched, Fetcher
from ingest.packing import unpack
from tests.patience import PATIENCE_S

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """DNS answers from a table; remembers what was asked."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self._answers:
            raise OSError(None, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in self._answers[host]
        ]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def serving(routes: dict[str, Handler]) -> AsyncIterator[str]:
    """The root URL of a server with these paths."""
    application = web.Application()
    for path, handler in routes.items():
        application.router.add_get(path, handler)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


@asynccontextmanager
async def raw(*pieces: bytes, endless: bytes = b"", pause: float = 0) -> AsyncIterator[str]:
    """A server that answers every request with these bytes, whatever they are."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
            while endless:
                writer.write(endless)
                await writer.drain()
                await asyncio.sleep(pause)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def local(**options: float) -> Fetcher:
    return Fetcher(
        {"127.0.0.1"},
        total_seconds=options.get("total", PATIENCE_S),
        max_bytes=int(options.get("max_bytes", 1_000_000)),
    )


def says(body: bytes = b"hello", **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return handler


def redirects(location: str, status: int = 302) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return handler


async def refused(url: str, fetcher: Fetcher | None = None) -> FetchError:
    async with fetcher or local() as opened:
        with pytest.raises(FetchError) as caught:
            await opened.get(url)
    return caught.value


async def test_a_page_comes_with_its_type_and_final_address() -> None:
    routes = {
        "/a": redirects("/b", 301),
        "/b": redirects("c?x=1", 308),
        "/c": says(content_type="text/html; charset=x"),
    }
    async with serving(routes) as root, local() as fetcher:
        assert await fetcher.get(f"{root}/a") == Fetched(f"{root}/c?x=1", b"hello", "text/html; charset=x")


async def test_the_request_is_honest_and_keeps_no_cookies() -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(text="x", headers={"Set-Cookie": "a=b"})

    async with serving({"/": handler}) as root, local() as fetcher:
        await fetcher.get(root)
        await fetcher.get(root)
    assert [request.headers["User-Agent"] for request in seen] == [USER_AGENT] * 2
    assert USER_AGENT.startswith("Tidings/")
    assert seen[1].headers["Accept-Encoding"] == "gzip, deflate"
    assert not {"Cookie", "Referer", "Authorization"} & set(seen[1].headers)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"news " * 100)),
        ("X-GZip", gzip.compress(b"news " * 50) + gzip.compress(b"news " * 50)),
        ("gzip", gzip.compress(b"news " * 100) + b"\0\0\0"),
        ("deflate", zlib.compress(b"news " * 100)),
        ("deflate", zlib.compress(b"news " * 100)[2:-4]),
        ("identity", b"news " * 100),
    ],
    ids=["gzip", "two gzip members", "padded gzip", "zlib", "raw deflate", "identity"],
)
async def test_packed_bodies_are_unpacked(encoding: str, packed: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with raw(head.encode(), packed) as root, local() as fetcher:
        assert (await fetcher.get(root)).body == b"news " * 100


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_is_refused(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    packed = pack(bytes(30_000_000))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with raw(head.encode(), packed) as root:
        assert "bigger than 1 MB" in str(await refused(root))


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_other_packings_are_refused(encoding: str) -> None:
    with pytest.raises(FetchError, match="packed as"):
        unpack(b"x", encoding, 100, "http://example.com/")


def test_endless_parts_of_a_packed_body_are_refused() -> None:
    with pytest.raises(FetchError, match="more than 100 parts"):
        unpack(gzip.compress(b"") * 200_000, "gzip", 10_000_000, "http://example.com/")


@given(st.binary(max_size=300_000), st.integers(0, 9), st.integers(1, 3))
@settings(max_examples=25)
def test_what_was_packed_comes_out_or_is_too_big(data: bytes, level: int, parts: int) -> None:
    packed = gzip.compress(data, level) * parts
    if len(data) * parts > 100_000:
        with pytest.raises(FetchError, match="bigger"):
            unpack(packed, "gzip", 100_000, "http://example.com/")
    else:
        assert unpack(packed, "gzip", 100_000, "http://example.com/") == data * parts


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
@settings(max_examples=50)
def test_no_bytes_break_unpacking(data: bytes, encoding: str) -> None:
    with suppress(FetchError):
        assert len(unpack(data, encoding, 1_000, "http://example.com/")) <= 1_000


@pytest.mark.parametrize("data", [gzip.compress(b"news" * 99)[:-9], b"no gzip at all"], ids=["cut off", "not packed"])
def test_broken_packings_are_refused(data: bytes) -> None:
    with pytest.raises(FetchError, match="broke off") as caught:
        unpack(data, "gzip", 10_000, "http://example.com/")
    assert caught.value.again


async def test_a_body_is_bounded_with_and_without_a_length() -> None:
    async with raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", b"x" * 100) as root:
        assert "bigger than 1 MB" in str(await refused(root))
    async with raw(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"x" * 65_536) as root:
        assert "bigger than 1 MB" in str(await refused(root))


@pytest.mark.parametrize(
    ("status", "words", "again"),
    [
        (204, "answer 204", False),
        (304, "answer 304", False),
        (302, "answer 302", False),
        (403, "refuses", False),
        (404, "no such page", False),
        (410, "removed", False),
        (418, "answer 418", False),
        (429, "left alone", True),
        (500, "trouble", True),
        (503, "trouble", True),
    ],
)
async def test_other_answers_are_explained(status: int, words: str, again: bool) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with serving({"/x": handler}) as root:
        error = await refused(f"{root}/x")
    assert words in str(error)
    assert str(status) in str(error)
    assert error.again is again
    assert error.url == f"{root}/x"


@pytest.mark.parametrize(
    "pieces",
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n",),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"short"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\nxx\r\n"),
        (b"",),
    ],
    ids=["no HTTP", "long header", "many headers", "cut short", "bad chunk", "nothing"],
)
async def test_misbehaving_servers_end_in_a_reason(pieces: tuple[bytes, ...]) -> None:
    async with raw(*pieces) as root:
        assert str(await refused(root))


async def test_a_slow_drip_is_cut_at_the_total_time() -> None:
    async with raw(b"HTTP/1.1 200 OK\r\n\r\n", endless=b"x", pause=0.02) as root:
        error = await refused(root, local(total=0.3))
    assert "too long" in str(error)
    assert error.again


async def test_slow_redirects_share_the_total_time() -> None:
    async with raw(b"HTTP/1.1 302 Found\r\nX: ", endless=b"x", pause=0.02) as root:
        assert "too long" in str(await refused(root, local(total=0.3)))


async def test_a_closed_port_is_explained() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert "can't be reached" in str(await refused(f"http://127.0.0.1:{held.getsockname()[1]}/"))


async def test_redirects_are_counted() -> None:
    async with serving({"/": redirects("/")}) as root:
        assert "more than 5 times" in str(await refused(root))
    chain = {f"/{n}": redirects(f"/{n + 1}") for n in range(5)} | {"/5": says()}
    async with serving(chain) as root, local() as fetcher:
        assert (await fetcher.get(f"{root}/0")).body == b"hello"


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost/",
        "http://127.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/",
        "//0x7f000001/x",
        "http://ann:word@example.com/",
        "http://example.com:25/",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1",
        "http://example.com\\@127.0.0.1/",
    ],
)
async def test_a_redirect_is_judged_like_a_first_address(location: str) -> None:
    names = Names({})
    async with raw(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()) as root:
        allowed = root.removeprefix("http://")
        await refused(root, Fetcher({allowed}, resolver=names))
    assert names.asked == []


async def test_a_redirect_to_a_forbidden_name_is_refused() -> None:
    names = Names({"inside.example.com": ["10.0.0.7"]})
    async with serving({"/": redirects("http://inside.example.com/")}) as root:
        error = await refused(root, Fetcher({root.removeprefix("http://")}, resolver=names))
    assert isinstance(error, ForbiddenError)
    assert "10.0.0.7" in str(error)


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fd00::1"],
        ["fe80::1%eth0"],
        ["169.254.169.254"],
        ["127.1"],
    ],
    ids=str,
)
async def test_what_a_name_resolves_to_is_judged(answers: list[str]) -> None:
    hits: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        hits.append(request.path)
        return web.Response(text="inside")

    names = Names({"news.example.com": answers})
    async with serving({"/": handler}) as root:
        port = root.rpartition(":")[2]
        error = await refused(f"http://news.example.com:{port}/", Fetcher(resolver=names))
    assert isinstance(error, ForbiddenError)
    assert names.asked == ["news.example.com"]
    assert hits == []


async def test_the_socket_itself_refuses_what_slipped_through() -> None:
    """The last line of defence alone: the guarded session, given a literal that was never judged as written."""
    async with serving({"/": says()}) as root, Fetcher() as fetcher:
        with pytest.raises(ForbiddenError):
            await fetcher._session(False).get(root)


async def test_literals_are_refused_without_asking_for_names() -> None:
    names = Names({})
    for url in ("http://127.0.0.1:8080/", "http://2130706433/", "http://localhost/", "ftp://example.com/", "nonsense"):
        await refused(url, Fetcher(resolver=names))
    assert names.asked == []


async def test_an_unknown_name_is_explained() -> None:
    error = await refused("https://no-such.example.com/", Fetcher(resolver=Names({})))
    assert "name isn't known" in str(error)


async def test_an_allowed_name_may_lead_inside() -> None:
    async with serving({"/": says()}) as root:
        port = root.rpartition(":")[2]
        names = Names({"wiki.corp": ["127.0.0.1"]})
        async with Fetcher({"wiki.corp"}, resolver=names) as fetcher:
            assert (await fetcher.get(f"http://wiki.corp:{port}/")).body == b"hello"


async def test_many_at_once_share_one_fetcher() -> None:
    async with serving({"/{n}": says()}) as root, local() as fetcher:
        found = await asyncio.gather(*(fetcher.get(f"{root}/{n}") for n in range(50)))
    assert {page.body for page in found} == {b"hello"}


async def test_every_address_is_shown_to_who_may_object() -> None:
    shown: list[str] = []

    async def permit(url: URL) -> None:
        shown.append(url.path)
        if url.path == "/closed":
            raise FetchError("closed", url=str(url))

    routes = {"/a": redirects("/b"), "/b": redirects("/closed"), "/closed": says()}
    async with serving(routes) as root, local() as fetcher:
        with pytest.raises(FetchError, match="closed"):
            await fetcher.get(f"{root}/a", permit=permit)
    assert shown == ["/a", "/b", "/closed"]
