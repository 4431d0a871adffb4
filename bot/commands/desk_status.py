"""/status: how deliveries go, of one article or of the latest editions."""

from collections.abc import Mapping

from bot.access import Who
from bot.ask import Ask, Reply
from bot.commands import desk_card
from bot.registry import Command, Press
from delivery import render, status
from delivery.status import Progress
from delivery.wording import when
from storage import articles, editions
from storage.records import Article, EditionKind
from storage.slots import zone_of

EDITIONS, LOOKED_AT = 5, 10
REASONS = 4

_NAMES = {
    EditionKind.DIGEST: "📰 Digest",
    EditionKind.ALERT: "🔔 Alert",
    EditionKind.PUSH: "📣 Push",
    EditionKind.CORRECTION: "✏️ Correction",
    EditionKind.KILL: "⛔ Withdrawal",
    EditionKind.ANNOUNCEMENT: "📢 Announcement",
}


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
    headline = render.escape(desk_card.short(article.headline, 200))
    head = f"<b>{headline}</b>\nNo. {article.id} · {desk_card.state(article)}"
    newest = sorted(found, key=lambda item: -item.edition_id)
    blocks = [progress_text(item, ask) for item in newest[:EDITIONS]] or [_nothing_yet(article)]
    if len(newest) > 1:
        blocks.insert(0, f"In {len(newest)} editions, {sum(item.sent for item in newest):,} times sent. The latest:")
    return Reply(
        "\n\n".join([head, *blocks]),
        keyboard=((_refresh(f"d-stat:{article.id}:again"), ("✏️ Article", f"d-new:{article.id}")),),
        article_ids=(article.id,),
        fresh=fresh,
    )


def _nothing_yet(article: Article) -> str:
    if article.archive:
        return "It is of the archive: readers find it, nobody is sent it."
    return "Nobody was sent it yet. It comes with the next digests, and at once with a push."


async def _latest(ask: Ask, *, fresh: bool = True) -> Reply:
    async with ask.db.read() as tx:
        ids = await editions.latest_ids(tx, ask.me.bot_id, LOOKED_AT)
        found = [await status.of_edition(tx, edition_id) for edition_id in ids]
        waiting = await articles.count_pending(tx)
    found = [item for item in found if item.total or item.spreading][:EDITIONS]  # what reached nobody is no news
    queue = f"📥 {waiting} in the /queue" if waiting else "📥 Nothing in the queue"
    blocks = [progress_text(item, ask) for item in found] or ["Nothing was sent yet."]
    return Reply(
        "\n\n".join(["<b>What was sent last</b>", *blocks, queue]),
        keyboard=((_refresh("d-stat::again"),),),
        fresh=fresh,
    )


def _refresh(data: str) -> tuple[str, str]:
    return ("🔄 Refresh", data)


def progress_text(item: Progress, ask: Ask) -> str:
    """One edition: what it is, since when, and what became of its deliveries."""
    at = when(item.composed_at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
    counts = [f"✅ {item.sent:,} sent", f"⏳ {item.waiting:,} waiting" if item.waiting else ""]
    lines = [f"<b>{_NAMES[item.kind]}</b> of {at}, for {_chats(item.total)}"]
    lines.append(" · ".join(part for part in counts if part))
    lines += _reasons("❌", "failed", item.failed) + _reasons("➖", "dropped", item.dropped)
    if item.in_doubt:
        lines.append(f"❔ {item.in_doubt:,} in doubt: handed to Telegram, no answer came")
    return "\n".join(lines)


def _reasons(mark: str, word: str, counts: Mapping[str, int]) -> list[str]:
    """The most frequent reasons, one a line."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{mark} {number:,} {word}: {render.escape(reason or 'no reason')}" for reason, number in ranked[:REASONS]]
    rest = sum(number for _, number in ranked[REASONS:])
    return lines + ([f"{mark} {rest:,} {word} for other reasons"] if rest else [])


def _chats(number: int) -> str:
    return "1 chat" if number == 1 else f"{number:,} chats"


COMMANDS = (Command("status", show, "How deliveries go", who=Who.EDITOR, usage="[ARTICLE]"),)
PRESSES = (Press("d-stat", press, who=Who.EDITOR),)
