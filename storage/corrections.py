"""Corrections and kills: an editor's word, first as a draft, then to be carried out; and what it changes.

    draft ──open──→ open ──(editions composed again, copies edited or deleted)──→ done

Numbers of open ones only grow: a message shows the correction `revision` or a later one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, literal, literal_column, or_, select, update

from storage import copies
from storage.articles import content_hash
from storage.database import Connection
from storage.errors import StaleEditionError
from storage.records import ArticleStatus, Correction, CorrectionKind, DeliveryState, EditionKind, EditionPart, Lane
from storage.schema import article, bot, correction, delivery, delivery_part, edition, edition_article, edition_part
from storage.search import search_text

DRAFT, USED, OPEN, DONE = "draft", "used", "open", "done"


@dataclass(frozen=True, slots=True)
class Affected:
    """An edition that holds the article, and what its messages say. `layouts`: None of an edition without."""

    id: int
    composed_at: datetime
    layouts: tuple[dict[str, Any], ...] | None
    parts: tuple[EditionPart, ...]


# An editor's word


async def draft(
    tx: Connection,
    *,
    bot_id: int,
    article_id: int,
    kind: CorrectionKind,
    note: str,
    wrong: str = "",
    right: str = "",
    by: int | None,
    now: datetime,
) -> int:
    """Keep what an editor is about to confirm; gives its number."""
    row = {"bot_id": bot_id, "article_id": article_id, "kind": kind, "note": note, "requested_by": by, "at": now}
    query = insert(correction).values(**row, change={"wrong": wrong, "right": right}, state=DRAFT)
    return int((await tx.execute(query.returning(correction.c.id))).scalar_one())


async def get(tx: Connection, correction_id: int) -> Correction | None:
    """A draft too, as it was written."""
    row = (await tx.execute(select(correction).where(correction.c.id == correction_id))).first()
    return None if row is None else _correction(row)


async def open_draft(tx: Connection, draft_id: int, now: datetime) -> Correction | None:
    """From now on it is carried out; None where it was before, the article is killed, or there is no such draft.

    Nothing is marked for sending until the commit: what was marked before is seen here, what is marked afterwards
    reads the new text.
    """
    found = await get(tx, draft_id)
    if found is None:
        return None
    await tx.execute(select(bot.c.bot_id).where(bot.c.bot_id == found.bot_id).with_for_update())
    status = await tx.scalar(select(article.c.status).where(article.c.id == found.article_id).with_for_update())
    if status == ArticleStatus.CANCELED:
        return None
    used = update(correction).where(correction.c.id == draft_id, correction.c.state == DRAFT).values(state=USED)
    if not (await tx.execute(used)).rowcount:
        return None
    kept = [column for column in correction.c if column.name not in ("id", "state", "at")]
    written = select(*kept, literal(OPEN), literal(now, correction.c.at.type)).where(correction.c.id == draft_id)
    opened = insert(correction).from_select([*(column.name for column in kept), "state", "at"], written)
    return _correction((await tx.execute(opened.returning(correction))).one())


async def of_article(tx: Connection, article_id: int) -> list[Correction]:
    """Those that were confirmed, oldest first."""
    return (await of_articles(tx, [article_id])).get(article_id, [])


async def of_articles(tx: Connection, ids: Collection[int]) -> dict[int, list[Correction]]:
    rows = await tx.execute(
        select(correction)
        .where(correction.c.article_id.in_(ids), correction.c.state.in_((OPEN, DONE)))
        .order_by(correction.c.id)
    )
    found: dict[int, list[Correction]] = {}
    for row in rows:
        found.setdefault(row.article_id, []).append(_correction(row))
    return found


async def latest(tx: Connection, bot_id: int, limit: int) -> list[Correction]:
    """Those that were confirmed, latest first."""
    query = select(correction).where(correction.c.bot_id == bot_id, correction.c.state.in_((OPEN, DONE)))
    return [_correction(row) for row in await tx.execute(query.order_by(correction.c.id.desc()).limit(limit))]


async def unfinished(tx: Connection, bot_id: int) -> list[Correction]:
    query = select(correction).where(correction.c.bot_id == bot_id, correction.c.state == OPEN)
    return [_correction(row) for row in await tx.execute(query.order_by(correction.c.id))]


async def finish(tx: Connection, correction_id: int) -> None:
    await tx.execute(update(correction).where(correction.c.id == correction_id).values(state=DONE))


async def prune(tx: Connection, *, before: datetime) -> int:
    """Forget drafts of which nothing came."""
    old = delete(correction).where(correction.c.state.in_((DRAFT, USED)), correction.c.at < before)
    return (await tx.execute(old)).rowcount


# The article


async def reword(
    tx: Connection,
    article_id: int,
    *,
    headline: str,
    paragraphs: Sequence[str],
    summary: Sequence[str],
    caption: str | None,
) -> None:
    """The article's next version. Its content hash follows, unless another article has that text."""
    key = content_hash(headline, paragraphs)
    taken = await tx.scalar(select(article.c.id).where(article.c.content_hash == key, article.c.id != article_id))
    values = {
        "headline": headline,
        "paragraphs": list(paragraphs),
        "summary": list(summary),
        "caption": caption,
        "search": search_text(headline, paragraphs, caption),
        "version": article.c.version + 1,
    }
    values |= {} if taken else {"content_hash": key}
    await tx.execute(update(article).where(article.c.id == article_id).values(**values))


