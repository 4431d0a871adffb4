"""/queue, /approve, /reject: what contributors and reviewed sources brought, and an editor's word on it."""

from datetime import UTC, datetime, timedelta

import structlog
from telegram.error import TelegramError

from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card
from bot.registry import Command, Press
from delivery import render
from storage import articles, chats, decisions
from storage.database import Connection
from storage.decisions import Decision
from storage.records import Article, ArticleStatus, ChatState, Cursor

log = structlog.get_logger(__name__)

PAGE = 4
BLOCK_LENGTH = 600
REASON_LENGTH = 500
LEGEND = "✅ approve · ✖️ reject · 📖 read it all · ✏️ edit first"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


async def queue(ask: Ask) -> Reply:
    """The newest pending articles; by button, those before a cursor."""
    return await _page(ask, ask.args if ask.pressed else "")


async def _page(ask: Ask, cursor: str, toast: str = "") -> Reply:
    before = _read_cursor(cursor)
    async with ask.db.read() as tx:
        found = await articles.pending(tx, limit=PAGE + 1, before=before)
        count = await articles.count_pending(tx)
        by = {item.id: await desk_card.author(tx, ask, item) for item in found[:PAGE]}
    if not found and before is not None and count:
        return await _page(ask, "", toast)
    if not found:
        return Reply("🎉 Nothing waits for you. What contributors add comes up here.", toast=toast)
    shown = found[:PAGE]
    head = f"<b>{count} {'article waits' if count == 1 else 'articles wait'}</b>, newest first"
    blocks = [_item(item, ask, by[item.id]) for item in shown]
    return Reply(
        "\n\n".join([head, *blocks, LEGEND]),
        keyboard=(*_decisions(shown, cursor), *_turns(found, before)),
        article_ids=tuple(item.id for item in shown),
        toast=toast,
    )


def _item(article: Article, ask: Ask, by: str) -> str:
    spans = render.article_spans(article, zone=ask.chat.zone, now=ask.now, language=ask.chat.language)
    pieces = render.split(spans, BLOCK_LENGTH)
    text = render.to_html(pieces[0]) + (" …" if len(pieces) > 1 else "")
    sender = f" · from {render.escape(by)}" if by else ""
    return f"<b>No. {article.id}</b> · {desk_card.topic_line(article, ask.topics)}{sender}\n{text}"


def _decisions(shown: list[Article], cursor: str) -> Keyboard:
    return tuple(
        (
            (f"✅ {item.id}", f"d-ok:{item.id}:q{cursor}"),
            (f"✖️ {item.id}", f"d-no:{item.id}:q{cursor}"),
            (f"📖 {item.id}", f"d-read:{item.id}"),
            (f"✏️ {item.id}", f"d-new:{item.id}"),
        )
        for item in shown
    )


def _turns(found: list[Article], before: Cursor | None) -> Keyboard:
    first = (("‹ Newest", "d-queue"),) if before is not None else ()
    last = found[PAGE - 1] if len(found) > PAGE else None
    more = () if last is None else (("Older ›", f"d-queue:{_write_cursor(Cursor(last.created_at, last.id))}"),)
    return ((*first, *more),) if first or more else ()


def _write_cursor(cursor: Cursor) -> str:
    return f"{(cursor.at - _EPOCH) // _MICROSECOND:x}.{cursor.id:x}"


def _read_cursor(text: str) -> Cursor | None:
    """None for the first page, and for what is no cursor."""
    at, _, article_id = text.partition(".")
    try:
        return Cursor(_EPOCH + int(at, 16) * _MICROSECOND, int(article_id, 16) & (1 << 62) - 1)
    except (ValueError, OverflowError):
        return None


# Deciding


async def approve(ask: Ask) -> Reply:
    found = await desk_card.named(ask, ask.args, press="d-ok", waiting=True)
    return found if isinstance(found, Reply) else await _decide(ask, found.article.id, good=True)


async def reject(ask: Ask) -> Reply:
    """What follows the number is the reason, for whoever brought the article."""
    found = await desk_card.named(ask, ask.args, press="d-no", waiting=True)
    if isinstance(found, Reply):
        return found
    return await _decide(ask, found.article.id, good=False, reason=found.rest[:REASON_LENGTH])


async def press_approve(ask: Ask) -> Reply:
    return await _press(ask, good=True)


async def press_reject(ask: Ask) -> Reply:
    return await _press(ask, good=False)


async def _press(ask: Ask, *, good: bool) -> Reply:
    """From a card the card comes back, from the queue (`q` and its cursor) the same page of the queue."""
    key, _, origin = ask.args.partition(":")
    article_id = desk_card.number(key)
    if article_id is None:
        return desk_card.gone()
    decided = await _decide(ask, article_id, good=good)
    return await _page(ask, origin[1:], decided.toast) if origin.startswith("q") else decided


