"""/why: why an article came, and why it is in its topics: by which words, or on whose word."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot import reasons, topic_edit
from bot.ask import Ask, Button, Keyboard, Reply
from bot.commands import desk_card, pages
from bot.commands.follow import SIGNS, TELLS
from bot.reasons import Reason, Reasons
from bot.registry import Command, Press
from delivery import render
from delivery.wording import when
from storage import articles, references, subscriptions, topics
from storage.by_hand import ByHand
from storage.database import Connection
from storage.editors import includes
from storage.records import Article, ArticleStatus, EditionKind, Mode, Role, Topic
from storage.references import Arrived
from storage.slots import zone_of

HOW = "Answer the message with /why, or give the article's number: /why 12"
CHOICES = 10
TERMS = 6

_CAME = {
    EditionKind.DIGEST: "It came in a digest.",
    EditionKind.ALERT: "It came as an alert, when it was published.",
    EditionKind.PUSH: "An editor pushed its topic.",
    EditionKind.CORRECTION: "It came as a correction of what you had.",
    EditionKind.KILL: "It came because the article was withdrawn.",
}


async def command(ask: Ask) -> Reply:
    """`ARTICLE`, or an answer to the message that holds it."""
    article_id = desk_card.number(ask.args.strip().lstrip("#№"))
    if article_id is not None:
        return await _of(ask, article_id)
    if ask.args.strip() or ask.replied_to is None:
        return Reply(HOW)
    async with ask.db.read() as tx:
        place = {"bot_id": ask.me.bot_id, "chat_id": ask.chat.chat_id, "message_id": ask.replied_to}
        carried = await articles.get_many(tx, await references.by_message(tx, **place))
        arrived = await references.arrived(tx, **place)
    seen = [one for one in carried if _may_see(ask, one)]
    if len(seen) == 1:
        return await _of(ask, seen[0].id, arrived)
    if not seen:
        return Reply(f"I can't tell which article that message holds. {HOW}")
    return Reply("Which of them?", keyboard=_choices(seen))


def _choices(found: Sequence[Article]) -> Keyboard:
    return tuple(((pages.label(one.headline, 40), f"why:{one.id}"),) for one in found[:CHOICES])


async def press(ask: Ask) -> Reply:
    """`id`: a message of its own, so that the article stays."""
    article_id = desk_card.number(ask.args)
    return replace(await _of(ask, article_id or 0), fresh=True)


def _may_see(ask: Ask, article: Article) -> bool:
    return article.status is ArticleStatus.USABLE or _at_the_desk(ask)


def _at_the_desk(ask: Ask) -> bool:
    return includes(ask.role, Role.EDITOR)


async def _of(ask: Ask, article_id: int, arrived: Arrived | None = None) -> Reply:
    async with ask.db.read() as tx:
        found = await articles.get(tx, article_id)
        if found is None or not _may_see(ask, found):
            return Reply(f"There is no article {article_id} to be read. {HOW}")
        known = tuple(await topics.all_topics(tx))
        told = await reasons.of(tx, found, known)
        modes = {one.topic_id: one.mode for one in await subscriptions.of(tx, ask.destination.id)}
        desk = await _for_the_desk(tx, ask, told) if _at_the_desk(ask) else ()
    head = f"❓ <b>{render.isolate(render.escape(desk_card.short(found.headline, 200)))}</b>"
    lines = [_topic(one, modes, known, weighed=_at_the_desk(ask)) for one in told.reasons]
    parts = [head, _came(arrived, told, modes, known), *(lines or ["It is in no topic."]), *desk]
    return Reply(
        "\n\n".join(part for part in parts if part), keyboard=_ways_on(ask, told, modes), article_ids=(found.id,)
    )


def _came(arrived: Arrived | None, told: Reasons, modes: dict[int, Mode], known: Sequence[Topic]) -> str:
    """How it got here, as far as that is known."""
    if arrived is not None and arrived.kind is EditionKind.ALERT and arrived.asked_for:
        return "An editor sent it as urgent, to all who follow one of its topics."
    if arrived is not None:
        return _CAME.get(arrived.kind, "")
    if any(reasons.followed(one.topic, modes, known) for one in told.reasons):
        return ""
    return "This chat follows none of its topics: it is here because somebody asked for it."


def _topic(reason: Reason, modes: dict[int, Mode], known: Sequence[Topic], *, weighed: bool) -> str:
    head = f"🏷 <b>{render.isolate(render.escape(reason.topic.name))}</b>"
    if weighed:
        head += f" · {reason.salience:g}"
    nearest = reasons.followed(reason.topic, modes, known)
    if nearest is not None:
        above, mode = nearest
        of = "" if above.id == reason.topic.id else f" {render.isolate(render.escape(above.name))}, which holds it,"
        head += (
            f"\n{SIGNS[mode]} followed here:{of} {TELLS[mode]}" if mode is not Mode.MUTED else f"\n{SIGNS[mode]} muted"
        )
    return f"{head}\n{_because(reason, weighed=weighed)}"


def _because(reason: Reason, *, weighed: bool) -> str:
    by_hand = "✍️ An editor filed it there. " if reason.by_hand is not None else ""
    told = [
        f"“{render.isolate(render.escape(term))}” ({where}{f': {weight:g}' if weighed else ''})"
        for term, where, weight in reasons.places(reason.terms)[:TERMS]
    ]
    if told:
        return f"{by_hand}It says {' · '.join(told)}"
    return by_hand.strip() or "Its words were not kept when it was filed."


async def _for_the_desk(tx: Connection, ask: Ask, told: Reasons) -> list[str]:
    """Who filed it otherwise than the rules, and by which rules it was read."""
    lines = [await _word(tx, ask, "Filed under", one.topic, one.by_hand) for one in told.reasons if one.by_hand]
    lines += [await _word(tx, ask, "Taken out of", topic, word) for topic, word in told.taken_out]
    if told.tagger is None:
        return [*lines, "🧾 Tagged before the rules were counted."]
    rules = f"🧾 Tagged by rules no. {told.tagger.revision}"
    change = told.change
    if change is not None and change.made_at is not None:
        who = (
            "on the command line"
            if change.by is None
            else f"by {await desk_card.name_of(tx, ask, change.by) or desk_card.LEFT}"
        )
        known = await topics.all_topics(tx)
        what = "; ".join(topic_edit.differences(change.before, change.after, known))
        said = render.isolate(render.escape(desk_card.short(f"{change.after.name}: {what}", 120)))
        rules += f" of {_when(ask, change.made_at)} {render.escape(who)} ({said})"
    return [*lines, f"{rules} · {render.escape(told.tagger.models)}"]


async def _word(tx: Connection, ask: Ask, what: str, topic: Topic, word: ByHand) -> str:
    who = "" if word.by is None else f" by {await desk_card.name_of(tx, ask, word.by) or desk_card.LEFT}"
    return f"✍️ {what} {render.escape(topic.name)}{render.escape(who)}, {_when(ask, word.at)}"


def _when(ask: Ask, at: datetime) -> str:
    return when(at, zone_of(ask.chat.zone), ask.now, ask.chat.language)


def _ways_on(ask: Ask, told: Reasons, modes: dict[int, Mode]) -> Keyboard:
    mine: list[Button] = [
        (f"{SIGNS[modes[one.topic.id]]} {pages.label(one.topic.name, 20)}", f"my:{one.topic.id}")
        for one in told.reasons
        if one.topic.id in modes
    ]
    if not (_at_the_desk(ask) and ask.in_private):
        return (tuple(mine[:2]),) if mine else ()
    rule: list[Button] = [(f"⚙️ {pages.label(one.topic.name, 20)}", f"d-tp:{one.topic.id}") for one in told.reasons]
    return (tuple(mine[:2]), tuple(rule[:2]), (("🏷 Other topics", f"d-top:{told.article.id}"),))


COMMANDS = (Command("why", command, "Why you got an article", usage="[ARTICLE]"),)
PRESSES = (Press("why", press),)
