from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from storage import articles, topics
from storage.database import Database
from storage.records import Article, ArticleStatus, Cursor
from tests.storage.making import NOON, add, seed


def ids(found: list[Article]) -> list[int]:
    return [article.id for article in found]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.org/a", "http://www.E.org:80/a/#top"),
        ("https://e.org/a?id=1&page=2", "https://e.org/a?utm_source=x&page=2&fbclid=z&id=1"),
    ],
    ids=["spelling", "tracking"],
)
def test_addresses_of_one_page_are_one_key(one: str, other: str) -> None:
    assert articles.url_key(one) == articles.url_key(other)


@pytest.mark.parametrize(
    "url",
    [None, "", "https://e.org", "https://e.org/?utm_source=x", "ftp://e.org/a", "mailto:a@e.org", "http://[bad/a"],
)
def test_what_names_no_page_has_no_key(url: str | None) -> None:
    assert articles.url_key(url) is None


@given(st.text())
def test_any_text_can_be_asked_for_its_key(url: str) -> None:
    articles.url_key(url)
    articles.url_key("https://" + url)


def test_the_text_counts_not_its_spaces_and_letter_case() -> None:
    assert articles.content_hash("A  b", ["ﬁne\u00a0day"]) == articles.content_hash("a B", ["fine day"])
    assert articles.content_hash("A b", ["fine day"]) != articles.content_hash("A b", ["fine days"])


@pytest.mark.parametrize("status", [ArticleStatus.USABLE, ArticleStatus.PENDING])
async def test_what_is_added_is_told_as_it_will_be_read(db: Database, status: ArticleStatus) -> None:
    ids = await seed(db)
    async with db.begin() as tx:
        chosen = dict(zip(ids.values(), (3.0, 9.5, 3.0), strict=False))
        added = await add(tx, "Talks", text="One.\n\nTwo.", topic_ids=chosen, status=status)
        plain = await add(tx, "Storm", text="Rain.")
        assert [added, plain] == await articles.get_many(tx, [added.id, plain.id])
    assert len(added.topics) == len(chosen) > 1


async def test_what_is_added_is_read_back(db: Database) -> None:
    slugs = await seed(db)
    async with db.begin() as tx:
        added = await add(tx, "One", url="https://e.org/1", topic_ids={slugs["korea"]: 9.0, slugs["asia"]: 3.0})
    async with db.read() as tx:
        assert await articles.get(tx, added.id) == added
        assert await articles.get(tx, added.id + 1) is None
    assert (added.source, added.topics, added.version) == ("Xinhua", ("korea", "asia"), 1)
    assert added.released_at == NOON
    assert added.published_at.tzinfo is not None


async def test_the_same_text_twice_is_refused_by_the_database(db: Database) -> None:
    async with db.begin() as tx:
        await add(tx, "One")
    with pytest.raises(IntegrityError):
        async with db.begin() as tx:
            await add(tx, "One")


