import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ingest.desk import Arrival, Desk, decide
from ingest.errors import ExtractError
from ingest.filing import Filed
from ingest.studying import Study, study_draft
from ingest.tidying import tidy
from ingest.topics import load_specs
from storage import articles, topics
from storage.database import Database
from storage.records import ArticleDraft, ArticleStatus, SourceKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STUDY = Study("en", Filed({1: 5.0}), ("A summary.",))


def draft(headline: str = "Seoul opens a new harbour", **more: object) -> ArticleDraft:
    paragraphs = (
        f"{headline}, the government of South Korea said on Friday.",
        "It cost two billion won and took ten years.",
    )
    return ArticleDraft(headline, paragraphs, **more)  # type: ignore[arg-type]


def desk_of(db: Database) -> Desk:
    return Desk(db, monotonic=lambda: 0.0)


async def seed(db: Database) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, load_specs())


@pytest.mark.parametrize(
    ("trusted", "published", "archive_before", "status", "archive"),
    [
        (True, NOW, None, ArticleStatus.USABLE, False),
        (False, NOW, None, ArticleStatus.PENDING, False),
        (True, NOW - timedelta(days=4), NOW - timedelta(days=3), ArticleStatus.USABLE, True),
        (True, NOW - timedelta(days=2), NOW - timedelta(days=3), ArticleStatus.USABLE, False),
        (True, NOW - timedelta(days=4000), None, ArticleStatus.USABLE, False),
        (True, None, NOW, ArticleStatus.USABLE, False),
    ],
    ids=["trusted", "reviewed", "old feed item", "new feed item", "old file", "no date"],
)
def test_what_becomes_of_a_new_article(
    trusted: bool, published: datetime | None, archive_before: datetime | None, status: ArticleStatus, archive: bool
) -> None:
    arrival = Arrival(SourceKind.FEED, trusted, NOW, archive_before)
    new = decide(draft(published_at=published), STUDY, arrival, source_id=1, released_at=NOW)
    assert (new.status, new.archive, new.published_at) == (status, archive, published or NOW)
    assert new.released_at == (NOW if trusted else None)


async def test_an_article_is_filed_and_summarized(db: Database) -> None:
    await seed(db)
    taken = await desk_of(db).take(draft(source="Yonhap"), kind=SourceKind.FILE, trusted=True, now=NOW)
    article = taken.article
    assert taken.duplicate_of is None
    assert (article.source, article.language, article.status) == ("Yonhap", "en", ArticleStatus.USABLE)
    assert "korea" in article.topics
    assert article.summary
    assert all(any(sentence in paragraph for paragraph in article.paragraphs) for sentence in article.summary)
    assert (article.published_at, article.published_guessed, article.released_at) == (NOW, True, NOW)


async def test_the_same_article_twice_is_one(db: Database) -> None:
    desk = desk_of(db)
    first = await desk.take(draft(), kind=SourceKind.FILE, trusted=True, now=NOW)
    again = await desk.take(draft(), kind=SourceKind.FILE, trusted=True, now=NOW)
    moved = draft("Another headline", url="https://e.org/a", guid="g")
    await desk.take(moved, kind=SourceKind.SITE, trusted=True, now=NOW)
    retitled = await desk.take(
        draft("Third", url="http://e.org/a?utm_medium=x"), kind=SourceKind.SITE, trusted=True, now=NOW
    )
    assert again.duplicate_of == first.article.id == again.article.id
    assert retitled.duplicate_of is not None
    async with db.read() as tx:
        assert await articles.count(tx) == 2


async def test_taken_at_the_same_time_it_is_still_one(db: Database) -> None:
    """Two processes prepare it before either stores it; on PostgreSQL they store it at once."""
    other = Database(db.url.render_as_string(hide_password=False))
    desks = [desk_of(db), desk_of(other)] * 3
    arrival = Arrival(SourceKind.FILE, True, NOW)
    prepared = [await desk.prepare(draft(guid="g", source="s"), arrival) for desk in desks]
    taken = await asyncio.gather(*(desk.store(ready) for desk, ready in zip(desks, prepared, strict=True)))
    await other.dispose()
    assert len({each.article.id for each in taken}) == 1
    assert sum(each.duplicate_of is None for each in taken) == 1


async def test_a_topic_deleted_meanwhile_costs_only_itself(db: Database) -> None:
    await seed(db)
    desk = desk_of(db)
    ready = await desk.prepare(draft(), Arrival(SourceKind.FILE, True, NOW))
    async with db.begin() as tx:
        await tx.exec_driver_sql("UPDATE topic SET parent_id = NULL")
        await tx.exec_driver_sql("DELETE FROM topic")
    taken = await desk.store(ready)
    assert (taken.duplicate_of, taken.article.topics) == (None, ())


async def test_release_is_dated_when_it_is_stored(db: Database) -> None:
    ticks = iter((10.0, 12.5))
    desk = Desk(db, monotonic=lambda: next(ticks))
    taken = await desk.take(draft(), kind=SourceKind.FILE, trusted=True, now=NOW)
    assert taken.article.released_at == NOW + timedelta(seconds=2.5)
    assert taken.article.created_at == NOW


def test_drafts_are_kept_within_bounds() -> None:
    wild = ArticleDraft(
        headline=" A\x00\nheadline " + "x" * 5_000,
        paragraphs=("", " \ud800 ", "Text\x00 of\r\nit.", *["p" * 1_000] * 3_000),
        source="s" * 5_000,
        url="javascript:alert(1)",
        guid="g" * 5_000,
        photo_url="https://e.org/" + "ü" * 1_900,
        published_at=datetime(9999, 1, 1, tzinfo=UTC),
    )
    tidied = tidy(wild)
    assert tidied.headline.startswith("A headline x")
    assert tidied.paragraphs[0] == "Text of it."
    assert sum(map(len, tidied.paragraphs)) <= 500_000
    assert (tidied.url, tidied.guid, tidied.photo_url, tidied.published_at) == (None, None, None, None)
    with pytest.raises(ExtractError):
        tidy(ArticleDraft("Headline", ("\x00", " ")))


def test_a_dateline_is_kept_as_the_place_and_left_out_of_the_summary() -> None:
    text = "SEOUL, Nov. 23 (Wire) -- The parliament approved the largest budget yet on Monday after long talks."
    draft = tidy(ArticleDraft(headline="Budget passed", paragraphs=(text, "The plan takes effect in January.")))
    study = study_draft(draft, ())
    assert draft.dateline == "SEOUL"
    assert study.summary[0] == text.partition(" -- ")[2]


@pytest.mark.parametrize(("trusted", "status"), [(True, ArticleStatus.WITHHELD), (False, ArticleStatus.PENDING)])
def test_what_its_source_embargoes_is_published_by_nobody_before(trusted: bool, status: ArticleStatus) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    draft = ArticleDraft(headline="Budget", paragraphs=("It passed.",), embargo_until=now + timedelta(hours=2))
    arrival = Arrival(kind=SourceKind.FEED, trusted=trusted, now=now)
    new = decide(draft, study_draft(draft, ()), arrival, source_id=1, released_at=now)
    assert (new.status, new.released_at) == (status, None)
    later = decide(draft, study_draft(draft, ()), arrival, source_id=1, released_at=now + timedelta(hours=3))
    assert later.status is (ArticleStatus.USABLE if trusted else ArticleStatus.PENDING)
