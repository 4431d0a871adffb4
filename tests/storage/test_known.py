"""Articles that are known are found by what identifies them, many at once."""

from storage import articles, known, near, sources
from storage.database import Database
from storage.known import Identity, Way
from storage.records import ArticleDraft, SourceKind
from tests.storage.making import NOON, add

NONE = "0" * 64


async def test_a_repeated_article_is_found_by_text_page_or_guid(db: Database) -> None:
    async with db.begin() as tx:
        one = await add(tx, "One", url="https://e.org/1", guid="g1")
        two = await add(tx, "Two", url="https://e.org/2", guid="g2")
        mine, other, text = one.source_id, one.source_id + 1, articles.content_hash("One", one.paragraphs)
        page = articles.url_key("http://www.e.org/1/")
        assert await known.find(tx, Identity(text)) == (one.id, Way.TEXT)
        assert await known.find(tx, Identity(NONE, page, other)) == (one.id, Way.PAGE)
        assert await known.find(tx, Identity(NONE, None, mine, "g1")) == (one.id, Way.GUID)
        assert await known.find(tx, Identity(NONE, None, other, "g1")) is None
        assert await known.find_all(
            tx, [Identity(NONE, None, mine, "g2"), Identity(NONE), Identity(text, "e.org/2", mine, "g2")]
        ) == [(two.id, Way.GUID), None, (one.id, Way.TEXT)]
        assert await known.find_all(tx, []) == []


async def test_what_another_source_printed_is_found_last(db: Database) -> None:
    async with db.begin() as tx:
        one = await add(tx, "One")
        two = await add(tx, "Two", url="https://e.org/2")
        paper = await sources.get_or_add(tx, "paper", kind=SourceKind.FEED, trusted=True, now=NOON)
        printed = ArticleDraft("Once more", ("Text",), url="https://paper.example/1", guid="p1")
        await near.add_copy(tx, one.id, printed, source_id=paper.id, content_hash="c", now=NOON)
        page, own = articles.url_key(printed.url), articles.url_key(two.url)
        assert await known.find(tx, Identity("c")) == (one.id, Way.COPY)
        assert await known.find(tx, Identity(NONE, page)) == (one.id, Way.COPY)
        assert await known.find(tx, Identity(NONE, None, paper.id, "p1")) == (one.id, Way.COPY)
        assert await known.find(tx, Identity("c", own)) == (two.id, Way.PAGE)
