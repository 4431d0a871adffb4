import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from yarl import URL

from ingest.errors import FetchError
from ingest.fetch import Answer, Fetcher
from ingest.robots import NOTHING, Pages, Robots, read_rules
from tests.ingest.feed_site import Canned, site

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /\nAllow: /news", "/news/1", True),
        ("User-agent: *\nAllow: /n\nDisallow: /news", "/news/1", False),
        ("User-agent: *\nDisallow: /news\nAllow: /news", "/news/1", True),
        ("User-agent: *\nDisallow: /\nUser-agent: Tidings/1.0\nAllow: /", "/a", True),
        ("User-agent: *\nAllow: /\nUser-agent: other\nUser-agent: tidings\nDisallow: /a", "/a", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("user-agent: * # all\r\nDISALLOW : /a # not this\r\n", "/a", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a/1/b/2/c/3", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /*?print", "/a?print=1", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow: /" + "*a" * 5_000, "/" + "a" * 4_000, True),
        ("<html>not found</html>", "/a", True),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /ä", "/%C3%A4", False),
        ("User-agent: *\nDisallow: /%c3%a4", "/ä", False),
        ("User-agent: *\nDisallow: /%7Eann", "/~ann/1", False),
        ("User-agent: *\nDisallow: /a%2fb", "/a/b", True),
        ("User-agent: *\n" + "Allow: /a\n" * 9_000 + "Disallow: /b", "/b", False),
        ("User-agent: *\nDisallow: /" + "\u2028" * 9_000, "/a", True),
    ],
)
def test_rules_are_read_as_rfc_9309_says(text: str, path: str, allowed: bool) -> None:
    assert read_rules(text).allow(path) is allowed


class Site:
    def __init__(self, *answers: Answer | FetchError) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def ask(self, url: str) -> Answer:
        self.asked.append(url)
        answer = self._answers.pop(0)
        if isinstance(answer, FetchError):
            raise answer
        return answer


def answer(status: int, body: bytes = b"") -> Answer:
    return Answer(status, "https://e.org/robots.txt", {}, body)


async def test_a_sites_rules_are_asked_for_once_a_day() -> None:
    now = [NOW]
    site = Site(answer(200, b"User-agent: *\nDisallow: /private"), answer(404))
    robots = Robots(site, clock=lambda: now[0])
    assert await robots.allow("https://e.org/a?b=c")
    assert not await robots.allow("https://e.org/private/a")
    assert site.asked == ["https://e.org/robots.txt"]
    now[0] += timedelta(hours=25)
    assert await robots.allow("https://e.org/private/a")


@pytest.mark.parametrize(
    ("found", "allowed"),
    [(answer(403), True), (answer(503), False), (answer(429), False), (FetchError("away", again=True), False)],
    ids=["refused", "trouble", "too many", "unreachable"],
)
async def test_a_site_in_trouble_is_left_alone(found: Answer | FetchError, allowed: bool) -> None:
    assert await Robots(Site(found), clock=lambda: NOW).allow("https://e.org/a") is allowed
    assert not NOTHING.allow("/a")


class Slow(Site):
    async def ask(self, url: str) -> Answer:
        await asyncio.sleep(0)
        return await super().ask(url)


async def test_many_pages_of_a_site_ask_for_its_rules_once() -> None:
    slow = Slow(answer(200, b"User-agent: *\nDisallow: /b"))
    robots = Robots(slow, clock=lambda: NOW)
    assert (
        await asyncio.gather(*(robots.allow(f"https://e.org/{path}") for path in "aabb")) == [True, True] + [False] * 2
    )
    assert len(slow.asked) == 1


@pytest.mark.parametrize(
    ("found", "words"), [(answer(200, b"User-agent: *\nDisallow: /"), "leave the page alone"), (answer(500), "had now")]
)
async def test_who_may_not_fetch_a_page_is_told_why(found: Answer, words: str) -> None:
    with pytest.raises(FetchError, match=words):
        await Robots(Site(found), clock=lambda: NOW).permit(URL("https://e.org/a"))


async def test_rules_that_never_come_are_not_waited_for() -> None:
    class Hangs(Site):
        async def ask(self, url: str) -> Answer:
            await asyncio.Event().wait()
            raise AssertionError

    robots = Robots(Hangs(), clock=lambda: NOW, seconds=0.01)
    assert not await robots.allow("https://e.org/a")


async def test_a_page_is_not_fetched_where_a_redirect_leads_to_a_closed_one() -> None:
    rules = "User-agent: *\nDisallow: /closed"
    async with site() as made, Fetcher({"127.0.0.1"}) as fetcher:
        made.pages["/robots.txt"] = Canned(rules)
        made.pages["/open"] = Canned(status=302, headers={"Location": "/closed"})
        with pytest.raises(FetchError, match=r"robots\.txt"):
            await Pages(fetcher, Robots(fetcher, clock=lambda: NOW)).get(made.url("/open"))
    assert made.paths() == ["/robots.txt", "/open"]
