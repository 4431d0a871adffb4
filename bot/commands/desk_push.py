"""/push: a topic's newest articles, now, to all who follow it."""

from bot import names
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply, rows
from bot.commands import pages
from bot.delivery_words import cost, duration, pace
from bot.registry import Command, Press
from delivery import render, status
from delivery.push import PushReceipt, estimate, push
from delivery.status import Progress
from delivery.wording import when
from storage import editions
from storage.progress import Subject
from storage.records import Edition, Topic
from storage.slots import zone_of

TOPIC_BUTTONS = 12


async def send(ask: Ask) -> Reply:
    """`TOPIC`: sent at once, unless it costs something; what went out already is offered again."""
    if not ask.args:
        return Reply("Push which topic? It goes to everybody who follows it.", keyboard=_topics(ask))
    found = names.match(ask.topics, ask.args)
    if found.only is None:
        return pages.unknown_topic(ask, ask.args, found, "d-push")
    if ask.terms.stars_a_day is not None and (sure := await _paid(ask, found.only)) is not None:
        return sure
    return await _send(ask, found.only, again=False)


def _topics(ask: Ask) -> Keyboard:
    return rows([(pages.label(item.name), f"d-push:{item.id}") for item in ask.topics[:TOPIC_BUTTONS]], 2)


async def sure(ask: Ask) -> Reply:
    """`topic`: a thumb that slipped must not send to thousands, so a button asks first."""
    topic = pages.by_id(ask.topics, ask.args)
    if topic is None:
        return Reply(toast="That topic is not here any more.", alarm=True)
    return await _paid(ask, topic) or _sure(topic, "")


async def _paid(ask: Ask, topic: Topic) -> Reply | None:
    """The question with what it costs; None where nothing would be sent, or it costs nothing."""
    if ask.terms.stars_a_day is None:
        return None
    messages = await estimate(ask.db, bot_id=ask.me.bot_id, topic=topic, now=ask.now)
    return _sure(topic, await cost(ask, messages)) if messages else None


def _sure(topic: Topic, costs: str) -> Reply:
    return Reply(
        f"📣 Send the latest on {_name(topic)} now, to everybody who follows it?{costs}",
        keyboard=((("📣 Send now", f"d-go:{topic.id}"), ("No", "d-leave")),),
        fresh=True,
    )


async def go(ask: Ask) -> Reply:
    """`topic`, or `topic:again` for what went out before."""
    key, _, again = ask.args.partition(":")
    topic = pages.by_id(ask.topics, key)
    if topic is None:
        return Reply(toast="That topic is not here any more.", alarm=True)
    return await _send(ask, topic, again=again == "again")


async def _send(ask: Ask, topic: Topic, *, again: bool) -> Reply:
    receipt = await _push(ask, topic, again=again)
    known = await _edition(ask, receipt)
    if receipt.already and known is not None and not known[1].total:
        receipt = await _push(ask, topic, again=True)  # a push from when nobody followed it stands in nobody's way
        known = await _edition(ask, receipt)
    if known is None:
        return Reply(f"There is nothing on {_name(topic)} to send yet. /add brings the first article.")
    edition, progress = known
    costs = await cost(ask, progress.total * len(edition.parts)) if receipt.already else ""
    return told(receipt, topic, ask, edition, progress, costs=costs)


async def _push(ask: Ask, topic: Topic, *, again: bool) -> PushReceipt:
    return await push(
        ask.db, bot_id=ask.me.bot_id, topic=topic, requested_by=ask.person.user_id, now=ask.now, again=again
    )


async def _edition(ask: Ask, receipt: PushReceipt) -> tuple[Edition, Progress] | None:
    if receipt.edition_id is None:
        return None
    async with ask.db.read() as tx:
        found = await editions.get(tx, receipt.edition_id)
        return None if found is None else (found, await status.of_edition(tx, receipt.edition_id))


def told(
    receipt: PushReceipt, topic: Topic, ask: Ask, edition: Edition, progress: Progress, *, costs: str = ""
) -> Reply:
    """What was sent to how many, or why nothing was. `costs`: of sending it again."""
    articles = "1 article" if receipt.articles == 1 else f"{receipt.articles} articles"
    chats = "1 chat" if progress.total == 1 else f"{progress.total:,} chats"
    if receipt.already:
        at = when(edition.composed_at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
        return Reply(
            f"The same {articles} on {_name(topic)} went out at {at}, to {chats}. There is nothing newer.{costs}",
            keyboard=((("📣 Send again", f"d-go:{topic.id}:again"), ("No", "d-leave")), _STATUS),
        )
    if not progress.total:
        return Reply(f"Nobody follows {_name(topic)} yet, so nothing is sent.")
    lasts = duration(progress.total * len(edition.parts), pace(ask.terms))
    return Reply(
        f"📣 On its way: {articles} on {_name(topic)} to {chats}, in {lasts}.",
        keyboard=(_STATUS,),
        follows=(Subject.EDITION, edition.id),
    )


_STATUS = (("📬 How it goes", "d-stat"),)


def _name(topic: Topic) -> str:
    return f"<b>{render.escape(topic.name)}</b>"


COMMANDS = (Command("push", send, "Send a topic's news now", who=Who.EDITOR, usage="TOPIC"),)
PRESSES = (Press("d-push", sure, who=Who.EDITOR), Press("d-go", go, who=Who.EDITOR))
