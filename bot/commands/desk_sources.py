"""/sources: what is polled, how it is, and its buttons.

/sources ─→ list ─button→ one source ─→ pause, resume, look now, trust, remove
/sources ADDRESS | ➕ ──question──→ next message ─→ its feed is found ─→ one source
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card, pages, questions
from bot.registry import Answer, Command, Press
from bot.source_words import articles, health, mark, next_look
from delivery import render
from ingest.discover import Found
from ingest.errors import FetchError
from storage import sources
from storage.records import FeedState, PolledFeed

log = structlog.get_logger(__name__)

ASKED = "d-source"
FIND_SECONDS = 60
PAGE = 8
WEEK = timedelta(days=7)
LINE_LENGTH = 160

Find = Callable[[str], Awaitable[Found]]

NONE_YET = "There is no source yet. Send me the address of a site or a feed: /sources example.org"
GONE = "That source is not there any more."
SEND_ADDRESS = "Send me the address of a site or of its feed, such as example.org. Or /cancel."
ADD = ("➕ Add a source", "d-src-add")


class Sourcing:
    """The handlers that need to look at addresses."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def command(self, ask: Ask) -> Reply:
        """Alone the list; with an address it is added; with words, the sources so called."""
        typed = ask.args.strip()
        if not typed:
            return await listing(ask, 0)
        async with ask.db.read() as tx:
            found = await sources.find_feeds(tx, typed)
        if len(found) == 1:
            return await _card(ask, found[0])
        if found:
            return Reply(f"{len(found)} sources are called so:", keyboard=(*_buttons(found), _all()))
        return await self._add(ask, typed) if _is_address(typed) else Reply(_unknown(typed), keyboard=((ADD,),))

    async def answer(self, ask: Ask) -> Reply:
        """The message after ➕."""
        await questions.withdraw(ask)
        typed = ask.args.strip()
        if questions.is_late(ask):
            return Reply(
                "I waited ten minutes for the address, then I stopped. Press the button again.", keyboard=((ADD,),)
            )
        return await self._add(ask, typed) if _is_address(typed) else Reply(f"That is no address. {SEND_ADDRESS}")

    async def _add(self, ask: Ask, address: str) -> Reply:
        await _typing(ask)
        try:
            async with asyncio.timeout(FIND_SECONDS):
                found = await self._find(address)
        except FetchError as error:
            return Reply(f"⚠️ I can't add {render.escape(desk_card.short(address, 100))}: {render.escape(str(error))}")
        except TimeoutError:
            return Reply("⚠️ That site takes too long to answer. Try again later.")
        async with ask.db.begin() as tx:
            feed, new = await sources.add_feed(tx, url=found.url, name=found.title, trusted=True, now=ask.now)
        if not new:
            return await _card(ask, feed, note="🔁 That is a source already:")
        others = "".join(f"\n{render.escape(url)}" for url in found.others[:5])
        more = f"\n\nThe page names more feeds; add them with /sources ADDRESS:{others}" if others else ""
        note = "✅ Added. Its newest articles come in now, without alerts."
        return await _card(ask, feed, note=note, more=more)


async def _typing(ask: Ask) -> None:
    try:
        await ask.bot.send_chat_action(ask.chat.chat_id, ChatAction.TYPING)
    except TelegramError as error:
        log.info("typing_not_shown", error=type(error).__name__)


def _is_address(text: str) -> bool:
    return "." in text.strip(".") and not any(letter.isspace() for letter in text)


def _unknown(typed: str) -> str:
    return f"No source is called “{render.escape(desk_card.short(typed, 60))}”, and it is no web address."


async def ask_address(ask: Ask) -> Reply:
    await questions.put(ask, ASKED, {})
    return Reply(SEND_ADDRESS, fresh=True)


# The list


async def turn(ask: Ask) -> Reply:
    return await listing(ask, pages.page_number(ask.args))


async def listing(ask: Ask, page: int, note: str = "") -> Reply:
    """A page of all sources, those in trouble first."""
    async with ask.db.read() as tx:
        counts = await sources.count_feeds(tx)
        found = await sources.list_feeds(tx, limit=PAGE, skip=page * PAGE)
    total = counts.active + counts.paused
    if not found and page:
        return await listing(ask, 0, note)
    if not found:
        return Reply("\n\n".join(part for part in (note, NONE_YET) if part), keyboard=((ADD,),))
    told = [f"{total} source{'s' if total != 1 else ''}"]
    told += [f"{counts.failing} failing"] if counts.failing else []
    told += [f"{counts.paused} paused"] if counts.paused else []
    head = f"<b>{' · '.join(told)}</b>"
    text = "\n\n".join(part for part in (note, head, "\n".join(_line(feed, ask) for feed in found)) if part)
    return Reply(text, keyboard=(*_buttons(found), *pages.page_turns("d-srcs", page, total, PAGE), (ADD,)))


def _line(feed: PolledFeed, ask: Ask) -> str:
    name = render.escape(desk_card.short(feed.source.name, 60))
    return f"{mark(feed)} {name} · {render.escape(desk_card.short(health(feed, ask.now), LINE_LENGTH))}"


def _buttons(found: Sequence[PolledFeed]) -> Keyboard:
    buttons = [(f"{mark(feed)} {desk_card.short(feed.source.name, 24)}", f"d-src:{feed.source.id}") for feed in found]
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))


