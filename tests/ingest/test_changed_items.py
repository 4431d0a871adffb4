"""Items of a feed that say something else than before: new versions of their articles, never news."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingest.fetch import Fetcher
from storage.database import Database
from tests.ingest.feed_site import WHOLE, Canned, item, rss, site
from tests.ingest.test_poll import World
from tests.patience import PATIENCE_S


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with site() as made, Fetcher({"127.0.0.1"}, total_seconds=PATIENCE_S) as fetcher:
        yield World(db, made, fetcher)


async def test_an_item_that_changed_is_a_new_version_and_no_news(world: World) -> None:
    world.site.pages["/feed"] = Canned(rss([item(1), item(2)]))
    source = await world.add()
    await world.poll(source)
    changed = item(1).replace("Ferry news number 1", "Ferry news, put right").replace("sentence 3 ", "item 3 ")
    for _ in range(2):
        world.site.pages["/feed"] = Canned(rss([changed, item(2)]) + "\n" * len(world.site.asked))
        assert (await world.poll(source, after=timedelta(hours=1))).added == 0
    first, second = sorted(await world.articles(), key=lambda found: found.version)
    assert (first.version, second.version, second.headline) == (1, 2, "Ferry news, put right")
    assert await world.alerts() == []


async def test_what_changed_among_the_items_that_were_passed_over_is_no_news(world: World) -> None:
    old = [item(number, ago=timedelta(hours=number)) for number in range(1, 13)]
    world.site.pages["/feed"] = Canned(rss(old))
    source = await world.add()
    await world.poll(source)
    world.site.pages["/feed"] = Canned(rss([*old[:-1], old[-1].replace("Ferry news", "Late ferry news")]))
    assert (await world.poll(source, after=timedelta(hours=1))).added == 0
    assert len(await world.articles()) == 10


async def test_a_summary_that_changed_has_its_page_read_again(world: World) -> None:
    brief = item(1, text="In short.", root=world.site.root)
    page = "<html><head><title>Ferry news number 1</title></head><body><article><h1>Ferry news number 1</h1><p>{}</p>"
    world.site.pages |= {"/feed": Canned(rss([brief])), "/item/1": Canned(page.format(f"News 1. {WHOLE}"))}
    source = await world.add()
    await world.poll(source)
    world.site.pages["/item/1"] = Canned(page.format(f"News 1. {WHOLE} It sails again on Monday, the master said."))
    world.site.pages["/feed"] = Canned(rss([brief.replace("In short.", "In short, it sails again.")]))
    await world.poll(source, after=timedelta(hours=1))
    (found,) = await world.articles()
    assert found.version == 2
    assert "sails again on Monday" in " ".join(found.paragraphs)
