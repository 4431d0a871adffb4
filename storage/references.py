"""Which article somebody means who gives no number: by the message that carried it, by words of its headline."""

import unicodedata
from dataclasses import dataclass

from sqlalchemy import select

from storage import articles, search
from storage.database import Connection
from storage.records import Article, EditionKind
from storage.schema import delivery, delivery_part, destination, edition, edition_article, reply_article, sent_copy

# How many of the newest articles with these words are looked at, and how many pending ones.
SEARCHED, PENDING_SEARCHED = 30, 100


@dataclass(frozen=True, slots=True)
class Arrived:
    """The edition that a message was part of. `asked_for`: by an editor."""

    kind: EditionKind
    asked_for: bool


async def arrived(tx: Connection, *, bot_id: int, chat_id: int, message_id: int) -> Arrived | None:
    """How the bot's message came; None for its answers."""
    here = (destination.c.bot_id == bot_id, destination.c.chat_id == chat_id)
    what = select(edition.c.kind, edition.c.requested_by)
    delivered = (
        what.join(delivery, delivery.c.edition_id == edition.c.id)
        .join(destination, destination.c.id == delivery.c.destination_id)
        .join(delivery_part, delivery_part.c.delivery_id == delivery.c.id)
        .where(*here, delivery_part.c.message_id == message_id)
    )
    kept = (
        what.join(sent_copy, sent_copy.c.edition_id == edition.c.id)
        .join(destination, destination.c.id == sent_copy.c.destination_id)
        .where(*here, sent_copy.c.message_id == message_id)
    )
    for query in (delivered, kept):
        if row := (await tx.execute(query.order_by(edition.c.id).limit(1))).first():
            return Arrived(EditionKind(row.kind), row.requested_by is not None)
    return None


async def by_message(tx: Connection, *, bot_id: int, chat_id: int, message_id: int) -> tuple[int, ...]:
    """The ids of the articles that the bot's message carried, as a reply or as part of a delivery."""
    replied = select(reply_article.c.article_id).where(
        reply_article.c.bot_id == bot_id,
        reply_article.c.chat_id == chat_id,
        reply_article.c.message_id == message_id,
    )
    delivered = (
        select(edition_article.c.article_id)
        .join(delivery, delivery.c.edition_id == edition_article.c.edition_id)
        .join(destination, destination.c.id == delivery.c.destination_id)
        .join(delivery_part, delivery_part.c.delivery_id == delivery.c.id)
        .where(
            destination.c.bot_id == bot_id,
            destination.c.chat_id == chat_id,
            delivery_part.c.message_id == message_id,
            delivery_part.c.number == edition_article.c.number,
        )
    )
    kept = (
        select(edition_article.c.article_id)
        .join(sent_copy, sent_copy.c.edition_id == edition_article.c.edition_id)
        .join(destination, destination.c.id == sent_copy.c.destination_id)
        .where(
            destination.c.bot_id == bot_id,
            destination.c.chat_id == chat_id,
            sent_copy.c.message_id == message_id,
            sent_copy.c.number == edition_article.c.number,
        )
    )
    for query in (replied, delivered, kept):
        if found := list((await tx.scalars(query)).all()):
            return tuple(dict.fromkeys(found))
    return ()


async def by_headline(tx: Connection, words: str, *, limit: int) -> list[Article]:
    """Articles, pending ones first, then usable ones by date, whose headline holds the words as written.

    Where none does: whose headline holds all of them in any order.
    """
    waiting = await articles.pending(tx, limit=PENDING_SEARCHED)
    query = search.Query(tuple(search.phrases(words)))
    candidates = [*waiting, *await search.search(tx, query, limit=SEARCHED)]
    folded = _fold(words)
    whole = [found for found in candidates if folded in _fold(found.headline)]
    each = [found for found in candidates if all(word in _fold(found.headline) for word in folded.split())]
    return (whole or each)[:limit] if folded else []


def _fold(text: str) -> str:
    """Without case, accents and doubled spaces."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())
