"""A change of a topic's rule on its way: tried on the newest articles, shown, made by a button; the archive follows.

propose ─dry run→ draft ─button→ make ─→ rules hold, the archive is tagged again; the message tells how far that is
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot import topic_edit, topic_words
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card
from bot.registry import Press
from bot.topic_edit import TopicError
from delivery import render
from ingest.retag import dry_run
from storage import retags, topic_changes, topics
from storage.progress import Subject
from storage.records import Topic
from storage.slots import zone_of
from storage.topic_changes import Change, ChangeError, Made

AGAIN = (
    "<b>🔄 Tag the archive again?</b>\nA change of a rule does this by itself. By hand it is of use after a release "
    "with other models or place names. It goes on in the background, nobody is sent anything, and editors' own word "
    "stands."
)


async def propose(ask: Ask, before: Topic, after: Topic) -> Reply:
    """What it would do, and the button that does it. Nothing is changed yet."""
    with suppress(TelegramError):  # it is only a sign that something goes on
        await ask.bot.send_chat_action(ask.chat.chat_id, ChatAction.TYPING)
    async with ask.db.read() as tx:
        known = await topics.all_topics(tx)
        followers = await topic_changes.count_followers(tx, before.id)
    found = await dry_run(ask.db, _rules_after(known, after))
    async with ask.db.begin() as tx:
        drafted = await topic_changes.draft(tx, before, after, bot_id=ask.me.bot_id, by=ask.person.user_id, now=ask.now)
    head = f"<b>🧪 {render.isolate(render.escape(after.name))}</b>: not changed yet"
    lines = topic_words.changed(topic_edit.differences(before, after, known))
    told = topic_words.would(found, after, known, zone_of(ask.chat.zone))
    tail = f"👥 {followers:,} follow it. Nobody is sent anything about old articles."
    return Reply("\n\n".join([head, lines, told, tail]), keyboard=_decide(drafted, before))


def _rules_after(known: Sequence[Topic], after: Topic) -> list[Topic]:
    others = [one for one in known if one.id != after.id]
    return sorted([*others, *(() if after.retired else (after,))], key=lambda one: one.id)


def _decide(change_id: int, topic: Topic) -> Keyboard:
    return ((("✅ Make the change", f"d-tpy:{change_id}"), ("✖️ Leave it", f"d-tp:{topic.id}")),)


async def make_now(ask: Ask, before: Topic | None, after: Topic) -> Made | Reply:
    """Without asking; a Reply says why not."""
    try:
        async with ask.db.begin() as tx:
            by = ask.person.user_id
            drafted = await topic_changes.draft(tx, before, after, bot_id=ask.me.bot_id, by=by, now=ask.now)
            return await topic_changes.make(tx, drafted, by=by, now=ask.now)
    except ChangeError as error:
        return Reply(f"⚠️ {render.escape(str(error))}")


def offer_filing(change: Change) -> Keyboard:
    """Where aliases were added: to make them strong terms too."""
    return ((("💪 File articles by it too", f"d-tpa:{change.id}"),),) if _added(change) else ()


def _added(change: Change) -> list[str]:
    before = () if change.before is None else change.before.aliases
    return [alias for alias in change.after.aliases if alias not in before]


async def file_by_aliases(ask: Ask) -> Reply:
    """`change`."""
    change_id = desk_card.number(ask.args)
    async with ask.db.read() as tx:
        change = await topic_changes.get(tx, change_id or 0)
        topic = None if change is None else await topics.get(tx, change.after.id)
        known = await topics.all_topics(tx)
    if change is None or topic is None:
        return Reply(toast="That topic is not there any more.", alarm=True)
    try:
        after = topic_edit.edited(known, topic, "strong", ", ".join(f"+{alias}" for alias in _added(change)))
    except TopicError as error:
        return Reply(toast=str(error), alarm=True)
    return Reply(toast="It was so already.") if after == topic else await propose(ask, topic, after)


async def make(ask: Ask) -> Reply:
    """`change`."""
    change_id = desk_card.number(ask.args)
    try:
        async with ask.db.begin() as tx:
            made = await topic_changes.make(tx, change_id or 0, by=ask.person.user_id, now=ask.now)
            work = None if made.retag_id is None else await retags.get(tx, made.retag_id)
    except LookupError:
        return Reply(toast="This change is not here any more. Begin again: /topicadmin", alarm=True)
    except ChangeError as error:
        return Reply(f"⚠️ {render.escape(str(error))}", keyboard=((("⚙️ Topics", "d-tps:0"),),))
    name = render.escape(made.change.after.name)
    said = f"{name} was changed before." if made.again else f"✅ {name} is changed. What comes in is filed by it now."
    if work is None:
        return Reply(said, new_topics=True)
    told = f"{said}\n\n{topic_words.retagging(work)}"
    return Reply(told, new_topics=True, follows=(Subject.RETAG, work.id))


async def retire(ask: Ask) -> Reply:
    """`id`: out of use, or back into it."""
    key = desk_card.number(ask.args)
    async with ask.db.read() as tx:
        found = None if key is None else await topics.get(tx, key)
        known = await topics.all_topics(tx)
    if found is None:
        return Reply(toast="That topic is not there any more.", alarm=True)
    below = [one.name for one in known if one.parent_id == found.id]
    if below and not found.retired:
        return Reply(toast=f"First give these another parent: {', '.join(below)}", alarm=True)
    return await propose(ask, found, replace(found, retired=not found.retired))


async def again(ask: Ask) -> Reply:
    """Nothing asks, `yes` does it."""
    if ask.args != "yes":
        return Reply(AGAIN, keyboard=((("🔄 Yes, tag it again", "d-tpr:yes"), ("No", "d-tps:0")),))
    async with ask.db.begin() as tx:
        retag_id = await retags.ask(tx, by=ask.person.user_id, now=ask.now)
        work = await retags.get(tx, retag_id)
    text = "" if work is None else topic_words.retagging(work)
    return Reply(text, follows=(Subject.RETAG, retag_id))


PRESSES = (
    Press("d-tpy", make, who=Who.EDITOR, private=True),
    Press("d-tpa", file_by_aliases, who=Who.EDITOR, private=True),
    Press("d-tpq", retire, who=Who.EDITOR, private=True),
    Press("d-tpr", again, who=Who.EDITOR, private=True),
)
