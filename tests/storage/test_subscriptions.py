"""What a destination follows."""

from datetime import UTC, datetime

from storage import chats, subscriptions, topics
from storage.database import Database
from storage.records import Mode, TopicSpec

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_a_subscription_is_set_changed_listed_and_removed(db: Database) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec("korea", "Korea"), TopicSpec("china", "China")])
        korea, china = await topics.all_topics(tx)
        here = (await chats.destination(tx, 7, 1)).id
        elsewhere = (await chats.destination(tx, 7, 1, 5)).id
        await subscriptions.set_mode(tx, here, korea.id, Mode.DIGEST, NOW)
        await subscriptions.set_mode(tx, here, china.id, Mode.MUTED, NOW)
        await subscriptions.set_mode(tx, here, korea.id, Mode.INSTANT, NOW)
        found = await subscriptions.of(tx, here)
        assert [(item.slug, item.name, item.mode) for item in found] == [
            ("china", "China", Mode.MUTED),
            ("korea", "Korea", Mode.INSTANT),
        ]
        assert await subscriptions.of(tx, elsewhere) == []
        assert await subscriptions.remove(tx, here, korea.id)
        assert not await subscriptions.remove(tx, here, korea.id)
        assert [item.slug for item in await subscriptions.of(tx, here)] == ["china"]


async def test_unmuting_brings_back_what_was_before(db: Database) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec(slug, slug.title()) for slug in ("asia", "china", "korea", "sport")])
        asia, china, korea, sport = (topic.id for topic in await topics.all_topics(tx))
        here = (await chats.destination(tx, 7, 1)).id
        for topic_id, mode in ((china, Mode.DIGEST), (korea, Mode.INSTANT), (sport, Mode.DIGEST)):
            await subscriptions.set_mode(tx, here, topic_id, mode, NOW)
        for topic_id in (asia, china, korea, korea):
            await subscriptions.set_mode(tx, here, topic_id, Mode.MUTED, NOW)
        assert await subscriptions.unmute(tx, here, [korea, sport]) == [korea]
        assert sorted(await subscriptions.unmute(tx, here)) == sorted([asia, china])
        assert await subscriptions.unmute(tx, here) == []
        assert {item.slug: item.mode for item in await subscriptions.of(tx, here)} == {
            "china": Mode.DIGEST,
            "korea": Mode.INSTANT,
            "sport": Mode.DIGEST,
        }


async def test_following_ends_a_mute_for_good(db: Database) -> None:
    async with db.begin() as tx:
        await topics.seed(tx, [TopicSpec("korea", "Korea")])
        (korea,) = await topics.all_topics(tx)
        here = (await chats.destination(tx, 7, 1)).id
        for mode in (Mode.INSTANT, Mode.MUTED, Mode.DIGEST, Mode.MUTED):
            await subscriptions.set_mode(tx, here, korea.id, mode, NOW)
        await subscriptions.unmute(tx, here)
        assert [item.mode for item in await subscriptions.of(tx, here)] == [Mode.DIGEST]
