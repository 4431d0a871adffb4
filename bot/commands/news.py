"""Reading: /latest, /topic, /topics, /digest, and an article by its button."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot import cursors, names, zones
from bot.ask import Ask, Button, Keyboard, Reply, rows
from bot.commands import pages
from bot.registry import Command, Press
from delivery import render
from delivery.reading import Composer, Reading, chains_of, shown_under
from delivery.schedule import window_start
from delivery.wording import table
from storage import articles, schedules, subscriptions
from storage.records import Article, ArticleStatus, EditionPart, Mode, Subscription, Topic

SHOWN = 5
FOLLOW_BUTTONS = 3
GONE = "This article is no longer available."


# /latest


async def latest(ask: Ask) -> Reply:
    """`[n] [topic]`."""
    count, name = names.count_and_name(ask.args)
    if count == 0:
        return _how_many(f"/latest {SHOWN} {name}".rstrip())
    if name:
        return await _named_topic(ask, name, count or SHOWN)
    return await _latest(ask, count or SHOWN, "")


def _how_many(example: str) -> Reply:
    return Reply(f"How many? Say a number from 1 to {names.MOST_ARTICLES}, such as {render.escape(example)}.")


async def latest_page(ask: Ask) -> Reply:
    """`n:cursor` turns the page; without a cursor it is a new list."""
    count, _, cursor = ask.args.partition(":")
    reply = await _latest(ask, _count(count), cursor)
    return reply if cursor else replace(reply, fresh=True)


async def _latest(ask: Ask, count: int, cursor: str) -> Reply:
    before = cursors.read(cursor)
    async with ask.db.read() as tx:
        found = await articles.latest(tx, limit=count + 1, before=before)
        others = await pages.Others.of(tx, found)
    if not found:
        return Reply("There is no news yet. As soon as there is, you find it here." if before is None else _THE_END)
    text, shown = pages.listing(ask, found[:count], others)
    forward = f"latest:{count}:{cursors.after(shown[-1])}" if len(found) > len(shown) else None
    back = f"latest:{count}:{pages.NEWEST}" if before else None
    head = "<b>Earlier news</b>" if before else "<b>Latest news</b>"
    return Reply(
        f"{head}\n\n{text}",
        keyboard=(*pages.numbers(shown), *others.buttons(shown), *pages.turns(forward, back)),
        article_ids=tuple(item.id for item in shown),
    )


_THE_END = "That was all. /latest begins again."


def _count(text: str) -> int:
    return min(max(int(text), 1), names.MOST_ARTICLES) if text.isascii() and text.isdigit() and text else SHOWN


# /topic, /topics


async def topic(ask: Ask) -> Reply:
    """`NAME [n]`."""
    if not ask.args:
        return await topics(ask)
    if names.match(ask.topics, ask.args).topics:
        return await _named_topic(ask, ask.args, SHOWN)
    count, name = names.count_and_name(ask.args)
    if count == 0 and name:
        return _how_many(f"/topic {name} {SHOWN}")
    return await _named_topic(ask, name or ask.args, count or SHOWN)


async def _named_topic(ask: Ask, name: str, count: int) -> Reply:
    match = names.match(ask.topics, name)
    if match.only is None:
        return pages.unknown_topic(ask, name, match, "topic", ":0")
    return await topic_page(ask, match.only, count, "")


async def topic_press(ask: Ask) -> Reply:
    """`slug:cursor[:n]`. From the beginning ("0") it is a new list: the button may stand below a digest."""
    key, _, rest = ask.args.partition(":")
    cursor, _, count = rest.partition(":")
    found = pages.by_slug(ask.topics, key) or pages.by_id(ask.topics, key)
    if found is None:
        return Reply(toast="That topic is gone. See /topics.", alarm=True)
    reply = await topic_page(ask, found, _count(count), cursor)
    return reply if cursor not in ("", "0") else replace(reply, fresh=True)


async def topic_page(ask: Ask, found: Topic, count: int, cursor: str) -> Reply:
    before = cursors.read(cursor)
    ids = pages.topic_ids(ask.topics, found)
    async with ask.db.read() as tx:
        items = await articles.latest(tx, topic_ids=ids, limit=count + 1, before=before)
        others = await pages.Others.of(tx, items)
        followed = await subscriptions.of(tx, ask.destination.id)
    follow = _follow_row(found, followed)
    if not items:
        text = f"No news about <b>{render.escape(found.name)}</b> yet. Follow it, and you get what comes."
        return Reply(text if before is None else _THE_END, keyboard=follow)
    text, shown = pages.listing(ask, items[:count], others)
    forward = f"{pages.topic_data(found, cursors.after(shown[-1]))}:{count}" if len(items) > len(shown) else None
    back = f"{pages.topic_data(found, pages.NEWEST)}:{count}" if before else None
    return Reply(
        f"<b>{render.escape(found.name)}</b>\n\n{text}",
        keyboard=(*pages.numbers(shown), *others.buttons(shown), *pages.turns(forward, back), *follow),
        article_ids=tuple(item.id for item in shown),
    )


def _follow_row(found: Topic, followed: list[Subscription]) -> Keyboard:
    mine = next((item for item in followed if item.topic_id == found.id), None)
    if mine is None:
        return ((("➕ Follow", f"sub:{found.id}:d"), ("⚡ Alerts", f"sub:{found.id}:i")),)
    return (((f"✓ {MODE_WORDS[mine.mode]}", f"my:{found.id}"),),)


MODE_WORDS = {Mode.DIGEST: "In your digest", Mode.INSTANT: "Alerts at once", Mode.MUTED: "Muted"}


async def topics(ask: Ask) -> Reply:
    """All topics; by button, page N."""
    page = pages.page_number(ask.args) if ask.pressed else 0
    found = sorted(ask.topics, key=lambda item: item.name.casefold())
    if not found:
        return Reply("There are no topics yet.")
    buttons: list[Button] = [
        (pages.label(item.name), pages.topic_data(item, "0")) for item in pages.page_of(found, page)
    ]
    return Reply(
        "<b>Topics</b>\nTap one to read it, or type its name. To follow some, choose below.",
        keyboard=(
            *rows(buttons, 3),
            *pages.page_turns("topics", page, len(found)),
            (("➕ Choose what to follow", "pick:0"),),
        ),
    )


# An article


async def read(ask: Ask) -> Reply:
    """`id`: summary, source, topics. A message of its own, so that the list stays."""
    article = await _usable(ask, ask.args)
    if article is None:
        return Reply(toast=GONE, alarm=True)
    async with ask.db.read() as tx:
        followed = {item.topic_id for item in await subscriptions.of(tx, ask.destination.id)}
        others = await pages.Others.of(tx, [article])
    return article_reply(ask, article, followed, others)


def article_reply(ask: Ask, article: Article, followed: set[int], others: pages.Others) -> Reply:
    spans = render.article_spans(
        article, zone=ask.chat.zone, now=ask.now, language=ask.chat.language, notes=others.note(article.id)
    )
    block = render.to_html(render.split(spans, pages.LIST_LENGTH)[0])
    mine = [item for item in ask.topics if item.slug in article.topics]
    filed = f"\n\n{' · '.join(render.escape(item.name) for item in mine)}" if mine else ""
    follow: list[Button] = [
        (f"➕ {pages.label(item.name, 20)}", f"sub:{item.id}:d") for item in mine if item.id not in followed
    ]
    return Reply(
        f"{block}{filed}",
        keyboard=(
            _sources(article),
            (*_story(article, others), ("🧭 Related", f"related:{article.id}"), ("❓ Why", f"why:{article.id}")),
            *rows(follow[:FOLLOW_BUTTONS], FOLLOW_BUTTONS),
        ),
        fresh=True,
        article_ids=(article.id,),
    )


def _story(article: Article, others: pages.Others) -> tuple[Button, ...]:
    ref = others.stories.get(article.id)
    return ((f"📚 Story: {pages.sources_told(ref)}", f"story:{ref.id}"),) if ref and ref.source_count > 1 else ()


def _sources(article: Article) -> tuple[Button, ...]:
    whole = (("📄 Full text", f"full:{article.id}:0"),) if article.paragraphs else ()
    url = render.web_url(article.url)
    return (*whole, ("🔗 Original", url)) if url else whole


async def full(ask: Ask) -> Reply:
    """`id:piece`: the whole text, a message at a time."""
    key, _, piece = ask.args.partition(":")
    article = await _usable(ask, key)
    if article is None:
        return Reply(toast=GONE, alarm=True)
    pieces = render.article_messages(article, zone=ask.chat.zone, now=ask.now, language=ask.chat.language)
    number = min(pages.page_number(piece), len(pieces) - 1)
    left = len(pieces) - number - 1
    more: Keyboard = (((f"Go on reading › ({left})", f"full:{article.id}:{number + 1}"),),) if left else ()
    return Reply(pieces[number], keyboard=more, fresh=True, article_ids=(article.id,))


async def _usable(ask: Ask, key: str) -> Article | None:
    if not (key.isascii() and key.isdigit() and len(key) <= 18):  # noqa: PLR2004 - what a database's id can be
        return None
    async with ask.db.read() as tx:
        found = await articles.get(tx, int(key))
    return found if found is not None and found.status is ArticleStatus.USABLE else None


# /digest


async def digest(ask: Ask) -> Reply:
    """What the next digest would bring if it came now. It takes nothing away from that digest."""
    async with ask.db.read() as tx:
        followed = await subscriptions.of(tx, ask.destination.id)
        entries = await schedules.of(tx, ask.destination.id)
    if all(item.mode is Mode.MUTED for item in followed):
        return Reply(
            "You follow no topics yet. Choose some, and their news comes here in one message.",
            keyboard=((("➕ Choose topics", "pick:0"), ("📰 Latest news", "latest:5")),),
            fresh=True,
        )
    parts = await _compose(ask, followed)
    if not parts:
        return _nothing_new(ask, min((entry.next_at for entry in entries if entry.next_at), default=None))
    return _first_of(parts)


async def _compose(ask: Ask, followed: Sequence[Subscription]) -> tuple[EditionPart, ...]:
    """As the digest tick would, but with the topics in it whose articles come as alerts too."""
    modes = {item.topic_id: Mode.MUTED if item.mode is Mode.MUTED else Mode.DIGEST for item in followed}
    reading = Reading(
        shown_under(modes, chains_of(ask.topics)),
        window_start(ask.destination.digest_through, ask.now),
        ask.now,
        ask.chat.zone,
        table(ask.chat.language),
        ask.destination.digest_length,
    )
    async with ask.db.read() as tx:
        return await Composer(ask.topics).compose(tx, reading)


def _first_of(parts: tuple[EditionPart, ...]) -> Reply:
    first, *others = (Reply(part.text, part.keyboard, article_ids=part.article_ids, fresh=True) for part in parts)
    return replace(first, more=tuple(others))


def _nothing_new(ask: Ask, next_at: datetime | None) -> Reply:
    soon = ""
    if next_at is not None:
        soon = f" The next one comes {zones.moment(ask.chat.zone, next_at, ask.now)}."
    return Reply(
        f"Nothing new in your topics since your last digest.{soon}",
        keyboard=((("📰 Latest news", "latest:5"), ("🕗 Digest times", "digest:settings")),),
        fresh=True,
    )


COMMANDS = (
    Command("latest", latest, "The latest news", usage="[n] [topic]"),
    Command("topic", topic, "News about one topic", usage="NAME [n]"),
    Command("topics", topics, "All topics"),
    Command("digest", digest, "What is new for you right now"),
)
PRESSES = (
    Press("latest", latest_page),
    Press("topic", topic_press),
    Press("topics", topics),
    Press("read", read),
    Press("full", full),
    Press("now", digest),
)
