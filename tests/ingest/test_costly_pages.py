"""A source whose pages keep their readers busy costs one such page a poll: other sources' pages wait for no more."""

from ingest.desk import Desk
from ingest.errors import CostlyError
from ingest.fetch import Fetcher
from ingest.poll import Poller
from ingest.workers import Extracted
from storage import articles, sources
from storage.database import Database
from tests.ingest.feed_site import NOW, Canned, item, page, rss, site


async def test_after_a_page_that_costs_too_much_the_others_are_done_without(db: Database) -> None:
    read: list[str | None] = []

    async def costly(_data: bytes, *, url: str | None = None, **_more: str | None) -> Extracted:
        read.append(url)
        raise CostlyError("reading it takes too long")

    async with site() as made, Fetcher({"127.0.0.1"}) as fetcher:
        summaries = [item(n, text=f"The harbour master of quay {n} spoke on Monday.", root=made.root) for n in range(4)]
        made.pages |= {f"/item/{n}": Canned(page(n)) for n in range(4)} | {"/feed": Canned(rss(summaries))}
        async with db.begin() as tx:
            added, _ = await sources.add_feed(tx, url=made.url("/feed"), name="Wire", trusted=True, now=NOW)
        poller = Poller(db, fetcher, Desk(db), clock=lambda: NOW, extract=costly)
        assert (await poller.poll(added)).added == 4
    assert len(read) == 1
    async with db.read() as tx:
        assert len(await articles.latest(tx, limit=9)) == 4
