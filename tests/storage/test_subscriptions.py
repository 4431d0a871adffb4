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