async def _decide(ask: Ask, article_id: int, *, good: bool, reason: str = "") -> Reply:
    async with ask.db.begin() as tx:
        decision = await (
            decisions.approve(tx, article_id, ask.clock, by=ask.person.user_id)
            if good
            else decisions.reject(tx, article_id, ask.clock, by=ask.person.user_id, reason=reason)
        )
        by = "" if decision is None else await desk_card.author(tx, ask, decision.article)
        who = "" if decision is None else await _who(tx, ask, decision)
    if decision is None:
        return desk_card.gone()
    if decision.changed or (reason and decision.article.status is ArticleStatus.REJECTED):
        await tell_contributor(ask, decision.article, reason)
    said = _said(decision, who, desk_card.until(decision.article, ask), good=good, reason=reason)
    toast = f"{render.plain(said).partition('.')[0]}: {desk_card.short(decision.article.headline, 100)}"
    return desk_card.card(decision.article, ask, note=said, by=by, toast=toast if ask.pressed else "")


async def _who(tx: Connection, ask: Ask, decision: Decision) -> str:
    """Who decided before, for a sentence's beginning; "" where that is not known."""
    verdict = decision.verdict
    if verdict is None or verdict.status is not decision.article.status:
        return ""
    if verdict.decided_by == ask.person.user_id:
        return "You"
    return await desk_card.decider(tx, ask, verdict)


def _said(decision: Decision, who: str, end: str, *, good: bool, reason: str) -> str:
    """HTML."""
    name = render.escape(desk_card.short(who))
    match decision.article.status, decision.changed:
        case ArticleStatus.WITHHELD, changed:
            what = "Publish it now, or change the time, by the buttons."
            return f"🔒 Approved. It is withheld until {end}." if changed else f"Under embargo until {end}. {what}"
        case ArticleStatus.USABLE, True:
            return "✅ Approved. Readers see it from now on."
        case ArticleStatus.REJECTED, True:
            return "✖️ Rejected. Readers never see it."
        case ArticleStatus.USABLE, False:
            done = f"{name} approved it already." if who else "Already published."
            return done if good else f"{done} It can't be rejected any more."
        case ArticleStatus.REJECTED, False:
            done = f"{name} rejected it already." if who else "Already rejected."
            return done + (" The reason is passed on." if reason else "")
    return "This can't be decided here."


async def tell_contributor(ask: Ask, article: Article, reason: str) -> None:
    """Whoever brought it learns what became of it, where they talk with the bot; a failure holds up nobody."""
    if article.added_by is None or article.added_by == ask.person.user_id:
        return
    async with ask.db.read() as tx:
        chat = await chats.get(tx, ask.me.bot_id, article.added_by)
    if chat is None or chat.state is not ChatState.ACTIVE:
        return
    try:
        await ask.bot.send_message(chat.chat_id, outcome(article, reason), parse_mode="HTML")
    except TelegramError as error:
        log.warning("contributor_not_told", article_id=article.id, chat_id=chat.chat_id, error=type(error).__name__)


def outcome(article: Article, reason: str) -> str:
    headline = f"“{render.escape(desk_card.short(article.headline, 200))}”"
    if article.status is ArticleStatus.USABLE:
        return f"✅ Your article {headline} is published. Thank you!"
    if article.status is ArticleStatus.WITHHELD and article.embargo_until is not None:
        end = article.embargo_until.astimezone(UTC)
        return f"✅ Your article {headline} is taken. It is published on {end:%Y-%m-%d at %H:%M} UTC."
    why = f" The reason: {render.escape(reason)}" if reason else ""
    return f"✖️ Your article {headline} was not taken.{why}"


COMMANDS = (
    Command("queue", queue, "What waits for approval", who=Who.EDITOR, private=True),
    Command("approve", approve, "Publish a waiting article", who=Who.EDITOR, usage="ARTICLE"),
    Command("reject", reject, "Turn a waiting article down", who=Who.EDITOR, usage="ARTICLE [reason]"),
)
PRESSES = (
    Press("d-queue", queue, who=Who.EDITOR, private=True),
    Press("d-ok", press_approve, who=Who.EDITOR),
    Press("d-no", press_reject, who=Who.EDITOR),
    Press("d-read", desk_card.read, who=Who.CONTRIBUTOR),
    Press("d-new", desk_card.show_fresh, who=Who.EDITOR),
    Press("d-card", desk_card.show, who=Who.EDITOR),
)
