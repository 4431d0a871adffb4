"""What became of what was brought: how far the reading is, and what /add answers in the end."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.ask import Ask, Reply
from bot.commands import desk_card
from delivery import render
from storage.editors import includes
from storage.records import Article, ArticleStatus, Role

LISTED = 10


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one article: stored, known before, or not readable (`article` None, and the reason).

    `subject` names what was read, for lists of several.
    """

    article: Article | None
    known: bool = False
    reason: str = ""
    subject: str = ""


@dataclass(slots=True)
class Tally:
    """How far the reading of several articles is."""

    done: int = 0
    total: int = 0

    def count(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def __str__(self) -> str:
        return f"{self.done:,} of {self.total:,}" if self.total > 1 else ""


async def result(ask: Ask, brought: Sequence[Brought]) -> Reply:
    if not brought:
        return Reply("⚠️ There is no article in it. If there should be, send its text with /add.")
    if len(brought) > 1:
        return _several(ask, brought)
    only = brought[0]
    if only.article is None:
        return Reply(f"⚠️ {render.escape(only.reason)}")
    async with ask.db.read() as tx:
        by = await desk_card.author(tx, ask, only.article) if only.known else ""
    return desk_card.card(only.article, ask, note=_note(only.article, known=only.known), by=by)


def _note(article: Article, *, known: bool) -> str:
    if known:
        return f"🔁 That is here already, as No. {article.id}:"
    if article.status is ArticleStatus.USABLE:
        return "✅ Added. This is how readers see it:"
    if article.status is ArticleStatus.WITHHELD:
        return "🔒 Added, and withheld until its source's embargo ends. This is how readers will see it:"
    return "📥 Thank you! An editor looks at it, and then I tell you. This is how readers would see it:"


def _several(ask: Ask, brought: Sequence[Brought]) -> Reply:
    new = [item.article for item in brought if item.article and not item.known]
    known = [item.article for item in brought if item.article and item.known]
    failed = [item for item in brought if item.article is None]
    counts = [
        f"✅ {len(new)} added" + (", waiting for an editor" if new and new[0].status is ArticleStatus.PENDING else ""),
        f"🔁 {len(known)} known before" if known else "",
        f"⚠️ {len(failed)} not readable" if failed else "",
    ]
    shown = [*new, *known][:LISTED]
    lines = [f"<b>{item.id}</b> · {render.escape(desk_card.short(item.headline, 120))}" for item in shown]
    lines += [f"⚠️ {render.escape(desk_card.short(f'{item.subject}: {item.reason}', 200))}" for item in failed[:3]]
    more = f"\n… and {len(new) + len(known) - LISTED} more" if len(new) + len(known) > LISTED else ""
    buttons = tuple((str(item.id), f"d-new:{item.id}") for item in shown) if includes(ask.role, Role.EDITOR) else ()
    return Reply(
        " · ".join(part for part in counts if part) + "\n\n" + "\n".join(lines) + more,
        keyboard=tuple(buttons[start : start + 5] for start in range(0, len(buttons), 5)),
        article_ids=tuple(item.id for item in shown),
    )
