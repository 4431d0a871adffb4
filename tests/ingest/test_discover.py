"""The feed behind an address, over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from ingest.discover import Found, find_feed
from ingest.errors import FetchError, ForbiddenError
from ingest.fetch import Fetcher
from tests.ingest.feed_site import NOW, Canned, Site, item, rss, site
from tests.patience import PATIENCE_S

HTML = {"Content-Type": "text/html"}


@pytest.fixture
async def web() -> AsyncIterator[Site]:
    async with site() as made:
        yield made


async def find(web: Site, path: str) -> Found:
    async with Fetcher({"127.0.0.1"}, total_seconds=PATIENCE_S) as fetcher:
        return await find_feed(fetcher, path if "://" in path or "." in path else web.url(path), now=NOW)


def head(*links: str) -> Canned:
    return Canned(f"<html><head>{''.join(links)}</head><body><p>Welcome</p></body></html>", headers=HTML)


def link(href: str, kind: str = "application/rss+xml", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="News" href="{href}">'


async def test_the_address_of_a_feed_is_itself(web: Site) -> None:
    web.pages["/feed"] = Canned(rss([item(1)]))
    found = await find(web, "/feed")
    assert (found.url, found.title, len(found.feed.drafts)) == (web.url("/feed"), "Harbour Wire", 1)


async def test_a_feed_that_moved_for_good_is_found_where_it_is(web: Site) -> None:
    web.pages["/old"] = Canned(status=301, headers={"Location": "/feed"})
    web.pages["/now"] = Canned(status=302, headers={"Location": "/feed"})
    web.pages["/feed"] = Canned(rss([item(1)]))
    assert (await find(web, "/old")).url == web.url("/feed")
    assert (await find(web, "/now")).url == web.url("/now")


@pytest.mark.parametrize(
    "links",
    [
        [link("/news.xml")],
        [link("news.xml", "application/atom+xml; charset=utf-8", "ALTERNATE nofollow")],
        [link("/comments/feed"), link("/news.xml")],
        [link("/missing.xml"), link("/page.html"), link("/news.xml")],
        [link("/style.css", "text/css", "stylesheet"), link("/news.xml")],
        ['<base href="/deep/">', link("../news.xml")],
    ],
    ids=["plain", "atom", "comments last", "dead ones first", "others", "base"],
)
async def test_a_page_names_its_feed(web: Site, links: list[str]) -> None:
    web.pages["/"] = head(*links)
    web.pages["/news.xml"] = Canned(rss([item(1)]))
    web.pages["/comments/feed"] = Canned(rss([], title="Comments"))
    assert (await find(web, "/")).url == web.url("/news.xml")


async def test_further_feeds_of_the_page_are_told(web: Site) -> None:
    web.pages["/"] = head(link("/a.rss"), link("/b.rss"))
    web.pages["/a.rss"] = web.pages["/b.rss"] = Canned(rss([item(1)]))
    found = await find(web, "/")
    assert (found.url, found.others) == (web.url("/a.rss"), (web.url("/b.rss"),))


async def test_a_link_in_the_text_will_do(web: Site) -> None:
    page = '<html><body><a href="/about">About</a><a href="/rss/all">RSS</a></body></html>'
    web.pages["/"] = Canned(page, headers=HTML)
    web.pages["/rss/all"] = Canned(rss([item(1)]))
    assert (await find(web, "/")).url == web.url("/rss/all")


@pytest.mark.parametrize("place", ["/feed", "/rss.xml", "/section/sea/feed"])
async def test_usual_places_are_looked_at(web: Site, place: str) -> None:
    web.pages["/section/sea"] = head()
    web.pages[place] = Canned(rss([item(1)]))
    assert (await find(web, "/section/sea")).url == web.url(place)


async def test_an_address_without_a_scheme_is_tried_with_both(web: Site) -> None:
    web.pages["/feed"] = Canned(rss([item(1)]))
    assert (await find(web, web.url("/feed").removeprefix("http://"))).url == web.url("/feed")


@pytest.mark.parametrize(
    ("canned", "reason"),
    [
        (head(), "no feed is to be found"),
        (Canned(status=404), "no such page"),
        (Canned("\x00\x01\x02"), "no feed is to be found"),
        (Canned(""), "no feed is to be found"),
        (Canned('<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"></rss>'), "entities"),
    ],
    ids=["a page without", "missing", "bytes", "empty", "a bomb"],
)
async def test_where_there_is_none_it_says_so(web: Site, canned: Canned, reason: str) -> None:
    web.pages["/"] = canned
    with pytest.raises(FetchError, match=reason):
        await find(web, "/")
    assert len(web.asked) < 20


@pytest.mark.parametrize("address", ["http://169.254.169.254/feed", "http://localhost/feed", "http://10.1.2.3"])
async def test_nothing_of_our_own_network_is_looked_at(web: Site, address: str) -> None:
    with pytest.raises(ForbiddenError):
        await find(web, address)
