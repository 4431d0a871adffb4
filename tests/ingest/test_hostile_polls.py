"""Sources that send harm, polled beside one that doesn't: each ends with its reason, the other never notices."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.desk import Desk
from ingest.errors import FetchError
from ingest.fetch import Answer, Fetcher
from ingest.poll import Poller
from ingest.polling import retry_after, told_by
from storage import sources
from storage.database import Database
from tests.ingest.feed_site import NOW, Canned, item, rss, site
from tests.ingest.hostile import FEEDS

OK = b"HTTP/1.1 200 OK\r\n"
PACKED = b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n"


def packed(encoding: bytes, data: bytes) -> bytes:
    return OK + PACKED % (encoding, len(data)) + data


def plain(data: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % len(data) + data


# What the server says to each path, and words of the reason that the source is left with.
HARM: dict[str, tuple[bytes, str]] = {
    "/bomb": (packed(b"gzip", gzip.compress(bytes(30_000_000))), "bigger than 1 MB"),
    "/parts": (packed(b"gzip", gzip.compress(b"") * 10_000), "more than 100 parts"),
    "/brotli": (packed(b"br", b"abc"), "wasn't asked for"),
    "/cut": (OK + b"Content-Length: 100\r\n\r\nshort", "broke off"),
    "/headers": (OK + b"X: y\r\n" * 1_000 + b"\r\n", "web server"),
    "/header": (OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n", "web server"),
    "/big": (OK + b"Content-Length: 900000000\r\n\r\n", "bigger than 1 MB"),
    "/loop": (b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", "more than 5 times"),
    "/inside": (b"HTTP/1.1 302 Found\r\nLocation: http://[::ffff:169.254.169.254]/\r\n\r\n", "no public"),
    "/coded": (b"HTTP/1.1 302 Found\r\nLocation: http://0x7f.1/\r\n\r\n", "oddly written"),
    "/6to4": (b"HTTP/1.1 301 Moved\r\nLocation: http://[2002:7f00:1::]/\r\n\r\n", "no public"),
    "/file": (b"HTTP/1.1 308 Moved\r\nLocation: file:///etc/passwd\r\n\r\n", "not a web address"),
    "/bare": (b"<rss version='2.0'></rss>", "web server"),
    "/lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "web server"),
    "/chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 40 + b"\r\nx", "web server"),
    "/unasked": (b"HTTP/1.1 304 Not Modified\r\n\r\n", "not asked"),
    "/continue": (b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, "broke off"),
    "/laughs": (plain(FEEDS["billion laughs"]()), "entities"),
    "/nonsense": (plain(b"\x00\xff" * 1_000), "not a feed"),
    "/drip": (OK + b"\r\n", "too long"),
    "/endless": (OK + b"\r\n" + b"x" * 1_100_000, "bigger than 1 MB"),
    "/silent": (b"", "too long"),
}


@asynccontextmanager
async def harmful() -> AsyncIterator[str]:
    """A server whose answers to /drip and /silent never end."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        writer.write(HARM[path][0])
        while path in ("/drip", "/silent") and not over.is_set():
            writer.write(b"x" if path == "/drip" else b"")
            await asyncio.wait([asyncio.ensure_future(over.wait())], timeout=0.05)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()


async def test_harmful_sources_end_with_their_reasons_beside_a_good_one(db: Database) -> None:
    async with harmful() as root, site() as good, Fetcher(
        {"127.0.0.1"}, total_seconds=5, max_bytes=1_000_000
    ) as fetcher:  # fmt: skip
        good.pages["/feed"] = Canned(rss([item(1)]))
        ids: dict[str, int] = {}
        async with db.begin() as tx:
            for url in (*(root + path for path in HARM), good.url("/feed")):
                added, _ = await sources.add_feed(tx, url=url, name=url, trusted=True, now=NOW)
                ids[url] = added.source.id
        poller = Poller(db, fetcher, Desk(db), clock=lambda: NOW)
        async with db.read() as tx:
            feeds = [found for number in ids.values() if (found := await sources.get_feed(tx, number))]
        polled = await asyncio.gather(*(poller.poll(feed) for feed in feeds))
        assert polled[-1].added == 1
        async with db.read() as tx:
            for path, (_, words) in HARM.items():
                state = await sources.get_feed(tx, ids[root + path])
                assert state is not None
                assert words in (state.last_error or ""), path


WORDS = [OK, b"HTTP/1.1 304 X\r\n", b"HTTP/1.1 100 \r\n\r\n", b"HTTP/9", b"\r\n", b"\r\n\r\n", b"\n", b": ", b"\x00",
         b"\xff", b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip",
         b"Location: ", b"http://[::1", b"ETag: ", b"Link: <", b">; rel=hub", b"Retry-After: 9", b"Expires: ",
         b"Date: Mon, 99", b"Cache-Control: max-age=", b"9" * 30, b"5\r\nhello\r\n0\r\n\r\n", gzip.compress(b"news"),
         b"x" * 9_000]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=6), max_size=14))
@settings(max_examples=40, deadline=None)
def test_no_answer_of_a_server_breaks_the_fetcher(pieces: list[bytes]) -> None:
    answer = asyncio.run(answered(b"".join(pieces)))
    if answer is not None:
        told_by(answer.headers, NOW)
        assert retry_after(answer.headers, NOW) >= 0


async def answered(said: bytes) -> Answer | None:
    """What comes of these bytes; None for a FetchError."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        async with Fetcher({"127.0.0.1"}, total_seconds=5) as fetcher:
            return await fetcher.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    except FetchError:
        return None
    finally:
        server.close()
