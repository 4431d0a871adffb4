"""/embargo: an article that is ready, and that nobody may read before a moment."""

from datetime import datetime, timedelta

from bot import moments
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card, desk_queue, questions
from bot.registry import Answer, Command, Press
from delivery import render
from delivery.wording import when
from storage import articles, decisions
from storage.decisions import Decision
from storage.records import Article, ArticleStatus
from storage.slots import zone_of

UNTIL = "embargo"
ASK_FOR = timedelta(minutes=30)
MOST_LISTED = 20
HOLDABLE = (ArticleStatus.PENDING, ArticleStatus.REJECTED, ArticleStatus.WITHHELD)


async def show(ask: Ask) -> Reply:
    """Alone: what is under embargo. `12 18:00`: until then. `12`: asks until when. `12 off`: publishes it now."""
    if not ask.args.strip() and ask.replied_to is None:
        return await _listed(ask)
    found = await desk_card.named(ask, ask.args, press="d-emb", waiting=True)
    if isinstance(found, Reply):
        return found
    if not found.rest.strip():
        return await _question(ask, found.article)
    if found.rest.strip().casefold() in ("off", "now", "lift"):
        return await _lift(ask, found.article.id)
    return await _until(ask, found.article, found.rest)


async def _listed(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        held = await decisions.withheld(tx, MOST_LISTED)
    if not held:
        return Reply(
            "Nothing is under embargo. <code>/embargo 12 18:00</code> withholds No. 12 until then, "
            f"and so do {moments.EXAMPLES}."
        )
    zone = zone_of(ask.chat.zone)
    lines = [
        f"🔒 <b>{when(item.embargo_until or ask.now, zone, ask.now, ask.chat.language)}</b> · No. {item.id} · "
        f"{render.escape(desk_card.short(item.headline, 120))}"
        for item in held
    ]
    head = f"<b>Under embargo</b>, the next to come out first ({ask.chat.zone})"
    keyboard = tuple(((desk_card.short(f"{item.id} · {item.headline}"), f"d-card:{item.id}"),) for item in held[:8])
    return Reply("\n".join([head, "", *lines]), keyboard=keyboard)


async def press(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _question(ask, article)


async def _pressed(ask: Ask) -> Article | None:
    article_id = desk_card.number(ask.args.partition(":")[0])
    async with ask.db.read() as tx:
        return None if article_id is None else await articles.get(tx, article_id)


async def _question(ask: Ask, article: Article) -> Reply:
    if article.status not in HOLDABLE:
        return _too_late(article)
    await questions.put(ask, UNTIL, {"article_id": article.id}, ASK_FOR)
    headline = render.escape(desk_card.short(article.headline, 120))
    return Reply(
        f"🔒 Until when may nobody read No. {article.id}, “{headline}”?\n\n"
        f"{questions.how(ask)}: {moments.EXAMPLES} (your time zone: {ask.chat.zone}). /cancel leaves it as it is.",
        keyboard=_choices(article.id),
        fresh=True,
    )


def _choices(article_id: int) -> Keyboard:
    said = (("in 1 hour", "1h"), ("in 3 hours", "3h"), ("tomorrow 7:00", "tomorrow 7:00"))
    return (tuple((label, f"d-hold:{article_id}:{words}") for label, words in said),)


async def answer(ask: Ask) -> Reply:
    article_id = int(ask.data.get("article_id", 0))
    async with ask.db.read() as tx:
        article = await articles.get(tx, article_id)
    return desk_card.gone() if article is None else await _until(ask, article, ask.args)


async def press_until(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _until(ask, article, ask.args.partition(":")[2])


async def _until(ask: Ask, article: Article, typed: str) -> Reply:
    """Where the moment can't be read, the open question, if there is one, stays open."""
    try:
        end = moments.parse(typed, zone_of(ask.chat.zone), ask.clock())
    except moments.MomentError as error:
        return Reply(render.escape(str(error)))
    return await _withhold(ask, article, end)


async def _withhold(ask: Ask, article: Article, end: datetime) -> Reply:
    async with ask.db.begin() as tx:
        await questions.withdraw_in(tx, ask)
        decision = await decisions.withhold(tx, article.id, end, ask.clock, by=ask.person.user_id)
        by = "" if decision is None else await desk_card.author(tx, ask, decision.article)
    if decision is None:
        return desk_card.gone()
    if decision.article.status is not ArticleStatus.WITHHELD:
        return _too_late(decision.article)
    if decision.changed:
        await desk_queue.tell_contributor(ask, decision.article, "")
    note = f"🔒 Withheld until {desk_card.until(decision.article, ask)}. Then it is published by itself."
    return desk_card.card(decision.article, ask, note=note, by=by)


def _too_late(article: Article) -> Reply:
    if article.status is ArticleStatus.CANCELED:
        return Reply(f"No. {article.id} was withdrawn; it is never published.")
    return Reply(f"No. {article.id} is published already. /kill {article.id} withdraws it from all who have it.")


async def press_lift(ask: Ask) -> Reply:
    article = await _pressed(ask)
    return desk_card.gone() if article is None else await _lift(ask, article.id)


async def _lift(ask: Ask, article_id: int) -> Reply:
    async with ask.db.begin() as tx:
        decision = await decisions.lift(tx, article_id, ask.clock, by=ask.person.user_id)
        by = "" if decision is None else await desk_card.author(tx, ask, decision.article)
    if decision is None:
        return desk_card.gone()
    if decision.changed:
        await desk_queue.tell_contributor(ask, decision.article, "")
    return desk_card.card(decision.article, ask, note=_lifted(decision), by=by)


def _lifted(decision: Decision) -> str:
    if decision.changed:
        return "🟢 Published. Readers see it from now on."
    return "Nothing was under embargo here."


COMMANDS = (Command("embargo", show, "Withhold an article until a time", who=Who.EDITOR, usage="[ARTICLE TIME]"),)
PRESSES = (
    Press("d-emb", press, who=Who.EDITOR),
    Press("d-hold", press_until, who=Who.EDITOR),
    Press("d-lift", press_lift, who=Who.EDITOR),
)
ANSWERS = (Answer(UNTIL, answer, who=Who.EDITOR),)
