"""A changed article is a new version of itself: never another article, never pushed again."""

from datetime import timedelta

import pytest

from ingest.desk import Desk, Taken
from storage import articles, search, versions
from storage.database import Database
from storage.records import ArticleDraft, ArticleStatus, SourceKind
from storage.search import Query
from tests.storage.making import NOON

FIRST = "The bridge over the Mora opens on Friday, the council of Altenau said. It cost 41 million crowns."
LATER = "The bridge over the Mora opens on Sunday, the council of Altenau said. It cost 44 million crowns in the end."


def _draft(text: str, headline: str = "Bridge opens", **more: object) -> ArticleDraft:
    given = {"url": "https://wire.example/bridge", "guid": "b1", "source": "wire", "published_at": NOON} | more
    return ArticleDraft(headline, (text,), **given)  # type: ignore[arg-type]


async def _take(db: Database, draft: ArticleDraft, hours: int = 0) -> Taken:
    return await Desk(db).take(draft, kind=SourceKind.FEED, trusted=True, now=NOON + timedelta(hours=hours))


async def test_a_changed_text_is_a_new_version(db: Database) -> None:
    first = (await _take(db, _draft(FIRST))).article
    async with db.begin() as tx:
        await articles.alert_done(tx, first.id)
    taken = await _take(db, _draft(LATER, "Bridge opens later"), hours=1)
    again = await _take(db, _draft(LATER, "Bridge opens later"), hours=2)
    assert (taken.duplicate_of, taken.renewed, again.duplicate_of, again.renewed) == (first.id, True, first.id, False)
    now = taken.article
    assert (now.version, now.headline, now.paragraphs) == (2, "Bridge opens later", (LATER,))
    assert "Sunday" in now.summary[0]
    assert (now.released_at, now.published_at) == (first.released_at, first.published_at)
    async with db.read() as tx:
        assert await articles.alert_due(tx, 5) == []
        (old,) = await versions.of(tx, first.id)
        assert (old.version, old.headline, old.paragraphs) == (1, "Bridge opens", (FIRST,))
        assert [item.id for item in await search.search(tx, Query(phrases=(("sunday",),)), limit=5)] == [first.id]
        assert await search.search(tx, Query(phrases=(("friday",),)), limit=5) == []


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "Another headline"},
        {"url": "https://wire.example/moved"},
        {"guid": "b2"},
        {"url": "https://wire.example/bridge?utm_source=x#top"},
    ],
    ids=["headline", "address", "guid", "tracking"],
)
async def test_a_changed_headline_or_address_is_no_other_article(db: Database, change: dict[str, str]) -> None:
    first = await _take(db, _draft(FIRST))
    headline = change.pop("headline", "Bridge opens")
    assert (await _take(db, _draft(FIRST, headline, **change), hours=1)).duplicate_of == first.article.id
    assert (await _take(db, _draft(FIRST), hours=2)).duplicate_of == first.article.id


async def test_an_old_text_or_address_does_not_come_back(db: Database) -> None:
    first = await _take(db, _draft(FIRST))
    await _take(db, _draft(LATER, url="https://wire.example/moved"), hours=1)
    old = await _take(db, _draft(FIRST, guid="other", url="https://wire.example/bridge"), hours=2)
    assert (old.duplicate_of, old.renewed, old.article.version) == (first.article.id, False, 2)


async def test_a_teaser_is_no_version(db: Database) -> None:
    first = await _take(db, _draft(FIRST))
    teased = await _take(db, _draft("The bridge opens."), hours=1)
    assert (teased.duplicate_of, teased.renewed) == (first.article.id, False)


async def test_what_was_killed_or_edited_stays_as_it_is(db: Database) -> None:
    first = await _take(db, _draft(FIRST))
    async with db.begin() as tx:
        await articles.edit(tx, first.article.id, headline="Put right")
    assert (await _take(db, _draft(LATER), hours=1)).article.headline == "Put right"
    async with db.begin() as tx:
        await articles.set_status(tx, first.article.id, ArticleStatus.CANCELED, NOON)
    assert not (await _take(db, _draft(LATER), hours=2)).renewed
