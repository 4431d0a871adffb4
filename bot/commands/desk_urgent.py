"""/urgent: one article as an alert, now, also to those who follow its topics by digest."""

from bot import delivery_words
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card
from bot.registry import Command, Press
from delivery import render, status
from delivery.urgent import composed, estimate, urgent
from delivery.wording import when
from storage import articles, editions
from storage.errors import StaleEditionError
from storage.progress import Subject
from storage.records import Article, ArticleStatus
from storage.slots import zone_of


async def show(ask: Ask) -> Reply:
    """`12`, or an answer to its message: a button asks first, for it goes to thousands."""
    found = await desk_card.named(ask, ask.args, press="d-urg")
    return found if isinstance(found, Reply) else await _sure(ask, found.article)


async def press(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _sure(ask, article)


async def _pressed(ask: Ask) -> Article | None:
    article_id = desk_card.number(ask.args)
    async with ask.db.read() as tx:
        return None if article_id is None else await articles.get(tx, article_id)


async def _sure(ask: Ask, article: Article) -> Reply:
    if article.status is not ArticleStatus.USABLE:
        waits = f"No. {article.id} can't be sent: it {desk_card.state(article).split(' ', 1)[1]}."
        return Reply(f"{waits} /approve {article.id} first." if article.status is ArticleStatus.PENDING else waits)
    filed = desk_card.topics_of(article, ask.topics)
    if not filed:
        return Reply(f"No. {article.id} has no topic, so nobody follows it. /edit {article.id} topics … files it.")
    async with ask.db.read() as tx:
        before = await editions.find(tx, ask.me.bot_id, f"urgent:{article.id}")
    if before is not None:
        return await _sent_before(ask, article, before)
    costs = ""
    if ask.terms.stars_a_day is not None:
        costs = await delivery_words.cost(
            ask, await estimate(ask.db, bot_id=ask.me.bot_id, article=article, now=ask.now)
        )
    names = ", ".join(render.escape(topic.name) for topic in filed)
    photo = ", with its photo" if any(part.photo for part in composed(article, ask.now)) else ""
    return Reply(
        f"🚨 <b>Send this as urgent</b> to everybody who follows {names}, also by digest{photo}?\n\n"
        f"<b>{render.escape(desk_card.short(article.headline, 200))}</b>{costs}",
        keyboard=((("🚨 Send now", f"d-now:{article.id}"), ("No", "d-leave")),),
        fresh=True,
    )


async def _sent_before(ask: Ask, article: Article, edition_id: int) -> Reply:
    async with ask.db.read() as tx:
        sent = await status.of_edition(tx, edition_id)
    at = when(sent.composed_at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
    lines = [f"No. {article.id} went out as urgent at {at}, to {delivery_words.chats(sent.total)}."]
    return Reply("\n".join([*lines, *delivery_words.counted(sent)]), keyboard=_status(article.id))


async def go(ask: Ask) -> Reply:
    """Once for each article, however often and by however many it is pressed."""
    article = await _pressed(ask)
    if article is None:
        return desk_card.gone()
    try:
        receipt = await urgent(
            ask.db, bot_id=ask.me.bot_id, article_id=article.id, requested_by=ask.person.user_id, now=ask.now
        )
    except StaleEditionError:
        return Reply(
            "It was corrected this very moment. Look at it, then say /urgent again.", keyboard=_status(article.id)
        )
    if receipt.edition_id is None:
        return await _sure(ask, article)
    if receipt.already:
        return await _sent_before(ask, article, receipt.edition_id)
    async with ask.db.read() as tx:
        sent = await status.of_edition(tx, receipt.edition_id)
    if not sent.total:
        return Reply("Nobody else follows its topics, so nothing is sent.", keyboard=_status(article.id))
    note = "\nThose who follow instantly had the usual alert before." if receipt.alerted else ""
    return Reply(
        delivery_words.pushed(sent, 1) + note,
        keyboard=_status(article.id),
        follows=(Subject.EDITION, receipt.edition_id),
    )


def _status(article_id: int) -> Keyboard:
    return ((("📬 How deliveries go", f"d-stat:{article_id}"),),)


COMMANDS = (Command("urgent", show, "Send an article to everybody now", who=Who.EDITOR, usage="ARTICLE"),)
PRESSES = (Press("d-urg", press, who=Who.EDITOR), Press("d-now", go, who=Who.EDITOR))
