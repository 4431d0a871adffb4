"""Chats and their destinations: what Telegram says of them, what they chose, and how they end.

Everything is kept per bot: a sandbox's chats and a real bot's never mix.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, literal, select, update

from storage import copies, prompts, schema
from storage.database import Connection, insert_into
from storage.records import Chat, ChatKind, ChatState, Destination, Layout, QuietHours

DIGEST_LENGTH = 5

_chats = schema.chat
_places = schema.destination


async def get(tx: Connection, bot_id: int, chat_id: int) -> Chat | None:
    found = (await tx.execute(select(_chats).where(_chat_is(bot_id, chat_id)))).first()
    return None if found is None else _chat(found)


async def remember(
    tx: Connection,
    *,
    bot_id: int,
    chat_id: int,
    kind: ChatKind,
    title: str,
    username: str | None,
    language: str,
    now: datetime,
    zone: str = "UTC",
) -> Chat:
    """Add the chat, or take over its new kind, title and name. What the chat chose (zone, language, state) stays."""
    told = {"kind": kind, "title": title, "username": username}
    own = {"bot_id": bot_id, "chat_id": chat_id, "language": language, "zone": zone}
    statement = insert_into(tx, _chats).values(**own, **told, state=ChatState.ACTIVE, created_at=now)
    found = await tx.execute(
        statement.on_conflict_do_update(index_elements=["bot_id", "chat_id"], set_=told).returning(*_chats.c)
    )
    return _chat(found.one())


async def find_destination(tx: Connection, bot_id: int, chat_id: int, thread_id: int = 0) -> Destination | None:
    """As `destination`, for transactions that only read: makes none."""
    found = await tx.execute(
        select(_places).where(
            _places.c.bot_id == bot_id, _places.c.chat_id == chat_id, _places.c.thread_id == thread_id
        )
    )
    row = found.first()
    return None if row is None else _destination(row)


async def destination(tx: Connection, bot_id: int, chat_id: int, thread_id: int = 0) -> Destination:
    """The chat's destination for a thread (0: none), made when missing."""
    known = await find_destination(tx, bot_id, chat_id, thread_id)
    if known is not None:
        return known
    values = {"bot_id": bot_id, "chat_id": chat_id, "thread_id": thread_id, "digest_length": DIGEST_LENGTH}
    await tx.execute(insert_into(tx, _places).values(**values).on_conflict_do_nothing())
    made = await find_destination(tx, bot_id, chat_id, thread_id)
    if made is None:
        raise LookupError(f"the destination of chat {chat_id} went away while it was made")
    return made


async def destinations(tx: Connection, bot_id: int, chat_id: int) -> list[Destination]:
    """Of all the chat's threads."""
    found = await tx.execute(select(_places).where(_place_is(bot_id, chat_id)).order_by(_places.c.id))
    return [_destination(row) for row in found]


# What a chat chooses, and what Telegram says of it


async def set_state(tx: Connection, bot_id: int, chat_id: int, state: ChatState, reason: str | None = None) -> None:
    """`reason` says, for a person, why a chat is gone."""
    await _update_chat(tx, bot_id, chat_id, state=state, gone_reason=reason)


async def set_zone(tx: Connection, bot_id: int, chat_id: int, zone: str) -> None:
    """An IANA name. The caller reschedules the chat's digests."""
    await _update_chat(tx, bot_id, chat_id, zone=zone)


async def set_language(tx: Connection, bot_id: int, chat_id: int, language: str) -> None:
    await _update_chat(tx, bot_id, chat_id, language=language)


async def set_retry_at(tx: Connection, bot_id: int, chat_id: int, until: datetime) -> None:
    """Leave the chat alone until then. Of two deadlines the later one holds."""
    later = (_chats.c.retry_at.is_(None)) | (_chats.c.retry_at < literal(until, _chats.c.retry_at.type))
    await tx.execute(update(_chats).where(_chat_is(bot_id, chat_id), later).values(retry_at=until))


async def set_muted_until(tx: Connection, destination_id: int, until: datetime | None) -> None:
    """Nothing is pushed there until then; None ends it."""
    await tx.execute(update(_places).where(_places.c.id == destination_id).values(muted_until=until))


async def set_digest_length(tx: Connection, destination_id: int, length: int) -> None:
    """Articles in a digest."""
    await tx.execute(update(_places).where(_places.c.id == destination_id).values(digest_length=length))


async def set_says_nothing(tx: Connection, destination_id: int, *, wished: bool) -> None:
    """Whether a digest without news comes all the same."""
    await tx.execute(update(_places).where(_places.c.id == destination_id).values(says_nothing=wished))


async def set_layout(tx: Connection, destination_id: int, layout: Layout) -> None:
    await tx.execute(update(_places).where(_places.c.id == destination_id).values(layout=layout))


async def refuse_rich(tx: Connection, destination_id: int) -> None:
    """Telegram took no rich message there: classic ones from now on, until the chat wishes otherwise."""
    wished = (_places.c.id == destination_id, _places.c.layout == Layout.RICH)
    await tx.execute(update(_places).where(*wished).values(layout=Layout.REFUSED))


