"""The archive filed again after a change of rules: what changes, what stands, and what a crash or a colleague does."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from ingest.desk import Arrival, Desk
from ingest.filing import MODELS, Filed, file
from ingest.retag import Retagger, dry_run, refiled
from storage import articles, by_hand, decisions, retags, taggings, topic_changes, topics
from storage.database import Database
from storage.records import ArticleDraft, ArticleStatus, SourceKind, Topic, TopicRule, TopicSpec
from storage.refiling import Refiled, Standing
from storage.retags import LEASE, Retag
from storage.schema import article, article_tagging, article_topic, article_topic_pending, delivery
from tests.storage import making
from tests.storage.making import NOON

SPECS = (
    TopicSpec("korea", "Korea", rule=TopicRule(strong=("Seoul",))),
    TopicSpec("space", "Space", rule=TopicRule(strong=("rocket",))),
)
BODY = "The minister spoke of the harbour for a long while, and said what had been said before. " * 4


@pytest.fixture(autouse=True)
async def _topics(db: Database) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, SPECS)


def retagger(db: Database, *, chunk: int = 3, now: datetime = NOON) -> Retagger:
    return Retagger(db, clock=lambda: now, chunk=chunk, rest=0.0, slice_s=60.0)


async def topic(db: Database, slug: str) -> Topic:
    async with db.read() as tx:
        found = await topics.get_by_slug(tx, slug)
    assert found is not None
    return found


async def bring(db: Database, count: int = 1, *, headline: str = "Pyongyang opens harbour") -> list[int]:
    """Articles by the desk, as its rules file them."""
    desk = Desk(db, monotonic=lambda: 0.0)
    taken = [
        await desk.take(
            ArticleDraft(
                f"{headline} {number}",
                (f"{headline} {number}, it was said.", BODY),
                url=f"https://e.org/{headline}/{number}",
            ),
            kind=SourceKind.FILE,
            trusted=True,
            now=NOON,
        )
        for number in range(count)
    ]
    return [one.article.id for one in taken]


async def change(db: Database, slug: str, *, retired: bool = False, **parts: tuple[str, ...]) -> topic_changes.Made:
    before = await topic(db, slug)
    after = replace(before, rule=replace(before.rule, **parts), retired=retired)
    async with db.begin() as tx:
        drafted = await topic_changes.draft(tx, before, after, bot_id=None, by=7, now=NOON)
        return await topic_changes.make(tx, drafted, by=7, now=NOON)


async def run(db: Database, retag_id: int | None) -> Retag:
    worker = retagger(db)
    while await worker.work():
        pass
    return await state(db, retag_id)


async def state(db: Database, retag_id: int | None) -> Retag:
    async with db.read() as tx:
        found = None if retag_id is None else await retags.get(tx, retag_id)
    assert found is not None
    return found


async def filed(db: Database, *ids: int) -> list[tuple[str, ...]]:
    async with db.read() as tx:
        return [found.topics for found in await articles.get_many(tx, ids)]


# What it does


async def test_a_wider_rule_files_the_archive_too(db: Database) -> None:
    ids = await bring(db, 7)
    others = await bring(db, 2, headline="Seoul opens bridge")
    made = await change(db, "korea", strong=("Seoul", "Pyongyang"))
    ended = await run(db, made.retag_id)
    assert (ended.done, ended.total, ended.gained, ended.lost) == (9, 9, 7, 0)
    assert ended.ended_at == NOON
    assert set(await filed(db, *ids, *others)) == {("korea",)}


async def test_a_narrower_rule_takes_the_archive_out(db: Database) -> None:
    ids = await bring(db, 4, headline="Seoul opens bridge")
    ended = await run(db, (await change(db, "korea", strong=("Busan",))).retag_id)
    assert (ended.gained, ended.lost) == (0, 4)
    assert set(await filed(db, *ids)) == {()}


async def test_an_article_knows_why_it_is_there_and_what_tagged_it(db: Database) -> None:
    (old,) = await bring(db)
    await run(db, (await change(db, "korea", strong=("Seoul", "Pyongyang"))).retag_id)
    (new,) = await bring(db, headline="Seoul opens bridge")
    korea = await topic(db, "korea")
    async with db.read() as tx:
        told = [await taggings.get(tx, article_id) for article_id in (old, new)]
    assert [(one.tagger.revision, one.evidence[korea.id][0].term) for one in told if one] == [
        (1, "Pyongyang"),
        (1, "Seoul"),
    ]
    assert [one.evidence[korea.id][0].part for one in told if one] == ["headline", "headline"]


async def test_what_is_filed_anew_is_no_news(db: Database) -> None:
    """It keeps its place and its time in every list; no alert becomes due, nothing is queued."""
    async with db.begin() as tx:
        ids = [
            (
                await making.add(
                    tx, f"Pyongyang {n}", hours_ago=n * 400, archive=n == 2, now=NOON - timedelta(hours=n * 400)
                )
            ).id
            for n in range(3)
        ]
        for article_id in ids:
            await articles.alert_done(tx, article_id)
    await run(db, (await change(db, "korea", strong=("Pyongyang",))).retag_id)
    async with db.read() as tx:
        assert await articles.alert_due(tx, 10) == []
        assert (await tx.execute(select(delivery.c.id))).all() == []
        rows = (await tx.execute(select(article_topic).order_by(article_topic.c.article_id))).all()
        found = {row.id: row for row in await tx.execute(select(article).where(article.c.id.in_(ids)))}
    assert [row.article_id for row in rows] == ids
    assert [row.published_at for row in rows] == [found[key].published_at for key in ids]
    assert [row.released_at for row in rows] == [found[ids[0]].released_at, found[ids[1]].released_at, articles.EPOCH]


async def test_what_waits_for_an_editor_is_filed_anew_and_stays_waiting(db: Database) -> None:
    async with db.begin() as tx:
        waiting = await making.add(tx, "Pyongyang waits", status=ArticleStatus.PENDING)
    await run(db, (await change(db, "korea", strong=("Pyongyang",))).retag_id)
    async with db.begin() as tx:
        assert (await tx.execute(select(article_topic))).all() == []
        assert len((await tx.execute(select(article_topic_pending))).all()) == 1
        await decisions.approve(tx, waiting.id, lambda: NOON)
    assert await filed(db, waiting.id) == [("korea",)]


async def test_a_retired_topic_lets_its_articles_go_and_has_them_again(db: Database) -> None:
    ids = await bring(db, 3, headline="Seoul opens bridge")
    await run(db, (await change(db, "korea", retired=True)).retag_id)
    async with db.read() as tx:
        assert [one.slug for one in await topics.all_topics(tx)] == ["space"]
        assert [one.slug for one in await topics.retired(tx)] == ["korea"]
    assert set(await filed(db, *ids)) == {()}
    await run(db, (await change(db, "korea")).retag_id)
    assert set(await filed(db, *ids)) == {("korea",)}


# What editors said stands


async def test_what_editors_filed_and_took_out_stays_so(db: Database) -> None:
    filed_by_hand, taken_out, plain = await bring(db, 3)
    korea, space = await topic(db, "korea"), await topic(db, "space")
    await run(db, (await change(db, "korea", strong=("Seoul", "Pyongyang"))).retag_id)
    async with db.begin() as tx:
        await by_hand.file(tx, filed_by_hand, lambda present: present | {space.id}, by=7, now=NOON)
        await by_hand.file(tx, taken_out, lambda present: present - {korea.id}, by=7, now=NOON)
    await run(db, (await change(db, "korea", strong=("Pyongyang",), weak=("minister",))).retag_id)
    assert await filed(db, filed_by_hand, taken_out, plain) == [("korea", "space"), (), ("korea",)]
    looked = await dry_run(db, [replace(korea, rule=TopicRule(strong=("Pyongyang",))), space])
    assert (looked.prevented, dict(looked.effects)) == (2, {})


async def test_a_topic_that_an_editor_named_stays_when_its_rule_goes(db: Database) -> None:
    named, plain = await bring(db, 2, headline="Seoul opens bridge")
    korea = await topic(db, "korea")
    async with db.begin() as tx:
        before = await articles.get(tx, named)
        after = await by_hand.file(tx, named, lambda _: {korea.id}, named={korea.id}, by=7, now=NOON)
    assert before == after
    await run(db, (await change(db, "korea", strong=("Busan",))).retag_id)
    assert await filed(db, named, plain) == [("korea",), ()]


@pytest.mark.parametrize(
    ("present", "words", "rules", "after"),
    [
        ({1: 4.0}, {}, {1: 6.0}, {1: 6.0}),
        ({1: 4.0}, {}, {}, {}),
        ({1: 4.0}, {1: True}, {}, {1: 4.0}),
        ({1: 1.0}, {1: True}, {1: 6.0}, {1: 6.0}),
        ({}, {1: False}, {1: 6.0, 2: 3.0}, {2: 3.0}),
        ({}, {1: True}, {}, {1: by_hand.SALIENCE}),
    ],
    ids=["weighed anew", "lost", "kept by hand", "by hand and by rule", "out by hand", "by hand alone"],
)
def test_editors_come_before_rules(
    present: Mapping[int, float], words: Mapping[int, bool], rules: Mapping[int, float], after: Mapping[int, float]
) -> None:
    assert refiled(Standing(1, present, words, NOON, NOON), rules) == after


def test_a_change_of_topics_says_what_it_is() -> None:
    one = Refiled(5, Standing(1, {1: 4.0, 2: 3.0, 3: 5.0}, {}, NOON, NOON), {1: 4.0, 3: 6.0, 4: 2.0})
    assert (one.gained, one.lost, one.weighed_otherwise) == ({4: 2.0}, [2], {3: 6.0})


# Before it is done


async def test_a_dry_run_says_what_the_real_one_does(db: Database) -> None:
    gaining = await bring(db, 4)
    losing = await bring(db, 3, headline="Seoul opens bridge")
    before, space = await topic(db, "korea"), await topic(db, "space")
    looked = await dry_run(db, [replace(before, rule=TopicRule(strong=("Pyongyang",))), space], chunk=2)
    assert set(await filed(db, *gaining)) == {()}
    effect = looked.effects[before.id]
    assert (looked.looked_at, looked.total, looked.back_to) == (7, 7, NOON)
    assert ({one.article_id for one in effect.gains}, {one.article_id for one in effect.losses}) == (
        set(gaining),
        set(losing),
    )
    ended = await run(db, (await change(db, "korea", strong=("Pyongyang",))).retag_id)
    assert (effect.gained, effect.lost) == (ended.gained, ended.lost) == (4, 3)
    again = await dry_run(db, [await topic(db, "korea"), space])
    assert dict(again.effects) == {}


async def test_a_dry_run_looks_at_the_newest_alone(db: Database) -> None:
    await bring(db, 5)
    korea = replace(await topic(db, "korea"), rule=TopicRule(strong=("Pyongyang",)))
    looked = await dry_run(db, [korea], limit=3, chunk=2)
    assert (looked.looked_at, looked.total, looked.effects[korea.id].gained) == (3, 5, 3)


async def test_a_dry_run_of_an_empty_archive(db: Database) -> None:
    looked = await dry_run(db, [await topic(db, "korea")])
    assert (looked.looked_at, looked.total, looked.back_to) == (0, 0, None)


# Interrupted, doubled, beside others


async def test_another_worker_goes_on_where_one_died(db: Database) -> None:
    ids = await bring(db, 8)
    made = await change(db, "korea", strong=("Pyongyang",))
    dead = retagger(db, chunk=3)
    async with db.begin() as tx:
        taken = await retags.take(tx, "dead", NOON)
    assert taken is not None
    half = await dead.step(taken)
    assert half is not None
    assert half.done == 3
    assert await retagger(db).work() == 0  # it may live
    assert await retagger(db, now=NOON + LEASE + timedelta(seconds=1)).work() == 5
    ended = await state(db, made.retag_id)
    assert (ended.done, ended.gained) == (8, 8)
    assert set(await filed(db, *ids)) == {("korea",)}


async def test_two_workers_at_the_same_articles_count_them_once(db: Database) -> None:
    ids = await bring(db, 6)
    made = await change(db, "korea", strong=("Pyongyang",))
    async with db.begin() as tx:
        taken = await retags.take(tx, "one", NOON)
    assert taken is not None
    one, other = retagger(db), retagger(db)
    reads = [await worker.read(taken) for worker in (one, other)]
    afters = await asyncio.gather(one.write(taken, reads[0]), other.write(taken, reads[1]))
    assert [after is None for after in afters].count(True) == 1
    assert (await state(db, made.retag_id)).done == 3
    assert len([found for found in await filed(db, *ids) if found]) == 3


async def test_two_changes_on_end_are_one_tagging_by_the_last_rules(db: Database) -> None:
    ids = await bring(db, 5)
    first = await change(db, "korea", strong=("Pyongyang",))
    async with db.begin() as tx:
        taken = await retags.take(tx, "one", NOON)
    assert taken is not None
    worker = retagger(db)
    read = await worker.read(taken)
    second = await change(db, "korea", strong=("Busan",))
    assert second.retag_id == first.retag_id
    assert await worker.write(taken, read) is None
    later = NOON + LEASE + timedelta(seconds=1)
    assert await retagger(db, now=later).work() == 5
    assert (await state(db, first.retag_id)).revision == 2
    assert set(await filed(db, *ids)) == {()}


async def test_a_change_made_twice_is_made_once(db: Database) -> None:
    before = await topic(db, "korea")
    async with db.begin() as tx:
        drafted = await topic_changes.draft(tx, before, replace(before, rule=TopicRule()), bot_id=1, by=7, now=NOON)
        first = await topic_changes.make(tx, drafted, by=7, now=NOON)
        again = await topic_changes.make(tx, drafted, by=8, now=NOON)
    assert (first.again, again.again, again.retag_id, again.change.by) == (False, True, first.retag_id, 7)


async def test_of_two_drafts_of_a_topic_the_second_is_refused(db: Database) -> None:
    before = await topic(db, "korea")
    async with db.begin() as tx:
        one, other = [
            await topic_changes.draft(tx, before, replace(before, name=name), bot_id=1, by=7, now=NOON)
            for name in ("One", "Other")
        ]
        made = await topic_changes.make(tx, one, by=7, now=NOON)
        with pytest.raises(topic_changes.ChangeError, match="meanwhile"):
            await topic_changes.make(tx, other, by=7, now=NOON)
    assert made.retag_id is None  # a name files nothing otherwise
    assert (await topic(db, "korea")).name == "One"


async def test_what_was_studied_by_old_rules_is_stored_by_the_new(db: Database) -> None:
    desk = Desk(db, monotonic=lambda: 0.0)
    draft = ArticleDraft("Pyongyang opens harbour", ("Pyongyang opens harbour, it was said.", BODY))
    prepared = await desk.prepare(draft, Arrival(SourceKind.FILE, trusted=True, now=NOON))
    made = await change(db, "korea", strong=("Pyongyang",))
    taken = await desk.store(prepared)
    assert taken.article.topics == ("korea",)
    ended = await run(db, made.retag_id)
    assert ended.done == 0  # it came after, and has the new rules already
    async with db.read() as tx:
        told = await taggings.get(tx, taken.article.id)
    assert told is not None
    assert told.tagger.revision == 1


async def test_what_changes_between_reading_and_writing_is_read_again(db: Database) -> None:
    renewed, released = (await bring(db))[0], None
    async with db.begin() as tx:
        released = (await making.add(tx, "Pyongyang waits", status=ArticleStatus.PENDING)).id
    await change(db, "korea", strong=("Pyongyang", "Busan"))
    async with db.begin() as tx:
        taken = await retags.take(tx, "one", NOON)
    assert taken is not None
    worker = retagger(db)
    read = await worker.read(taken)
    async with db.begin() as tx:
        await articles.edit(tx, renewed, headline="The harbour opens")
        await articles.release(tx, released, NOON + timedelta(hours=1))
    assert await worker.write(taken, read) is not None
    korea = await topic(db, "korea")
    async with db.read() as tx:
        told = await taggings.get(tx, renewed)
        row = (await tx.execute(select(article_topic).where(article_topic.c.article_id == released))).one()
    assert told is not None
    assert korea.id not in told.evidence  # its new headline does not say it
    assert await filed(db, renewed) == [()]
    assert row.released_at == NOON + timedelta(hours=1)


async def test_articles_that_somebody_holds_are_left_for_later(postgres_url: str) -> None:
    db = Database(postgres_url)
    async with db.begin() as tx:
        await topics.seed(tx, SPECS)
    (held, *_others) = await bring(db, 2)
    made = await change(db, "korea", strong=("Pyongyang",))
    async with db.begin() as holding:
        await holding.execute(text("SELECT 1 FROM article WHERE id = :id FOR UPDATE").bindparams(id=held))
        assert await retagger(db).work() == 0
        assert (await state(db, made.retag_id)).done == 0
    assert await retagger(db, now=NOON + LEASE + timedelta(seconds=1)).work() == 2
    await db.dispose()


async def test_ingest_goes_on_while_the_archive_is_tagged(db: Database) -> None:
    before = await bring(db, 12)
    made = await change(db, "korea", strong=("Pyongyang",))

    async def tagging() -> None:
        while (await state(db, made.retag_id)).ended_at is None:
            await retagger(db, chunk=2, now=datetime.now(UTC)).work()

    _, during = await asyncio.gather(tagging(), bring(db, 12, headline="Pyongyang builds bridge"))
    assert set(await filed(db, *before, *during)) == {("korea",)}
    async with db.read() as tx:
        assert len((await tx.execute(select(article_tagging.c.article_id))).all()) == 24


async def test_an_article_that_cant_be_filed_stops_no_other(db: Database) -> None:
    bad, *good = await bring(db, 4)
    made = await change(db, "korea", strong=("Pyongyang",))

    def filing(rules: tuple[Topic, ...], headline: str, paragraphs: Sequence[str], dateline: str | None) -> Filed:
        if headline.endswith(" 0"):
            raise ValueError("a bad article")
        return file(rules, headline, paragraphs, dateline)

    worker = Retagger(db, clock=lambda: NOON, chunk=3, rest=0.0, slice_s=60.0, filing=filing)
    assert await worker.work() == 4
    assert (await state(db, made.retag_id)).gained == 3
    assert await filed(db, bad, *good) == [(), ("korea",), ("korea",), ("korea",)]


async def test_other_models_leave_the_archive_behind_until_it_is_tagged_again(db: Database) -> None:
    async with db.begin() as tx:
        assert not await taggings.outdated(tx, MODELS)
        await taggings.tagger_id(tx, 0, "of a release before", NOON - timedelta(days=9))
    await bring(db, 2)
    async with db.begin() as tx:
        assert await taggings.outdated(tx, MODELS)
        retag_id = await retags.ask(tx, by=None, now=NOON)
        assert not await taggings.outdated(tx, MODELS)
    await run(db, retag_id)
    async with db.begin() as tx:
        assert not await taggings.outdated(tx, MODELS)


async def test_a_draft_that_nobody_makes_is_dropped(db: Database) -> None:
    before = await topic(db, "korea")
    made = await change(db, "korea", strong=("Busan",))
    async with db.begin() as tx:
        left = await topic_changes.draft(tx, before, replace(before, name="Other"), bot_id=1, by=7, now=NOON)
        assert await topic_changes.prune(tx, before=NOON + timedelta(hours=1)) == 1
        assert await topic_changes.get(tx, left) is None
        assert await topic_changes.get(tx, made.change.id) is not None


async def test_what_an_editor_named_stays_in_a_later_version(db: Database) -> None:
    desk, url = Desk(db, monotonic=lambda: 0.0), "https://e.org/named"
    draft = ArticleDraft("Seoul opens bridge", ("Seoul opens bridge, it was said.", BODY), url=url)
    first = await desk.take(draft, kind=SourceKind.FILE, trusted=True, now=NOON)
    korea = await topic(db, "korea")
    async with db.begin() as tx:
        await by_hand.file(tx, first.article.id, lambda present: present, named={korea.id}, by=7, now=NOON)
    longer = ArticleDraft("A bridge opens", ("A bridge opens, it was said.", BODY, "More of it."), url=url)
    second = await desk.take(longer, kind=SourceKind.FILE, trusted=True, now=NOON)
    assert second.renewed
    assert second.article.topics == ("korea",)


async def test_a_version_of_its_source_takes_its_tagging_along(db: Database) -> None:
    desk = Desk(db, monotonic=lambda: 0.0)
    url = "https://e.org/1"
    short = ArticleDraft("A bridge", ("A bridge opens, it was said.", BODY), url=url)
    first = await desk.take(short, kind=SourceKind.FILE, trusted=True, now=NOON)
    longer = ArticleDraft("A bridge in Seoul", ("A bridge opens in Seoul, it was said.", BODY, "More."), url=url)
    second = await desk.take(longer, kind=SourceKind.FILE, trusted=True, now=NOON)
    assert second.renewed
    korea = await topic(db, "korea")
    async with db.read() as tx:
        told = await taggings.get(tx, first.article.id)
    assert told is not None
    assert korea.id in told.evidence


# Killed

PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime
from ingest.retag import Retagger
from storage.database import Database

async def main():
    db = Database(sys.argv[1])
    worker = Retagger(db, clock=lambda: datetime.now(UTC), chunk=2, rest=0.0, slice_s=0.0)
    print("begun", flush=True)
    while await worker.work():
        print("step", flush=True)

asyncio.run(main())
"""


async def test_killed_again_and_again_it_ends_all_the_same(db: Database, database_url: str) -> None:
    ids = await bring(db, 16)
    made = await change(db, "korea", strong=("Pyongyang",))
    for steps in (1, 2, 1):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, database_url, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(1 + steps):
            await process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        async with db.begin() as tx:  # as if its lease were over
            await tx.execute(text("UPDATE retag SET worker = NULL"))
    half = await state(db, made.retag_id)
    assert 4 <= half.done < 16
    now = datetime.now(UTC)
    assert await retagger(db, now=now).work() == 16 - half.done
    ended = await state(db, made.retag_id)
    assert (ended.done, ended.gained, ended.total) == (16, 16, 16)
    assert set(await filed(db, *ids)) == {("korea",)}
