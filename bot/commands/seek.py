"""/search: words, phrases, topics, sources and days, newest first.

A page's buttons carry only where it goes on: what was asked for stands in the message's first line, and Telegram sends
that along with the press.
"""

from bot import cursors, searching
from bot.ask import Ask, Reply
from bot.commands import pages
from bot.registry import Command, Press
from delivery import render
from storage import search
from storage.search import Query
from storage.slots import zone_of

SHOWN = 5
MARK = "🔎"
HOW = (
    "Say what to look for:\n"
    "/search <i>peace talks</i>: both words\n"
    "/search <i>“peace talks” -trade</i>: the phrase, without that word\n"
    "/search <i>talks topic:korea source:xinhua after:2026-11-01 before:2026-12-01</i>"
)
_THE_END = "That was all."


async def find(ask: Ask) -> Reply:
    """`WORDS`."""
    typed = " ".join(ask.args.split())
    if not typed:
        return Reply(HOW)
    if len(typed) > searching.LONGEST:
        return Reply(f"That is too long. {searching.LONGEST} characters are the most.")
    return await _page(ask, typed, "")


async def turn(ask: Ask) -> Reply:
    """`cursor`; "" or "new" begins again."""
    first, _, _ = ask.replied_text.partition("\n")
    typed = first.removeprefix(MARK).strip()
    if not first.startswith(MARK) or not typed:
        return Reply(toast="I can't see any more what was looked for. Please /search again.", alarm=True)
    return await _page(ask, typed, ask.args)


async def _page(ask: Ask, typed: str, cursor: str) -> Reply:
    before = cursors.read(cursor)
    read = searching.read(typed, zone_of(ask.chat.zone), ask.now)
    async with ask.db.read() as tx:
        query, problems = await searching.resolve(tx, read, ask.topics)
        found = [] if problems else await search.search(tx, query, limit=SHOWN + 1, before=before)
        others = await pages.Others.of(tx, found)
    head = f"{MARK} <b>{render.escape(typed)}</b>"
    if problems or query.is_empty:
        return Reply(f"{head}\n\n{render.escape(' '.join(problems))}" if problems else HOW)
    if not found:
        return Reply(f"{head}\n\n{_THE_END if before else _nothing(query)}")
    text, shown = pages.listing(ask, found[:SHOWN], others)
    forward = f"search:{cursors.after(shown[-1])}" if len(found) > len(shown) else None
    back = f"search:{pages.NEWEST}" if before else None
    return Reply(
        f"{head}\n\n{text}",
        keyboard=(*pages.numbers(shown), *others.buttons(shown), *pages.turns(forward, back)),
        article_ids=tuple(item.id for item in shown),
    )


def _nothing(query: Query) -> str:
    """What would widen the search most."""
    if query.since or query.until or query.topics or query.source_ids:
        return "Nothing found. Leave out a day, a topic or a source, or try other words."
    return "Nothing found. Try fewer or other words."


COMMANDS = (Command("search", find, "Search all articles", usage="WORDS [topic:… source:… after:… before:…]"),)
PRESSES = (Press("search", turn),)
