"""/status: how deliveries go, of one article or of the latest editions."""

from collections.abc import Sequence

from bot import delivery_words, topic_words
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card
from bot.registry import Command, Press
from delivery import corrections as carrying_out
from delivery import render, status
from delivery.status import Progress
from delivery.wording import when
from storage import articles, corrections, deliveries, editions, retags
from storage.progress import Subject
from storage.records import Article, ArticleStatus
from storage.slots import zone_of

EDITIONS, LOOKED_AT = 5, 10
CORRECTIONS = 3


async def show(ask: Ask) -> Reply:
    """`ARTICLE`, an answer to its message, or nothing: the latest editions."""
    if not ask.args and ask.replied_to is None:
        return await _latest(ask)
    found = await desk_card.named(ask, ask.args, press="d-stat")
    return found if isinstance(found, Reply) else await _of_article(ask, found.article)


async def press(ask: Ask) -> Reply:
    """`article`, or nothing: the latest editions. A message of its own the first time, then refreshed in place."""
    key, _, again = ask.args.partition(":")
    if not key:
        return await _latest(ask, fresh=again != "again")
    article_id = desk_card.number(key)
    async with ask.db.read() as tx:
        found = None if article_id is None else await articles.get(tx, article_id)
    return desk_card.gone() if found is None else await _of_article(ask, found, fresh=again != "again")


async def _of_article(ask: Ask, article: Article, *, fresh: bool = True) -> Reply:
    async with ask.db.read() as tx:
        found = await status.of_article(tx, article.id)
        said = await corrections.of_article(tx, article.id)
        amended = [delivery_words.corrected(await carrying_out.standing(tx, item)) for item in said]
        decided = await desk_card.decided(tx, ask, article)
    headline = render.escape(desk_card.short(article.headline, 200))
    facts = [f"No. {article.id}", desk_card.state(article), decided]
    head = f"<b>{headline}</b>\n{' · '.join(fact for fact in facts if fact)}"
    newest = sorted((item for item in found if item.total or item.spreading), key=lambda item: -item.edition_id)
    blocks = [progress_text(item, ask) for item in newest[:EDITIONS]] or [_nothing_yet(article)]
    if len(newest) > 1:
        blocks.insert(0, f"In {len(newest)} editions, sent {_times(sum(item.sent for item in newest))}. The latest:")
    return Reply(
        "\n\n".join([head, *amended[-CORRECTIONS:], *blocks]),
        keyboard=(*_again(newest[:EDITIONS]), *_acts(article)),
        article_ids=(article.id,),
        fresh=fresh,
    )


def _acts(article: Article) -> Keyboard:
    look = (_refresh(f"d-stat:{article.id}:again"), ("✏️ Article", f"d-new:{article.id}"))
    if article.status is not ArticleStatus.USABLE:
        return (look,)
    key = article.id
    return (look, (("🚨 Urgent", f"d-urg:{key}"), ("✏️ Correct", f"d-cor:{key}"), ("⛔ Kill", f"d-kill:{key}")))


def _nothing_yet(article: Article) -> str:
    if article.status is ArticleStatus.CANCELED:
        return "Nobody had been sent it."
    if article.archive:
        return "It is of the archive: readers find it, nobody is sent it."
    return "Nobody was sent it yet. It comes with the next digests, and at once with a push."


async def _latest(ask: Ask, *, fresh: bool = True) -> Reply:
    async with ask.db.read() as tx:
        ids = await editions.latest_ids(tx, ask.me.bot_id, LOOKED_AT)
        found = [await status.of_edition(tx, edition_id) for edition_id in ids]
        said = await corrections.latest(tx, ask.me.bot_id, CORRECTIONS)
        amended = [delivery_words.corrected(await carrying_out.standing(tx, item)) for item in said]
        waiting = await articles.count_pending(tx)
        work = await retags.latest(tx)
    found = [item for item in found if item.total or item.spreading][:EDITIONS]  # what reached nobody is no news
    queue = f"📥 {waiting} in the /queue" if waiting else "📥 Nothing in the queue"
    going_on = [topic_words.retagging(work)] if work is not None and work.ended_at is None else []
    blocks = [progress_text(item, ask) for item in found] or ["Nothing was sent yet."]
    return Reply(
        "\n\n".join(["<b>What was sent last</b>", *blocks, *amended, *going_on, queue]),
        keyboard=(*_again(found), (_refresh("d-stat::again"),)),
        fresh=fresh,
    )


def _refresh(data: str) -> tuple[str, str]:
    return ("🔄 Refresh", data)


def progress_text(item: Progress, ask: Ask) -> str:
    """One edition: what it is, since when, and what became of its deliveries."""
    at = when(item.composed_at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
    head = f"<b>{delivery_words.NAMES[item.kind]}</b> of {at}, for {delivery_words.chats(item.total)}"
    return "\n".join([head, *delivery_words.counted(item)])


async def resend(ask: Ask) -> Reply:
    """`edition`: what failed of it is queued again."""
    edition_id = desk_card.number(ask.args)
    if edition_id is None:
        return desk_card.gone()
    async with ask.db.begin() as tx:
        count = await deliveries.resend_failed(tx, edition_id, ask.now)
        how = await status.of_edition(tx, edition_id) if count else None
    if how is None:
        return Reply(toast="Nothing failed there, or those chats are gone.")
    return Reply(
        f"🔁 {delivery_words.chats(count)} again.\n{progress_text(how, ask)}",
        fresh=True,
        follows=(Subject.EDITION, edition_id),
    )


def _again(found: Sequence[Progress]) -> Keyboard:
    """A row for each edition of which something failed."""
    return tuple(
        ((f"🔁 Send the {item.failed.total():,} that failed again", f"d-again:{item.edition_id}"),)
        for item in found
        if item.failed
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


COMMANDS = (Command("status", show, "How deliveries go", who=Who.EDITOR, usage="[ARTICLE]"),)
PRESSES = (Press("d-stat", press, who=Who.EDITOR), Press("d-again", resend, who=Who.EDITOR))
