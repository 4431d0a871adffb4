"""Chats, their destinations, and a group's move."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from storage import chats, prompts, replies, schedules, schema, subscriptions, topics
from storage.database import Connection, Database
from storage.records import Chat, ChatKind, ChatState, Destination, Mode, TopicSpec
from storage.slots import EVERY_DAY

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOT, OLD, NEW = 7, -5, -100_005


async def _remember(tx: Connection, chat_id: int = OLD, title: str = "Friends", zone: str = "UTC") -> Chat:
    return await chats.remember(
        tx,
        bot_id=BOT,
        chat_id=chat_id,
        kind=ChatKind.GROUP,
        title=title,
        username=None,
        language="en",
        zone=zone,
        now=NOW,
    )


async def _followed(tx: Connection, chat_id: int, *slugs: str, thread_id: int = 0) -> Destination:
    """A destination that follows the topics in its digest and has a time for it."""
    await topics.seed(tx, [TopicSpec("korea", "Korea"), TopicSpec("china", "China")])
    place = await chats.destination(tx, BOT, chat_id, thread_id)
    known = {topic.slug: topic.id for topic in await topics.all_topics(tx)}
    for slug in slugs:
        await subscriptions.set_mode(tx, place.id, known[slug], Mode.DIGEST, NOW)
    await schedules.replace(tx, place.id, [(EVERY_DAY, 480, None)], "UTC", NOW)
    return place


async def test_what_a_chat_chose_outlives_what_telegram_tells(db: Database) -> None:
    async with db.begin() as tx:
        await _remember(tx)
        await chats.set_zone(tx, BOT, OLD, "Asia/Seoul")
        await chats.set_language(tx, BOT, OLD, "ko")
        await chats.set_state(tx, BOT, OLD, ChatState.STOPPED)
        again = await _remember(tx, title="Better friends", zone="Europe/Paris")
    assert (again.title, again.zone, again.language) == ("Better friends", "Asia/Seoul", "ko")
    assert again.state is ChatState.STOPPED
    async with db.read() as tx:
        assert await chats.get(tx, BOT, OLD) == again
        assert await chats.get(tx, BOT + 1, OLD) is None


async def test_a_destination_is_made_once_for_each_thread(db: Database) -> None:
    async with db.begin() as tx:
        first = await chats.destination(tx, BOT, OLD)
        thread = await chats.destination(tx, BOT, OLD, 12)
        assert await chats.destination(tx, BOT, OLD) == first
        assert await chats.destinations(tx, BOT, OLD) == [first, thread]
        assert await chats.find_destination(tx, BOT, OLD, 13) is None
    assert first.digest_length == 5


async def test_of_two_pauses_the_later_one_holds(db: Database) -> None:
    async with db.begin() as tx:
        await _remember(tx)
        for minutes in (5, 9, 2):
            await chats.set_retry_at(tx, BOT, OLD, NOW + timedelta(minutes=minutes))
        found = await chats.get(tx, BOT, OLD)
    assert found is not None
    assert found.retry_at == NOW + timedelta(minutes=9)


async def test_a_group_moves_with_all_it_has(db: Database) -> None:
    async with db.begin() as tx:
        await _remember(tx, zone="Asia/Seoul")
        place = await _followed(tx, OLD, "korea")
        await chats.migrate(tx, BOT, OLD, NEW)
        await chats.migrate(tx, BOT, OLD, NEW)
        moved = await chats.get(tx, BOT, NEW)
        assert moved is not None
        assert (moved.kind, moved.zone) == (ChatKind.SUPERGROUP, "Asia/Seoul")
        assert await chats.get(tx, BOT, OLD) is None
        assert [item.id for item in await chats.destinations(tx, BOT, NEW)] == [place.id]
        assert [item.slug for item in await subscriptions.of(tx, place.id)] == ["korea"]


async def test_a_group_that_is_known_by_both_numbers_becomes_one(db: Database) -> None:
    async with db.begin() as tx:
        await _remember(tx)
        await _remember(tx, NEW, "Supergroup")
        old = await _followed(tx, OLD, "korea", "china")
        new = await _followed(tx, NEW, "korea")
        edition = await _edition(tx)
        for place in (old, new):
            await _deliver(tx, edition, place)
        await _deliver(tx, await _edition(tx), old)
        await replies.record(tx, bot_id=BOT, chat_id=OLD, message_id=1, article_ids=[], now=NOW)
        await chats.migrate(tx, BOT, OLD, NEW)
        assert await chats.destinations(tx, BOT, OLD) == []
        assert [item.slug for item in await subscriptions.of(tx, new.id)] == ["china", "korea"]
        assert len(await schedules.of(tx, new.id)) == 1
        kept = await tx.scalars(select(schema.delivery.c.destination_id))
        assert kept.all() == [new.id, new.id]


async def test_forgetting_leaves_nothing_of_the_chat_and_all_of_others(db: Database) -> None:
    async with db.begin() as tx:
        for chat_id in (OLD, NEW):
            await _remember(tx, chat_id)
            place = await _followed(tx, chat_id, "korea")
            await _followed(tx, chat_id, "china", thread_id=4)
            await _deliver(tx, await _edition(tx), place)
            await prompts.ask(
                tx, bot_id=BOT, chat_id=chat_id, user_id=1, kind="x", data={}, expires_at=NOW + timedelta(hours=1)
            )
        before = await _counts(tx)
        await chats.forget(tx, BOT, OLD)
        assert {name: count * 2 for name, count in (await _counts(tx)).items()} == before
        assert await chats.get(tx, BOT, OLD) is None
        assert await chats.destinations(tx, BOT, OLD) == []


async def _counts(tx: Connection) -> dict[str, int]:
    tables = (schema.chat, schema.destination, schema.subscription, schema.schedule, schema.delivery, schema.prompt)
    return {table.name: int(await tx.scalar(select(func.count()).select_from(table)) or 0) for table in tables}


async def _edition(tx: Connection) -> int:
    number = await tx.scalar(select(func.count()).select_from(schema.edition))
    made = await tx.scalar(
        insert(schema.edition)
        .values(bot_id=BOT, kind="digest", signature=f"s{number}", lane=3, composed_at=NOW)
        .returning(schema.edition.c.id)
    )
    return int(made)


async def _deliver(tx: Connection, edition_id: int, place: Destination) -> None:
    await tx.execute(
        insert(schema.delivery).values(
            bot_id=BOT,
            edition_id=edition_id,
            destination_id=place.id,
            lane=3,
            state="queued",
            not_before=NOW,
            created_at=NOW,
        )
    )
