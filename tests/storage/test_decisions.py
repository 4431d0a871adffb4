"""Approving and rejecting."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from storage import articles, decisions, sources
from storage.database import Database
from storage.decisions import Decision, Verdict
from storage.records import ArticleDraft, ArticleStatus, NewArticle, SourceKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


async def _add(db: Database, status: ArticleStatus = ArticleStatus.PENDING) -> int:
    draft = ArticleDraft(headline="A bridge opens", paragraphs=("The bridge opened on Monday.",))
    async with db.begin() as tx:
        source = await sources.get_or_add(tx, "By hand", kind=SourceKind.MANUAL, trusted=False, now=NOW)
        new = NewArticle(
            draft=draft,
            source_id=source.id,
            language="en",
            content_hash=articles.content_hash(draft.headline, draft.paragraphs),
            status=status,
            summary=draft.paragraphs,
            topics={},
            published_at=NOW,
            released_at=None,
        )
        return (await articles.add(tx, new, NOW)).id


async def _approve(db: Database, article_id: int) -> Decision | None:
    async with db.begin() as tx:
        return await decisions.approve(tx, article_id, lambda: LATER)


async def _reject(db: Database, article_id: int) -> Decision | None:
    async with db.begin() as tx:
        return await decisions.reject(tx, article_id, lambda: LATER)


async def test_an_approved_article_is_released_at_the_moment_of_approval(db: Database) -> None:
    article_id = await _add(db)
    decision = await _approve(db, article_id)
    assert decision is not None
    assert decision.changed
    assert (decision.before, decision.article.status) == (ArticleStatus.PENDING, ArticleStatus.USABLE)
    assert decision.article.released_at == LATER
    async with db.read() as tx:
        assert [found.id for found in await articles.alert_due(tx, 5)] == [article_id]


async def test_the_second_approval_changes_nothing(db: Database) -> None:
    article_id = await _add(db)
    first, second = await asyncio.gather(_approve(db, article_id), _approve(db, article_id))
    assert first is not None
    assert second is not None
    assert sorted([first.changed, second.changed]) == [False, True]


async def test_of_an_approval_and_a_rejection_at_once_the_article_keeps_a_whole_state(db: Database) -> None:
    article_id = await _add(db)
    await asyncio.gather(_reject(db, article_id), _approve(db, article_id))
    # Rejected first, it is approved after all; approved first, it can't be rejected any more.
    decision = await _reject(db, article_id)
    assert decision is not None
    assert (decision.changed, decision.article.status) == (False, ArticleStatus.USABLE)


async def test_a_rejected_article_can_still_be_approved(db: Database) -> None:
    article_id = await _add(db)
    rejected = await _reject(db, article_id)
    assert rejected is not None
    assert rejected.article.status is ArticleStatus.REJECTED
    approved = await _approve(db, article_id)
    assert approved is not None
    assert (approved.before, approved.article.status) == (ArticleStatus.REJECTED, ArticleStatus.USABLE)


@pytest.mark.parametrize("status", [ArticleStatus.CANCELED, ArticleStatus.WITHHELD])
async def test_killed_and_embargoed_articles_are_left_alone(db: Database, status: ArticleStatus) -> None:
    article_id = await _add(db, status)
    for decide in (_approve, _reject):
        decision = await decide(db, article_id)
        assert decision is not None
        assert not decision.changed


async def test_there_is_no_deciding_on_an_unknown_article(db: Database) -> None:
    assert await _approve(db, 99) is None
    assert await _reject(db, 99) is None


async def test_who_decided_is_kept_and_told_to_who_comes_second(db: Database) -> None:
    article_id = await _add(db)
    async with db.begin() as tx:
        rejected = await decisions.reject(tx, article_id, lambda: NOW, by=7, reason="Known already")
    async with db.begin() as tx:
        again = await decisions.reject(tx, article_id, lambda: LATER, by=8, reason="Too late")
    assert rejected is not None
    assert again is not None
    assert not again.changed
    assert rejected.verdict == again.verdict == Verdict(ArticleStatus.REJECTED, 7, "Known already", NOW)
    async with db.begin() as tx:
        approved = await decisions.approve(tx, article_id, lambda: LATER, by=8)
    assert approved is not None
    assert approved.verdict == Verdict(ArticleStatus.USABLE, 8, "", LATER)


async def _lifted(db: Database, now: datetime) -> int:
    async with db.begin() as tx:
        return await decisions.lift_due(tx, lambda: now, 10)


async def test_an_embargo_ends_once_and_at_its_moment(db: Database) -> None:
    held = await _add(db)
    end = NOW + timedelta(hours=2)
    async with db.begin() as tx:
        found = await decisions.withhold(tx, held, end, lambda: NOW, by=1)
    assert found is not None
    assert (found.article.status, found.article.embargo_until) == (ArticleStatus.WITHHELD, end)
    assert [await _lifted(db, NOW + timedelta(hours=hours)) for hours in (1, 2, 3)] == [0, 1, 0]
    async with db.read() as tx:
        article = await articles.get(tx, held)
    assert article is not None
    assert (article.status, article.released_at) == (ArticleStatus.USABLE, end)