async def count_version(tx: Connection, article_id: int) -> None:
    await tx.execute(update(article).where(article.c.id == article_id).values(version=article.c.version + 1))


async def hold_versions(tx: Connection, parts: Sequence[EditionPart]) -> None:
    """Until the commit no correction of these articles begins: it either sees their edition or was seen here.

    Raises StaleEditionError where an article is not what it was when the parts were composed.
    """
    places = [item for part in parts if part.layout for item in part.layout["items"] if "article" in item]
    if not places:
        return
    query = select(article.c.id, article.c.version, article.c.status).with_for_update(read=True)
    rows = await tx.execute(query.where(article.c.id.in_({item["article"] for item in places})))
    present = {row.id: row.version for row in rows if row.status == ArticleStatus.USABLE}
    if any(present.get(item["article"]) != item["version"] for item in places):
        raise StaleEditionError


# The editions that hold it


async def affected(tx: Connection, item: Correction, *, limit: int, sending: bool = False) -> list[Affected]:
    """Editions that hold the article and were not looked at since. `sending`: only those that still go out."""
    still = or_(
        edition.c.fanout_after.is_not(None),
        select(delivery.c.id)
        .where(
            delivery.c.edition_id == edition.c.id,
            delivery.c.state.in_((DeliveryState.QUEUED.value, DeliveryState.SENDING.value)),
        )
        .exists(),
    )
    holding = select(edition_article.c.edition_id).where(edition_article.c.article_id == item.article_id)
    query = (
        select(edition)
        .where(
            edition.c.id.in_(holding),
            edition.c.bot_id == item.bot_id,
            edition.c.revision < item.id,
            *((still,) if sending else ()),
        )
        .order_by(edition.c.id)
        .limit(limit)
    )
    rows = (await tx.execute(query)).all()
    parts = await _parts(tx, [row.id for row in rows])
    return [
        Affected(row.id, row.composed_at, None if row.recipe is None else tuple(row.recipe), tuple(parts[row.id]))
        for row in rows
        if row.id in parts
    ]


async def rewrite(tx: Connection, edition_id: int, revision: int, parts: Sequence[EditionPart]) -> None:
    """The edition's messages read like these from now on: what is queued leaves so."""
    for part in parts:
        changed = update(edition_part).where(
            edition_part.c.edition_id == edition_id, edition_part.c.number == part.number
        )
        new = {"text": part.text, "keyboard": part.keyboard, "gone": part.gone, "rich": part.rich, "photo": part.photo}
        await tx.execute(changed.values(new | {"revision": revision}))
    await tx.execute(update(edition).where(edition.c.id == edition_id).values(revision=revision))


async def withdraw(tx: Connection, edition_id: int, reason: str, now: datetime) -> int:
    """Nothing is left in the edition: what has not begun to go out is dropped, nobody more gets it. How many."""
    await tx.execute(update(edition).where(edition.c.id == edition_id).values(fanout_after=None))
    dropped = update(delivery).where(
        delivery.c.edition_id == edition_id, delivery.c.state == DeliveryState.QUEUED, delivery.c.next_part == 0
    )
    values = {"state": DeliveryState.DROPPED, "reason": reason, "done_at": now}
    return (await tx.execute(dropped.values(**values))).rowcount


