"""/topicadmin: the topics, their names and rules, and changing them.

/topicadmin ─→ list ─button→ a topic ─→ a field ──question──→ next message ─→ checked ─┬ names, parent → made at once
/topicadmin TOPIC FIELD WORDS ─────────────────────────────────────────────────────────┴ rules → desk_topic_change
"""

from collections.abc import Sequence

from bot import names, topic_edit, topic_words
from bot.access import Who
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands import desk_card, desk_topic_change, pages, questions
from bot.registry import Answer, Command, Press
from bot.topic_edit import TopicError
from delivery import render
from delivery.wording import when
from ingest.filing import MODELS
from storage import retags, taggings, topic_changes, topics
from storage.database import Connection
from storage.records import Topic
from storage.slots import zone_of
from storage.topics import with_ancestors

ASKED = "d-topic"
NEW = "new"
GONE = "That topic is not there any more."
HOW = (
    "Commas or lines between them. A minus sign before one takes it out, “=” at the beginning replaces all, “none” "
    "takes all out."
)
TYPE_NEW = (
    "Send the name of the new topic, such as <code>Space</code>. In another script with a short name for commands "
    "before it: <code>space: 우주</code>. Or /cancel."
)
OLD = "ℹ️ This release tags by other models than it did. The archive is as it was until you let it be tagged again."
WAITED = "I waited ten minutes, then I stopped. Nothing is changed."


async def command(ask: Ask) -> Reply:
    """Nothing: the list. `TOPIC [FIELD [WORDS]]`, `new NAME`, `retired`."""
    text = ask.args.strip()
    if not text:
        return await listing(ask, 0)
    first, _, rest = text.partition(" ")
    if first.casefold() == NEW:
        return await _new(ask, rest.strip()) if rest.strip() else await _question(ask, 0, NEW, TYPE_NEW)
    known = await _all(ask)
    if text.casefold() == "retired":
        return await list_retired(ask)
    line = topic_edit.read_line(text, known)
    match = names.match(known, line.name)
    if match.only is None:
        return pages.unknown_topic(ask, line.name, match, "d-tp")
    if not line.field:
        return await _card(ask, match.only)
    return await _change(ask, match.only, line.field, line.value)


async def _all(ask: Ask) -> tuple[Topic, ...]:
    """As they are, not as they were some seconds ago."""
    async with ask.db.read() as tx:
        return tuple(await topics.all_topics(tx))


async def _topic(ask: Ask, key: str) -> Topic | None:
    """From a button's data; retired or not."""
    topic_id = desk_card.number(key)
    async with ask.db.read() as tx:
        return None if topic_id is None else await topics.get(tx, topic_id)


# The list


async def turn(ask: Ask) -> Reply:
    return await listing(ask, pages.page_number(ask.args))


async def listing(ask: Ask, page: int, note: str = "") -> Reply:
    """Narrower topics behind the wider one that they belong to."""
    async with ask.db.read() as tx:
        known = await topics.all_topics(tx)
        out = len(await topics.retired(tx))
        work = await retags.latest(tx)
        old = await taggings.outdated(tx, MODELS)
    ordered = _as_a_tree(known)
    head = f"<b>⚙️ {len(known)} topics</b>\nTap one to see its names and its rule, and to change them."
    going_on = topic_words.retagging(work) if work is not None and work.ended_at is None else OLD if old else ""
    buttons: list[Button] = [(label, f"d-tp:{topic_id}") for label, topic_id in ordered]
    shown = buttons[page * pages.TOPICS_A_PAGE : (page + 1) * pages.TOPICS_A_PAGE]
    more: tuple[Button, ...] = ((f"🗑 Retired ({out})", "d-tpz"),) if out else ()
    return Reply(
        "\n\n".join(part for part in (note, head, going_on) if part),
        keyboard=(
            *rows(shown, 2),
            *pages.page_turns("d-tps", page, len(buttons)),
            (("➕ New topic", "d-tpn"), *more),
            (("🔄 Tag the archive again", "d-tpr"),),
        ),
    )


def _as_a_tree(known: Sequence[Topic]) -> list[tuple[str, int]]:
    """(label, id), children behind their parents."""
    called = {one.id: one.name for one in known}
    chains = {one.id: [key for key in with_ancestors(known, [one.id]) if key in called] for one in known}
    ordered = sorted(known, key=lambda one: [called[key].casefold() for key in reversed(chains[one.id])])
    return [(pages.label(f"{'· ' * (len(chains[one.id]) - 1)}{one.name}", 26), one.id) for one in ordered]


