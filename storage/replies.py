"""Which of the bot's replies carried which article: kept 30 days, so that a correction or a kill can reach them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import delete, func, select, tuple_, update

from storage.database import Connection, insert_into
from storage.records import Correction
from storage.schema import reply_article

_ORDER = (reply_article.c.position, reply_article.c.article_id)


@dataclass(frozen=True, slots=True)
class Shown:
    """A reply with its articles, in the order in which they stand in it."""

    chat_id: int
    message_id: int
    article_ids: tuple[int, ...]
    at: datetime


async def record(
    tx: Connection,
    *,
    bot_id: int,
    chat_id: int,
    message_id: int,
    article_ids: Collection[int],
    now: datetime,
    desk: bool = False,
) -> None:
    """The message carries these articles, and those alone: an edited reply carries others than before.

    `desk`: it is an editor's view, which names articles but is not theirs to read.
    """
    mine = (
        reply_article.c.bot_id == bot_id,
        reply_article.c.chat_id == chat_id,
        reply_article.c.message_id == message_id,
    )
    await tx.execute(delete(reply_article).where(*mine))
    common = {"bot_id": bot_id, "chat_id": chat_id, "message_id": message_id, "at": now, "desk": desk}
    rows = [
        common | {"article_id": article_id, "position": position}
        for position, article_id in enumerate(dict.fromkeys(article_ids))
    ]
    if rows:
        await tx.execute(insert_into(tx, reply_article).values(rows).on_conflict_do_nothing())


async def to_correct(tx: Connection, item: Correction, limit: int) -> list[Shown]:
    """Readers' replies that show the article as it was before the correction."""
    holding = (
        select(reply_article.c.chat_id, reply_article.c.message_id)
        .where(
            reply_article.c.bot_id == item.bot_id,
            reply_article.c.article_id == item.article_id,
            reply_article.c.revision < item.id,
            reply_article.c.at <= item.at,
            ~reply_article.c.desk,
        )
        .order_by(reply_article.c.chat_id, reply_article.c.message_id)
        .limit(limit)
        .subquery()
    )
    same = (reply_article.c.chat_id == holding.c.chat_id) & (reply_article.c.message_id == holding.c.message_id)
    query = select(reply_article).join(holding, same).where(reply_article.c.bot_id == item.bot_id)
    rows = (await tx.execute(query.order_by(reply_article.c.chat_id, reply_article.c.message_id, *_ORDER))).all()
    grouped = groupby(rows, key=lambda row: (row.chat_id, row.message_id))
    found = [(key, list(group)) for key, group in grouped]
    return [Shown(*key, tuple(row.article_id for row in group), group[0].at) for key, group in found]


async def corrected(tx: Connection, item: Correction, shown: Collection[Shown]) -> None:
    """These are being brought up to date."""
    for reply in shown:
        await tx.execute(
            update(reply_article)
            .where(
                reply_article.c.bot_id == item.bot_id,
                reply_article.c.chat_id == reply.chat_id,
                reply_article.c.message_id == reply.message_id,
            )
            .values(revision=item.id)
        )


async def count(tx: Connection, bot_id: int, article_id: int) -> int:
    """Readers' replies that show the article."""
    query = select(func.count()).where(
        reply_article.c.bot_id == bot_id, reply_article.c.article_id == article_id, ~reply_article.c.desk
    )
    return int(await tx.scalar(query) or 0)


async def carrying(tx: Connection, article_id: int) -> list[tuple[int, int, int]]:
    """(bot_id, chat_id, message_id) of each reply that shows the article."""
    found = await tx.execute(
        select(reply_article.c.bot_id, reply_article.c.chat_id, reply_article.c.message_id)
        .where(reply_article.c.article_id == article_id)
        .order_by(reply_article.c.at)
    )
    return [(row.bot_id, row.chat_id, row.message_id) for row in found]


async def prune(tx: Connection, *, before: datetime, limit: int = 1000) -> int:
    """Forget replies sent before then. Returns how many rows went."""
    columns = (reply_article.c.bot_id, reply_article.c.chat_id, reply_article.c.message_id, reply_article.c.article_id)
    old = select(*columns).where(reply_article.c.at < before).order_by(reply_article.c.at).limit(limit)
    return (await tx.execute(delete(reply_article).where(tuple_(*columns).in_(old)))).rowcount
