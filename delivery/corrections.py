"""Corrections and kills, carried out: every delivered copy of the article is edited or deleted.

    draft ─confirm→ one transaction: the article, and all that still goes out ─┐
    tick: the other editions that hold it, some at a time ──composed again─────┴→ an amending edition for each
    fan-out: one delivery for each stale copy ──→ sender: edit, delete, or nothing ──→ done

Each step finds its work by state, so a process may die at any line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from delivery.amended import Layout, Told, amended, bare_layout
from delivery.photo import photo_again
from delivery.rich import rich_message
from storage import articles, chats, copies, corrections, editions, replies
from storage.corrections import KINDS, Affected
from storage.database import Connection, Database
from storage.records import Article, ArticleStatus, Correction, CorrectionKind, DeliveryState, EditionPart
from storage.replies import Shown

log = structlog.get_logger()

AT_ONCE = 50
WITHDRAWN = "Its article was killed before it was sent."

# Of editions and replies whose zone isn't kept.
ZONE = "UTC"


class NotCorrectableError(ValueError):
    """The article can't be corrected so; the message, for editors, says why."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`correction` is None where nothing was begun: somebody was quicker, `before` tells with what."""

    correction: Correction | None
    before: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a correction is. `done` copies read as they must or can't be reached; `reasons` say why not."""

    correction: Correction
    total: int
    done: int
    reasons: tuple[tuple[str, int], ...]
    whole: bool

    @property
    def over(self) -> bool:
        return self.correction.done or (self.whole and self.done == self.total)


async def confirm(db: Database, *, draft_id: int, article_id: int, now: datetime) -> Confirmed:
    """Begin to carry out a draft, once, however often and by however many editors this is said.

    What has not left yet never leaves with the old text. Raises NotCorrectableError where the words to replace are not
    in the article any more.
    """
    async with db.begin() as tx:
        opened = await corrections.open_draft(tx, draft_id, now)
        if opened is None:
            return Confirmed(None, tuple(await corrections.of_article(tx, article_id)))
        await _change(tx, opened, now)
        while affected := await corrections.affected(tx, opened, limit=AT_ONCE, sending=True):
            await _rework(tx, opened, affected, now)
    return Confirmed(opened)


async def run_corrections(db: Database, *, bot_id: int, now: datetime, limit: int = AT_ONCE) -> int:
    """Change some of the editions behind each unfinished correction; gives how many, so that the caller goes on."""
    async with db.read() as tx:
        waiting = await corrections.unfinished(tx, bot_id)
    changed = 0
    for item in waiting:
        try:
            async with db.begin() as tx:
                changed += await _carry_on(tx, item, now, limit)
        except (SQLAlchemyError, OSError):
            raise
        except Exception:  # the others are carried out all the same
            log.exception("correction_not_composed", correction=item.id, article=item.article_id)
    return changed


async def _carry_on(tx: Connection, item: Correction, now: datetime, limit: int) -> int:
    found = await corrections.affected(tx, item, limit=limit)
    await _rework(tx, item, found, now)
    shown = await replies.to_correct(tx, item, limit)
    await _rework_replies(tx, item, shown, now)
    changed = len(found) + len(shown)
    if not changed and not await corrections.any_queued(tx, item) and (await standing(tx, item)).over:
        await corrections.finish(tx, item.id)
    return changed


async def standing(tx: Connection, item: Correction) -> Standing:
    reach = await corrections.reach(tx, item)
    waiting = reach.states[DeliveryState.QUEUED] + reach.states[DeliveryState.SENDING]
    total = sum(reach.states.values())
    return Standing(item, total, total - waiting, reach.reasons, reach.whole)


def reworded(article: Article, wrong: str, right: str) -> Article:
    """With other words in headline, text, summary and caption alike. Raises NotCorrectableError where none has them."""
    texts = (article.headline, *article.paragraphs, *article.summary, article.caption or "")
    if not any(wrong in text for text in texts):
        raise NotCorrectableError(f"“{wrong}” is not in the article. The words must stand in it exactly so.")
    return replace(
        article,
        headline=article.headline.replace(wrong, right),
        paragraphs=tuple(text.replace(wrong, right) for text in article.paragraphs),
        summary=tuple(text.replace(wrong, right) for text in article.summary),
        caption=article.caption and article.caption.replace(wrong, right),
    )