async def list_retired(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        found = await topics.retired(tx)
    if not found:
        return await listing(ask, 0, "No topic is retired.")
    buttons: list[Button] = [(pages.label(one.name, 26), f"d-tp:{one.id}") for one in found]
    return Reply(
        "<b>🗑 Retired topics</b>\nThey file nothing, and readers don't see them.", (*rows(buttons, 2), _back())
    )


def _back() -> tuple[Button, ...]:
    return (("‹ All topics", "d-tps:0"),)


# One topic


async def show(ask: Ask) -> Reply:
    found = await _topic(ask, ask.args)
    return await listing(ask, 0, GONE) if found is None else await _card(ask, found)


async def _card(ask: Ask, topic: Topic, note: str = "") -> Reply:
    async with ask.db.read() as tx:
        known = await topics.all_topics(tx)
        followers = await topic_changes.count_followers(tx, topic.id)
        history = await _history(tx, ask, topic, known)
        work = await retags.latest(tx)
    called = {one.id: one.name for one in known}
    above = f", below {render.escape(called[topic.parent_id])}" if topic.parent_id in called else ""
    head = f"⚙️ <b>{render.isolate(render.escape(topic.name))}</b> ({render.escape(topic.slug)}){above}"
    lists = [line for field in topic_edit.LISTS if (line := topic_words.listed(topic, field))]
    facts = [f"👥 {followers:,} follow it", history]
    going_on = [topic_words.retagging(work)] if work is not None and work.ended_at is None else []
    parts = [
        note,
        head,
        *(lists or ["It has no terms yet: nothing is filed under it."]),
        "\n".join(filter(None, facts)),
    ]
    return Reply("\n\n".join(part for part in (*parts, *going_on) if part), keyboard=_controls(topic))


async def _history(tx: Connection, ask: Ask, topic: Topic, known: Sequence[Topic]) -> str:
    last = await topic_changes.last_of(tx, topic.id)
    if last is None or last.made_at is None:
        return ""
    who = (
        "on the command line"
        if last.by is None
        else f"by {await desk_card.name_of(tx, ask, last.by) or desk_card.LEFT}"
    )
    at = when(last.made_at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
    said = desk_card.short("; ".join(topic_edit.differences(last.before, last.after, known)), 120)
    return f"🕘 Changed {at} {render.escape(who)}: {render.isolate(render.escape(said))}"


def _controls(topic: Topic) -> Keyboard:
    key = topic.id
    if topic.retired:
        return ((("♻️ Bring it back", f"d-tpq:{key}"),), _back())

    def field(name: str) -> Button:
        sign = topic_words.SIGNS.get(name, {"name": "✏️", "parent": "⤴️"}.get(name, ""))
        return (f"{sign} {name.replace('_', ' ').capitalize()}", f"d-tpf:{key}:{name}")

    return (
        (field("strong"), field("weak"), field("never")),
        (field("dateline"), field("countries"), field("aliases")),
        (field("subjects"), field("learnt_countries")),
        (field("name"), field("parent")),
        (("📄 All terms", f"d-tpl:{key}"), ("🗑 Retire", f"d-tpq:{key}")),
        _back(),
    )


async def show_terms(ask: Ask) -> Reply:
    """Every list in full, as many messages as it takes."""
    found = await _topic(ask, ask.args)
    if found is None:
        return Reply(toast=GONE, alarm=True)
    text = render.plain("\n\n".join([found.name, *topic_words.whole(found)]))
    first, *more = (render.to_html(piece) for piece in render.split((render.Span(text),)))
    return Reply(first, more=tuple(Reply(piece) for piece in more), fresh=True)


# Changing it


async def _change(ask: Ask, topic: Topic, field: str, value: str) -> Reply:
    known = await _all(ask)
    if not value:
        return await _ask_value(ask, topic, field, known)
    try:
        after = topic_edit.edited(known, topic, field, value)
    except TopicError as error:
        return Reply(f"⚠️ Nothing is changed.\n{render.escape(str(error))}")
    if after == topic:
        return await _card(ask, topic, "It was so already.")
    if topic_changes.files_otherwise(topic, after):
        return await desk_topic_change.propose(ask, topic, after)
    return await _made(ask, topic, after)


async def _made(ask: Ask, topic: Topic | None, after: Topic) -> Reply:
    """What files nothing otherwise takes hold at once."""
    made = await desk_topic_change.make_now(ask, topic, after)
    if isinstance(made, Reply):
        return made
    note, offer = "✅ Changed.", desk_topic_change.offer_filing(made.change)
    if offer:
        note += " Readers can type it; articles that say it are not filed by it."
    if topic is None:
        note = "✅ The topic is there. Now say which words file articles under it: <i>Strong</i>."
    reply = await _card(ask, made.change.after, note)
    return Reply(reply.text, keyboard=(*offer, *reply.keyboard), new_topics=True)


async def ask_field(ask: Ask) -> Reply:
    """`id:field`."""
    key, _, field = ask.args.partition(":")
    found = await _topic(ask, key)
    if found is None or field not in topic_edit.FIELDS:
        return Reply(toast=GONE, alarm=True)
    return await _ask_value(ask, found, field, await _all(ask))


async def _ask_value(ask: Ask, topic: Topic, field: str, known: Sequence[Topic]) -> Reply:
    name = render.escape(topic.name)
    if field == "name":
        return await _question(ask, topic.id, field, f"Send the new name of {name}, or /cancel.")
    if field == "parent":
        others = ", ".join(render.escape(one.slug) for one in known if one.id != topic.id)
        text = f"Send the wider topic that {name} belongs to, or “none”, or /cancel. There are: {others}"
        return await _question(ask, topic.id, field, desk_card.short(text, 2_000))
    now = topic_words.listed(topic, field, 1_500) or "There are none yet."
    means = topic_words.MEANS[field]
    return await _question(ask, topic.id, field, f"Send {field} of {name} ({means}). {HOW} Or /cancel.\n\n{now}")


async def ask_new(ask: Ask) -> Reply:
    return await _question(ask, 0, NEW, TYPE_NEW)


async def _question(ask: Ask, topic_id: int, field: str, text: str) -> Reply:
    await questions.put(ask, ASKED, {"topic_id": topic_id, "field": field})
    return Reply(text, fresh=True)


async def answer(ask: Ask) -> Reply:
    """The next message. One that can't be used leaves the question open."""
    if questions.is_late(ask):
        await questions.withdraw(ask)
        return Reply(WAITED, keyboard=(_back(),))
    field, value = str(ask.data["field"]), ask.args.strip()
    topic = await _topic(ask, str(ask.data["topic_id"]))
    known = await _all(ask)
    try:
        if field != NEW and topic is not None:
            topic_edit.edited(known, topic, field, value)
    except TopicError as error:
        return Reply(f"⚠️ Nothing is changed.\n{render.escape(str(error))}\n\nSend it once more, or /cancel.")
    if field == NEW:
        reply = await _new(ask, value)
        if reply.new_topics:
            await questions.withdraw(ask)
        return reply
    await questions.withdraw(ask)
    return await listing(ask, 0, GONE) if topic is None else await _change(ask, topic, field, value)


async def _new(ask: Ask, text: str) -> Reply:
    async with ask.db.read() as tx:
        known = [*await topics.all_topics(tx), *await topics.retired(tx)]
    try:
        made = topic_edit.new(known, text)
    except TopicError as error:
        return Reply(
            f"⚠️ There is no new topic.\n{render.escape(str(error))}\n\nSend another name: /topicadmin new NAME"
        )
    return await _made(ask, None, made)


COMMANDS = (
    Command(
        "topicadmin", command, "Topics and their rules", who=Who.EDITOR, usage="[TOPIC [FIELD WORDS]]", private=True
    ),
)
PRESSES = (
    Press("d-tps", turn, who=Who.EDITOR, private=True),
    Press("d-tp", show, who=Who.EDITOR, private=True),
    Press("d-tpl", show_terms, who=Who.EDITOR, private=True),
    Press("d-tpf", ask_field, who=Who.EDITOR, private=True),
    Press("d-tpn", ask_new, who=Who.EDITOR, private=True),
    Press("d-tpz", list_retired, who=Who.EDITOR, private=True),
    *desk_topic_change.PRESSES,
)
ANSWERS = (Answer(ASKED, answer, who=Who.EDITOR),)