async def _update_chat(tx: Connection, bot_id: int, chat_id: int, /, **values: Any) -> None:
    await tx.execute(update(_chats).where(_chat_is(bot_id, chat_id)).values(**values))


# A group that became a supergroup


async def migrate(tx: Connection, bot_id: int, old_id: int, new_id: int) -> None:
    """Everything of the old chat becomes the new one's; what the new one already has stays. Twice does no harm."""
    await _lock_destinations(tx, bot_id, old_id)
    await copies.lose(tx, [place.id for place in await destinations(tx, bot_id, old_id)])
    await _move_chat(tx, bot_id, old_id, new_id)
    for place in await destinations(tx, bot_id, old_id):
        taken = await find_destination(tx, bot_id, new_id, place.thread_id)
        if taken is None:
            await tx.execute(update(_places).where(_places.c.id == place.id).values(chat_id=new_id))
        else:
            await _merge(tx, place.id, taken.id)
    await _drop_chat_rows(tx, bot_id, old_id)  # message ids of the old chat mean nothing in the new one


async def _move_chat(tx: Connection, bot_id: int, old_id: int, new_id: int) -> None:
    if await get(tx, bot_id, new_id) is None:
        await _update_chat(
            tx, bot_id, old_id, chat_id=new_id, kind=ChatKind.SUPERGROUP, state=ChatState.ACTIVE, gone_reason=None
        )


async def _merge(tx: Connection, old: int, new: int) -> None:
    """Move what hangs on one destination to another, then drop the first."""
    await _move_rows(tx, schema.subscription, schema.subscription.c.topic_id, old, new)
    await _move_rows(tx, schema.digest_slot, schema.digest_slot.c.slot, old, new)
    await _move_rows(tx, schema.delivery, schema.delivery.c.edition_id, old, new)
    has_schedule = select(schema.schedule.c.id).where(schema.schedule.c.destination_id == new).limit(1)
    if await tx.scalar(has_schedule) is None:
        await tx.execute(
            update(schema.schedule).where(schema.schedule.c.destination_id == old).values(destination_id=new)
        )
    await tx.execute(delete(schema.delivery).where(schema.delivery.c.destination_id == old))
    await tx.execute(delete(_places).where(_places.c.id == old))


async def _move_rows(tx: Connection, table: Table, key: ColumnElement[Any], old: int, new: int) -> None:
    """Change the destination of rows whose key the new one doesn't have yet."""
    taken = select(key).where(table.c.destination_id == new).scalar_subquery()
    await tx.execute(update(table).where(table.c.destination_id == old, key.not_in(taken)).values(destination_id=new))


# The end


async def forget(tx: Connection, bot_id: int, chat_id: int) -> None:
    """Delete everything that names the chat: settings, subscriptions, schedules, deliveries, replies, questions."""
    await _lock_destinations(tx, bot_id, chat_id)
    places = select(_places.c.id).where(_place_is(bot_id, chat_id))
    await tx.execute(delete(schema.delivery).where(schema.delivery.c.destination_id.in_(places)))
    await tx.execute(delete(_places).where(_place_is(bot_id, chat_id)))
    await _drop_chat_rows(tx, bot_id, chat_id)


async def _lock_destinations(tx: Connection, bot_id: int, chat_id: int) -> None:
    """Wait for fan-outs that add deliveries there, so that what follows sees those; later ones find it gone."""
    await tx.execute(select(_places.c.id).where(_place_is(bot_id, chat_id)).order_by(_places.c.id).with_for_update())


async def _drop_chat_rows(tx: Connection, bot_id: int, chat_id: int) -> None:
    replies = schema.reply_article
    await tx.execute(delete(replies).where(replies.c.bot_id == bot_id, replies.c.chat_id == chat_id))
    told = schema.progress_message
    await tx.execute(delete(told).where(told.c.bot_id == bot_id, told.c.chat_id == chat_id))
    await prompts.forget_chat(tx, bot_id=bot_id, chat_id=chat_id)
    await tx.execute(delete(_chats).where(_chat_is(bot_id, chat_id)))


def _chat_is(bot_id: int, chat_id: int) -> ColumnElement[bool]:
    return and_(_chats.c.bot_id == bot_id, _chats.c.chat_id == chat_id)


def _place_is(bot_id: int, chat_id: int) -> ColumnElement[bool]:
    return and_(_places.c.bot_id == bot_id, _places.c.chat_id == chat_id)


def _chat(row: Row[Any]) -> Chat:
    return Chat(
        bot_id=row.bot_id,
        chat_id=row.chat_id,
        kind=ChatKind(row.kind),
        title=row.title,
        username=row.username,
        language=row.language,
        zone=row.zone,
        state=ChatState(row.state),
        gone_reason=row.gone_reason,
        retry_at=row.retry_at,
    )


def _destination(row: Row[Any]) -> Destination:
    return Destination(
        id=row.id,
        bot_id=row.bot_id,
        chat_id=row.chat_id,
        thread_id=row.thread_id,
        digest_length=row.digest_length,
        digest_through=row.digest_through,
        muted_until=row.muted_until,
        quiet=None if row.quiet_from is None else QuietHours(row.quiet_from, row.quiet_until, row.quiet_urgent),
        says_nothing=row.says_nothing,
        layout=Layout(row.layout),
    )
