"""How deliveries go, in words: for /status, for progress messages and for the command line. HTML, one line each."""

from collections.abc import Iterable
from datetime import UTC

from bot.ask import Ask, Terms
from delivery import render
from delivery.corrections import Standing
from delivery.paid import stars
from delivery.status import Progress
from storage import marks
from storage.records import CorrectionKind, EditionKind

# Messages a second to everybody together, as the pacer lets them go.
PACE, PAID_PACE = 28.95, 1000.0
MINUTE, HOUR = 60, 3600
REASONS = 4

NAMES = {
    EditionKind.DIGEST: "📰 Digest",
    EditionKind.ALERT: "🔔 Alert",
    EditionKind.PUSH: "📣 Push",
    EditionKind.CORRECTION: "✏️ Correction",
    EditionKind.KILL: "⛔ Kill",
    EditionKind.ANNOUNCEMENT: "📢 Announcement",
}


def counted(item: Progress) -> list[str]:
    """What became of an edition's deliveries."""
    counts = [f"✅ {item.sent:,} sent"]
    counts += [f"⏳ {item.waiting:,} waiting"] if item.waiting else []
    counts += [f"🌙 {item.held:,} held until quiet hours end"] if item.held else []
    lines = [" · ".join(counts)]
    lines += reasons("❌", "failed", item.failed.items()) + reasons("➖", "dropped", item.dropped.items())
    if item.in_doubt:
        lines.append(f"❔ {item.in_doubt:,} of these in doubt: no answer came, so it may be there twice or not at all")
    return lines


def reasons(mark: str, word: str, counts: Iterable[tuple[str, int]]) -> list[str]:
    """The most frequent reasons, one a line."""
    ranked = sorted(counts, key=lambda item: (-item[1], item[0]))
    lines = [f"{mark} {number:,} {word}: {render.escape(reason or 'no reason')}" for reason, number in ranked[:REASONS]]
    rest = sum(number for _, number in ranked[REASONS:])
    return lines + ([f"{mark} {rest:,} {word} for other reasons"] if rest else [])


def pushed(item: Progress, parts: int) -> str:
    """A push or alert that somebody waits for."""
    name = NAMES[item.kind]
    if item.spreading or item.waiting:
        head = f"<b>{name} on its way</b> to {chats(item.total)}: {duration(item.waiting * parts)} more."
    else:
        head = f"<b>{name} is out</b>: {item.sent:,} of {chats(item.total)} have it."
    return "\n".join([head, *counted(item)])


def corrected(item: Standing) -> str:
    """A correction or kill that somebody waits for."""
    killed = item.correction.kind is CorrectionKind.KILL
    name = "⛔ Kill" if killed else "✏️ Correction"
    number = f"No. {item.correction.article_id}"
    if not item.over:
        left = duration(item.total - item.done)
        known = "" if item.whole else " so far"
        return f"<b>{name} of {number}</b>: {item.done:,} of {copies(item.total)}{known} done, {left} more."
    if not item.total:
        return f"<b>{name} of {number} is done.</b> No reader had it yet."
    missed = sum(count for _, count in item.reasons)
    reached = f"{copies(item.total - missed)} {'withdrawn' if killed else 'corrected'}"
    return "\n".join([f"<b>{name} of {number} is done</b>: {reached}.", *reasons("➖", "not reached", item.reasons)])


def duration(messages: int, pace: float = PACE) -> str:
    """About how long so many messages take."""
    seconds = messages / pace
    if seconds < 2:  # noqa: PLR2004 - not worth a number
        return "a moment"
    if seconds < 2 * MINUTE:
        return f"about {seconds:.0f} seconds"
    if seconds < 2 * HOUR:
        return f"about {seconds / MINUTE:.0f} minutes"
    return f"about {seconds / HOUR:.0f} hours"


def pace(terms: Terms) -> float:
    return PACE if terms.stars_a_day is None else PAID_PACE


async def cost(ask: Ask, messages: int) -> str:
    """A line of its own that says what so many messages may cost; "" where nothing does."""
    a_day = ask.terms.stars_a_day
    if a_day is None or not messages:
        return ""
    midnight = ask.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    async with ask.db.read() as tx:
        spent = stars(await marks.sent_since(tx, ask.me.bot_id, midnight))
    most, left = stars(messages), max(0, a_day - spent)
    over = "" if most <= left else " What these don't pay goes at the free pace."
    return f"\n\n⭐ It costs up to {_stars(most)}; {_stars(left)} of today's {a_day:,} are left.{over}"


def _stars(number: int) -> str:
    return "1 Star" if number == 1 else f"{number:,} Stars"


def chats(number: int) -> str:
    return "1 chat" if number == 1 else f"{number:,} chats"


def copies(number: int) -> str:
    return "1 copy" if number == 1 else f"{number:,} copies"