def _all() -> tuple[tuple[str, str], ...]:
    return (("‹ All sources", "d-srcs"),)


# One source


async def show(ask: Ask) -> Reply:
    found = await _feed(ask, ask.args)
    return await listing(ask, 0, GONE) if found is None else await _card(ask, found)


async def _feed(ask: Ask, key: str) -> PolledFeed | None:
    source_id = desk_card.number(key)
    if source_id is None:
        return None
    async with ask.db.read() as tx:
        return await sources.get_feed(tx, source_id)


async def _card(ask: Ask, feed: PolledFeed, *, note: str = "", more: str = "") -> Reply:
    async with ask.db.read() as tx:
        counts = await sources.count_articles(tx, [feed.source.id], ask.now - WEEK)
    folder = f" · {render.escape(feed.folder)}" if feed.folder else ""
    at_once = "Readers see what it brings at once."
    lines = [
        f"{mark(feed)} <b>{render.escape(feed.source.name)}</b>{folder}",
        render.escape(feed.url),
        _sentence(render.escape(health(feed, ask.now))),
        *([] if feed.state is FeedState.PAUSED else [f"Next look: {next_look(feed, ask.now)}."]),
        f"{articles(counts.get(feed.source.id, 0))} in seven days.",
        at_once if feed.source.trusted else "What it brings waits in /queue for an editor.",
        *(["It sends summaries; the articles are read from its pages."] if feed.full_text is False else []),
        *(["Its hub tells of news at once (WebSub)."] if feed.hub_until and feed.hub_until > ask.now else []),
    ]
    text = "\n\n".join(part for part in (note, "\n".join(lines)) if part) + more
    return Reply(text, keyboard=_controls(feed))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _controls(feed: PolledFeed) -> Keyboard:
    key = feed.source.id
    paused = feed.state is FeedState.PAUSED
    turn_it = ("▶️ Resume", f"d-src-on:{key}") if paused else ("⏸ Pause", f"d-src-off:{key}")
    look = () if paused else (("🔄 Look now", f"d-src-now:{key}"),)
    trust = ("👀 Review first", "no") if feed.source.trusted else ("✅ Publish at once", "yes")
    return (
        (turn_it, *look),
        ((trust[0], f"d-src-trust:{key}:{trust[1]}"), ("🗑 Remove", f"d-src-out:{key}")),
        _all(),
    )


async def pause(ask: Ask) -> Reply:
    return await _change(ask, lambda tx, key: sources.pause(tx, key, f"by {ask.person.name}"), "Paused")


async def resume(ask: Ask) -> Reply:
    return await _change(ask, lambda tx, key: sources.resume(tx, key, ask.now), "Resumed")


async def look_now(ask: Ask) -> Reply:
    return await _change(ask, lambda tx, key: sources.poll_now(tx, key, ask.now), "It is looked at now")


async def trust(ask: Ask) -> Reply:
    """`id:yes` or `id:no`."""
    key, _, said = ask.args.partition(":")
    trusted = said == "yes"
    told = "Readers see its articles at once" if trusted else "Its articles wait for an editor"
    return await _change(
        ask.with_args(key), lambda tx, source_id: sources.set_trusted(tx, source_id, trusted=trusted), told
    )


async def _change(ask: Ask, work: Callable[..., Awaitable[None]], told: str) -> Reply:
    found = await _feed(ask, ask.args)
    if found is None:
        return await listing(ask, 0, GONE)
    async with ask.db.begin() as tx:
        await work(tx, found.source.id)
        after = await sources.get_feed(tx, found.source.id)
    reply = await _card(ask, after or found)
    return Reply(reply.text, keyboard=reply.keyboard, toast=told)


async def remove(ask: Ask) -> Reply:
    """`id` asks, `id:yes` does it."""
    key, _, sure = ask.args.partition(":")
    found = await _feed(ask, key)
    if found is None:
        return await listing(ask, 0, GONE)
    name = render.escape(found.source.name)
    if not sure:
        buttons = (("Yes", f"d-src-out:{key}:yes"), ("No", f"d-src:{key}"))
        return Reply(f"Remove {name}? Nothing new comes from it then; its articles stay.", keyboard=(buttons,))
    async with ask.db.begin() as tx:
        await sources.remove_feed(tx, found.source.id)
    return await listing(ask, 0, f"{name} is removed.")


def commands(sourcing: Sourcing) -> tuple[Command, ...]:
    about = "Where articles come from"
    return (Command("sources", sourcing.command, about, who=Who.EDITOR, usage="[address]", private=True),)


def answers(sourcing: Sourcing) -> tuple[Answer, ...]:
    return (Answer(ASKED, sourcing.answer, who=Who.EDITOR),)


PRESSES = (
    Press("d-srcs", turn, who=Who.EDITOR, private=True),
    Press("d-src", show, who=Who.EDITOR, private=True),
    Press("d-src-add", ask_address, who=Who.EDITOR, private=True),
    Press("d-src-on", resume, who=Who.EDITOR, private=True),
    Press("d-src-off", pause, who=Who.EDITOR, private=True),
    Press("d-src-now", look_now, who=Who.EDITOR, private=True),
    Press("d-src-trust", trust, who=Who.EDITOR, private=True),
    Press("d-src-out", remove, who=Who.EDITOR, private=True),
)