async def test_pages_of_the_newest_join_without_gap_or_overlap(db: Database) -> None:
    slugs = await seed(db)
    async with db.begin() as tx:
        # Two of each hour: the id decides between equals.
        for number in range(20):
            wanted = {slugs["korea"]: 1.0} if number % 3 else {slugs["korea"]: 1.0, slugs["sport"]: 1.0}
            await add(tx, f"N{number}", hours_ago=number // 2, topic_ids=wanted)
    for topic_ids in ([], [slugs["korea"]], [slugs["korea"], slugs["sport"]]):
        seen, before = [], None
        async with db.read() as tx:
            while found := await articles.latest(tx, topic_ids=topic_ids, limit=3, before=before):
                seen += [(article.published_at, article.id) for article in found]
                before = Cursor(*seen[-1])
        assert len(seen) == 20
        assert seen == sorted(set(seen), reverse=True)


async def test_only_usable_articles_are_listed(db: Database) -> None:
    slugs = await seed(db)
    wanted = {slugs["korea"]: 1.0}
    async with db.begin() as tx:
        usable = await add(tx, "Usable", topic_ids=wanted)
        waiting = await add(tx, "Waiting", topic_ids=wanted, status=ArticleStatus.PENDING)
        assert ids(await articles.latest(tx, limit=9)) == [usable.id]
        assert ids(await articles.latest(tx, topic_ids=[slugs["korea"]], limit=9)) == [usable.id]
        assert ids(await articles.pending(tx, limit=9)) == [waiting.id]
        assert await articles.count_pending(tx) == 1
        assert waiting.released_at is None
        assert waiting.topics == ("korea",)


async def test_release_makes_it_news_of_that_moment(db: Database) -> None:
    slugs = await seed(db)
    later = NOON + timedelta(hours=5)
    async with db.begin() as tx:
        waiting = await add(tx, "W", hours_ago=99, topic_ids={slugs["korea"]: 2.0}, status=ArticleStatus.PENDING)
        released = await articles.release(tx, waiting.id, later)
        again = await articles.release(tx, waiting.id, later + timedelta(hours=1))
        assert (released.status, released.released_at) == (ArticleStatus.USABLE, later)
        assert again == released
        assert await articles.count_pending(tx) == 0
        assert ids(await articles.alert_due(tx, 9)) == [waiting.id]
        found = await articles.released(tx, topic_ids=[slugs["korea"]], start=NOON, end=later, limit=9)
        assert [(article.id, matched) for article, matched in found] == [(waiting.id, (slugs["korea"],))]


async def test_window_excludes_its_start_and_includes_its_end(db: Database) -> None:
    slugs = await seed(db)
    async with db.begin() as tx:
        added = [
            await add(tx, f"N{hour}", topic_ids={slugs["korea"]: 1.0}, now=NOON + timedelta(hours=hour))
            for hour in range(4)
        ]
        found = await articles.released(
            tx, topic_ids=list(slugs.values()), start=NOON, end=NOON + timedelta(hours=2), limit=9
        )
        assert [article.id for article, _ in found] == [added[2].id, added[1].id]
        newest = await articles.newest_released(tx, topic_ids=[slugs["korea"]], limit=1)
        assert [article.id for article, _ in newest] == [added[3].id]


async def test_the_archive_is_found_but_never_pushed(db: Database) -> None:
    slugs = await seed(db)
    async with db.begin() as tx:
        old = await add(tx, "Old", topic_ids={slugs["korea"]: 1.0}, archive=True)
        assert ids(await articles.latest(tx, topic_ids=[slugs["korea"]], limit=9)) == [old.id]
        assert await articles.alert_due(tx, 9) == []
        ages = {"start": datetime(1960, 1, 1, tzinfo=UTC), "end": NOON + timedelta(days=1)}
        assert await articles.released(tx, topic_ids=[slugs["korea"]], limit=9, **ages) == []
        assert await articles.newest_released(tx, topic_ids=[slugs["korea"]], limit=9) == []


async def test_a_canceled_article_leaves_every_list_and_can_come_back(db: Database) -> None:
    slugs = await seed(db)
    async with db.begin() as tx:
        one = await add(tx, "One", topic_ids={slugs["korea"]: 1.0})
        await articles.set_status(tx, one.id, ArticleStatus.CANCELED, NOON)
        assert await articles.latest(tx, limit=9) == []
        assert await articles.latest(tx, topic_ids=[slugs["korea"]], limit=9) == []
        assert await articles.alert_due(tx, 9) == []
        back = await articles.set_status(tx, one.id, ArticleStatus.USABLE, NOON)
        assert back.topics == ("korea",)
        assert ids(await articles.latest(tx, topic_ids=[slugs["korea"]], limit=9)) == [one.id]


async def test_an_edit_counts_a_version_and_moves_topics(db: Database) -> None:
    slugs = await seed(db)
    async with db.begin() as tx:
        one = await add(tx, "One", topic_ids={slugs["korea"]: 1.0})
        edited = await articles.edit(tx, one.id, headline="Two", summary=["s1", "s2"], topic_ids={slugs["sport"]: 5.0})
        assert (edited.headline, edited.summary, edited.topics, edited.version) == ("Two", ("s1", "s2"), ("sport",), 2)
        assert await articles.latest(tx, topic_ids=[slugs["korea"]], limit=9) == []
        assert (await articles.edit(tx, one.id)).headline == "Two"
        with pytest.raises(LookupError):
            await articles.edit(tx, one.id + 1, headline="x")


async def test_alerts_are_due_once(db: Database) -> None:
    async with db.begin() as tx:
        one, two = await add(tx, "One"), await add(tx, "Two")
        assert ids(await articles.alert_due(tx, 9)) == [one.id, two.id]
        await articles.alert_done(tx, one.id)
        assert ids(await articles.alert_due(tx, 9)) == [two.id]


async def test_a_composer_waits_for_a_release_on_its_way(db: Database) -> None:
    async with db.begin() as tx:
        await articles.release_lock(tx)
        await articles.release_lock(tx)
    async with db.begin() as tx:
        await articles.release_barrier(tx)


async def test_topics_are_seeded_once(db: Database) -> None:
    slugs = await seed(db)
    assert await seed(db) == slugs
    async with db.read() as tx:
        known = await topics.all_topics(tx)
        assert await topics.get_by_slug(tx, "korea") == known[1]
        assert await topics.get_by_slug(tx, "none") is None
    assert [topic.slug for topic in topics.with_descendants(known, "asia")] == ["asia", "korea"]
    assert topics.with_descendants(known, "none") == ()
    assert topics.with_ancestors(known, [slugs["korea"]]) == (slugs["korea"], slugs["asia"])
    assert topics.with_ancestors(known[1:], [slugs["korea"]]) == (slugs["korea"],)  # asia may be retired
