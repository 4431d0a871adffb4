"""Sources that send harm, polled beside one that doesn't: each ends with its reason, the other never notices."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingest.desk import Desk
from ingest.fetch import Fetcher
from ingest.poll import Poller
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
        {"127.0.0.1"}, total_seconds=0.5, max_bytes=1_000_000
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
