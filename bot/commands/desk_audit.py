"""/audit: who did what at the desk."""

from datetime import UTC, datetime, timedelta

from bot import topic_edit
from bot.access import Who
from bot.ask import Ask, Keyboard, Reply
from bot.commands import desk_card
from bot.registry import Command, Press
from delivery import render
from delivery.wording import when
from storage import audit, topic_changes, topics
from storage.audit import Deed
from storage.database import Connection
from storage.records import ArticleStatus, CorrectionKind, EditionKind, Role
from storage.slots import zone_of

PAGE = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DID: dict[str, str] = {
    ArticleStatus.USABLE: "✅ published",
    ArticleStatus.REJECTED: "✖️ rejected",
    ArticleStatus.WITHHELD: "🔒 embargoed",
    CorrectionKind.CORRECTION: "✏️ corrected",
    CorrectionKind.KILL: "⛔ killed",
    EditionKind.PUSH: "📣 pushed",
    EditionKind.ALERT: "🚨 sent as urgent",
    EditionKind.ANNOUNCEMENT: "📢 announced",
    audit.TOPIC: "⚙️ changed the topic",
    Role.OWNER: "👑 made an owner of",
    Role.EDITOR: "🗞 made an editor of",
    Role.CONTRIBUTOR: "🗞 made a contributor of",
}


async def show(ask: Ask) -> Reply:
    before = _moment(ask.args) if ask.pressed else None
    async with ask.db.read() as tx:
        found = await audit.latest(tx, ask.me.bot_id, PAGE + 1, before)
        notes = {deed.at: await _changed(tx, deed.change_id) for deed in found[:PAGE] if deed.change_id}
        who = {deed.user_id: await desk_card.name_of(tx, ask, deed.user_id) or desk_card.LEFT for deed in found[:PAGE]}
    if not found:
        return Reply("Nobody has done anything at the desk yet." if before is None else "There is nothing older.")
    lines = [
        _line(deed, who[deed.user_id], ask, notes.get(deed.at, "") if deed.change_id else "") for deed in found[:PAGE]
    ]
    head = f"<b>Who did what</b>, newest first ({render.escape(ask.chat.zone)})"
    return Reply("\n\n".join([head, *lines]), keyboard=_turns(found, before))


async def _changed(tx: Connection, change_id: int) -> str:
    """What a change of a topic changed."""
    change = await topic_changes.get(tx, change_id)
    known = await topics.all_topics(tx)
    return "" if change is None else "; ".join(topic_edit.differences(change.before, change.after, known))


def _line(deed: Deed, name: str, ask: Ask, changed: str) -> str:
    at = when(deed.at, zone_of(ask.chat.zone), ask.now, ask.chat.language)
    what = f"{at} · {render.escape(desk_card.short(name))} {_DID.get(deed.what, render.escape(deed.what))}"
    if deed.subject_name is not None:
        told = f": {render.isolate(render.escape(desk_card.short(changed, 200)))}" if changed else ""
        return f"{what} {render.escape(desk_card.short(deed.subject_name))}{told}"
    if deed.article_id is not None:
        what += f" No. {deed.article_id}, “{render.escape(desk_card.short(deed.headline or '', 80))}”"
    return what + (f": {render.escape(desk_card.short(deed.note, 200))}" if deed.note else "")


def _turns(found: list[Deed], before: datetime | None) -> Keyboard:
    newest = (("‹ Newest", "d-audit"),) if before is not None else ()
    last = found[PAGE - 1] if len(found) > PAGE else None
    older = () if last is None else (("Older ›", f"d-audit:{(last.at - _EPOCH) // _MICROSECOND:x}"),)
    return ((*newest, *older),) if newest or older else ()


def _moment(text: str) -> datetime | None:
    """None for the first page, and for what is no moment."""
    try:
        return _EPOCH + int(text, 16) * _MICROSECOND
    except (ValueError, OverflowError):
        return None


COMMANDS = (Command("audit", show, "Who did what at the desk", who=Who.EDITOR, private=True),)
PRESSES = (Press("d-audit", show, who=Who.EDITOR, private=True),)
