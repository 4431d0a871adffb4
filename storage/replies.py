"""Which of the bot's replies carried which article: kept 30 days, so that a correction or a kill can reach them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from storage.database import Connection, insert_into
from storage.schema import reply_article


async def record(
    tx: Connection, *, bot_id: int, chat_id: int, message_id: int, article_ids: Collection[int], now: datetime
) -> None:
    """The message carries these articles, and those alone: an edited reply carries others than before."""
    mine = (
        reply_article.c.bot_id == bot_id,
        reply_article.c.chat_id == chat_id,
        reply_article.c.message_id == message_id,
    )
    await tx.execute(delete(reply_article).where(*mine, reply_article.c.article_id.not_in(article_ids)))
    rows = [
        {"bot_id": bot_id, "chat_id": chat_id, "message_id": message_id, "article_id": article_id, "at": now}
        for article_id in dict.fromkeys(article_ids)
    ]
    if rows:
        await tx.execute(insert_into(tx, reply_article).values(rows).on_conflict_do_nothing())


async def carrying(tx: Connection, article_id: int) -> list[tuple[int, int, int]]:
    """(bot_id, chat_id, message_id) of each reply that shows the article."""
    found = await tx.execute(
        select(reply_article.c.bot_id, reply_article.c.chat_id, reply_article.c.message_id)
        .where(reply_article.c.article_id == article_id)
        .order_by(reply_article.c.at)
    )
    return [(row.bot_id, row.chat_id, row.message_id) for row in found]


async def prune(tx: Connection, *, before: datetime) -> int:
    """Forget replies sent before then. Returns how many rows went."""
    gone = await tx.execute(delete(reply_article).where(reply_article.c.at < before))
    return gone.rowcount