async def count_copies(tx: Connection, bot_id: int, article_id: int) -> int:
    """Messages at readers that hold the article, and those that are on their way."""
    holding = select(edition_article).where(edition_article.c.article_id == article_id).subquery()
    query = (
        select(func.count())
        .select_from(holding)
        .join(delivery, delivery.c.edition_id == holding.c.edition_id)
        .outerjoin(
            delivery_part, (delivery_part.c.delivery_id == delivery.c.id) & (delivery_part.c.number == holding.c.number)
        )
        .where(
            delivery.c.bot_id == bot_id,
            or_(
                delivery_part.c.message_id.is_not(None),
                delivery.c.state.in_((DeliveryState.QUEUED.value, DeliveryState.SENDING.value)),
            ),
        )
    )
    return int(await tx.scalar(query) or 0) + await copies.count(tx, bot_id, article_id)


# How far it is


@dataclass(frozen=True, slots=True)
class Reach:
    """Of a correction's copies. `sent`: edited or deleted, or nothing was to be done. `whole`: all copies are known."""

    states: dict[DeliveryState, int]
    reasons: tuple[tuple[str, int], ...]
    whole: bool


async def any_queued(tx: Connection, item: Correction) -> bool:
    """Quick while much is left: the next in the queue is found first."""
    query = (
        select(delivery.c.id)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .where(
            delivery.c.bot_id == item.bot_id,
            delivery.c.lane == literal_column(str(int(Lane.CORRECTION))),
            delivery.c.state == literal_column("'queued'"),
            edition.c.correction_id == item.id,
        )
        .limit(1)
    )
    return await tx.scalar(query) is not None


async def reach(tx: Connection, item: Correction) -> Reach:
    rows = (
        await tx.execute(
            select(delivery.c.state, delivery.c.reason, func.count())
            .join(edition, edition.c.id == delivery.c.edition_id)
            .where(edition.c.correction_id == item.id)
            .group_by(delivery.c.state, delivery.c.reason)
        )
    ).all()
    states = {state: sum(row[2] for row in rows if row[0] == state) for state in DeliveryState}
    missed = (DeliveryState.FAILED, DeliveryState.DROPPED)
    reasons = tuple((str(row[1] or "no reason"), int(row[2])) for row in rows if row[0] in missed)
    return Reach(states, reasons, whole=not await _spreading(tx, item))


async def _spreading(tx: Connection, item: Correction) -> bool:
    if await affected(tx, item, limit=1):
        return True
    query = select(edition.c.id).where(edition.c.correction_id == item.id, edition.c.fanout_after.is_not(None))
    return await tx.scalar(query.limit(1)) is not None


KINDS = {CorrectionKind.CORRECTION: EditionKind.CORRECTION, CorrectionKind.KILL: EditionKind.KILL}


async def _parts(tx: Connection, ids: Collection[int]) -> dict[int, list[EditionPart]]:
    articles: dict[tuple[int, int], list[int]] = {}
    holding = (
        select(edition_article).where(edition_article.c.edition_id.in_(ids)).order_by(edition_article.c.article_id)
    )
    for row in await tx.execute(holding):
        articles.setdefault((row.edition_id, row.number), []).append(row.article_id)
    rows = await tx.execute(
        select(edition_part)
        .where(edition_part.c.edition_id.in_(ids))
        .order_by(edition_part.c.edition_id, edition_part.c.number)
    )
    found: dict[int, list[EditionPart]] = {}
    for row in rows:
        keyboard = tuple(tuple((label, data) for label, data in line) for line in row.keyboard)
        held = tuple(articles.get((row.edition_id, row.number), ()))
        part = EditionPart(row.number, row.text, keyboard, held, row.gone, rich=row.rich, photo=row.photo)
        found.setdefault(row.edition_id, []).append(part)
    return found


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        id=row.id,
        bot_id=row.bot_id,
        article_id=row.article_id,
        kind=CorrectionKind(row.kind),
        note=row.note,
        wrong=row.change.get("wrong", ""),
        right=row.change.get("right", ""),
        requested_by=row.requested_by,
        at=row.at,
        done=row.state == DONE,
    )