async def _change(tx: Connection, item: Correction, now: datetime) -> None:
    if item.kind is CorrectionKind.KILL:
        await articles.set_status(tx, item.article_id, ArticleStatus.CANCELED, now)
        await corrections.count_version(tx, item.article_id)
        return
    found = await articles.get(tx, item.article_id)
    if found is None or not item.wrong:
        await corrections.count_version(tx, item.article_id)
        return
    new = reworded(found, item.wrong, item.right)
    await corrections.reword(
        tx, new.id, headline=new.headline, paragraphs=new.paragraphs, summary=new.summary, caption=new.caption
    )


async def _rework(tx: Connection, item: Correction, found: Sequence[Affected], now: datetime) -> None:
    if not found:
        return
    told = await _told(
        tx, {article_id for edition in found for part in edition.parts for article_id in part.article_ids}
    )
    for edition in found:
        parts = _composed_again(edition, told)
        await corrections.rewrite(tx, edition.id, item.id, parts)
        if all(part.gone for part in (*parts, *_others(edition, parts))):
            await corrections.withdraw(tx, edition.id, WITHDRAWN, now)
        if parts and await copies.any_stale(tx, edition.id):
            await editions.make(
                tx,
                bot_id=item.bot_id,
                kind=KINDS[item.kind],
                signature=f"{item.kind}:{item.id}:{edition.id}",
                parts=(),
                now=now,
                amends=edition.id,
                correction_id=item.id,
            )


async def _rework_replies(tx: Connection, item: Correction, shown: Sequence[Shown], now: datetime) -> None:
    """An amending edition for each reply: it has its own articles, in its own order."""
    known = await _told(tx, {article_id for reply in shown for article_id in reply.article_ids})
    kind = KINDS[item.kind]
    for reply in shown:
        chat = await chats.get(tx, item.bot_id, reply.chat_id)
        if chat is None:
            continue
        edition_id, _ = await editions.make(
            tx,
            bot_id=item.bot_id,
            kind=kind,
            signature=f"{item.kind}:{item.id}:reply:{reply.chat_id}:{reply.message_id}",
            parts=[_reply_again(reply, known, chat.zone)],
            now=now,
            correction_id=item.id,
        )
        place = await chats.destination(tx, item.bot_id, reply.chat_id)
        await editions.add_deliveries(
            tx, edition_id, bot_id=item.bot_id, lane=editions.LANES[kind], destination_ids=[place.id], now=now
        )
    await replies.corrected(tx, item, shown)


def _reply_again(reply: Shown, known: Mapping[int, tuple[Article, list[Correction]]], zone: str) -> EditionPart:
    told = _since(reply.at, known)
    part = EditionPart(0, "", article_ids=reply.article_ids)
    new = amended(part, bare_layout(reply.article_ids, zone=zone, now=reply.at), told)
    return replace(new, article_ids=(), message_id=reply.message_id)  # this is no edition that holds them


def _since(at: datetime, known: Mapping[int, tuple[Article, list[Correction]]]) -> dict[int, Told]:
    """Who has had a message since then is told of what was corrected after it."""
    return {
        article_id: Told(found, tuple(item for item in said if item.at >= at))
        for article_id, (found, said) in known.items()
    }


async def _told(tx: Connection, ids: Iterable[int]) -> dict[int, tuple[Article, list[Correction]]]:
    wanted = list(ids)
    said = await corrections.of_articles(tx, wanted)
    return {found.id: (found, said.get(found.id, [])) for found in await articles.get_many(tx, wanted)}


def _composed_again(edition: Affected, known: Mapping[int, tuple[Article, list[Correction]]]) -> list[EditionPart]:
    """The parts that read otherwise now."""
    told = _since(edition.composed_at, known)
    changed = []
    for position, part in enumerate(edition.parts):
        layout = (
            edition.layouts[position]
            if edition.layouts is not None
            else bare_layout(part.article_ids, zone=ZONE, now=edition.composed_at)
        )
        new = amended(part, layout, told)
        if not new.gone:
            new = _in_other_forms(new, part, layout, told)
        if replace(new, article_ids=part.article_ids) != part:
            changed.append(new)
    return changed


def _in_other_forms(new: EditionPart, old: EditionPart, layout: Layout, told: Mapping[int, Told]) -> EditionPart:
    rich = None if old.rich is None else rich_message(layout, told)
    return replace(new, rich=rich, photo=None if old.photo is None else photo_again(old.photo, layout, told))


def _others(edition: Affected, parts: Sequence[EditionPart]) -> list[EditionPart]:
    changed = {part.number for part in parts}
    return [part for part in edition.parts if part.number not in changed]
