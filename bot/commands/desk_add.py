"""/add: an article out of whatever an editor has at hand.

    /add text | /add address | /add in answer to a message | file with /add as caption ──────────→ intake → card
    /add alone ──question──→ next message ─┬─ as long as a message can be: pieces, until the last ─→ intake → card
    file or long text without a command ──"add it?"──button────────────────────────────────────────→ intake → card

Questions and what was offered are kept in the database (storage.prompts), so a restart loses neither.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

import structlog
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.access import Who
from bot.ask import Ask, Reply, Tell
from bot.commands import desk_card, desk_material, questions
from bot.commands.desk_brought import Brought, Tally, result
from bot.commands.desk_material import Address, File, Material, Refused, Words
from bot.registry import Answer, Command, Handler, Press
from delivery import render
from storage.editors import includes
from storage.records import Role

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]

# Seconds. Longer than `PATIENCE` nobody waits for an answer; and of the large ones `AT_ONCE` are read side by side.
PATIENCE, TELL_EVERY, AT_ONCE = 1.5, 5.0, 4
ASKED, PIECES, OFFERED = "d-add", "d-pieces", "d-offer"
OFFER_FOR = timedelta(days=1)
OFFERS_KEPT = 10
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "”", '"')

HOW = (
    "Send me text, a web address or a file (.txt, .html, .json, .xml, up to 20 MB). "
    "In a text the first line is the headline."
)
TOO_SHORT = "That is too short for an article. Put the headline on the first line and the article below it."


class Intake(Protocol):
    """The way in for articles. `trusted`: usable at once, else pending. `progress(done, all)` counts articles.

    Never raises for what can't be read.
    """

    async def page(
        self, url: str, *, added_by: int, trusted: bool, progress: Progress | None = None
    ) -> Sequence[Brought]: ...

    async def data(
        self,
        data: bytes,
        *,
        name: str | None,
        mime: str | None,
        added_by: int,
        trusted: bool,
        progress: Progress | None = None,
    ) -> Sequence[Brought]: ...


class Adding:
    """The handlers that need the intake.

    What takes longer than `patience` (seconds) goes on beside the chat, telling how far it is each `tell_every`.
    """

    def __init__(self, intake: Intake, *, patience: float = PATIENCE, tell_every: float = TELL_EVERY) -> None:
        self._intake = intake
        self._patience = patience
        self._tell_every = tell_every
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def add(self, ask: Ask) -> Reply:
        material = _material(ask) or _replied(ask)
        return await self._take_or_collect(ask, material) if material else await _question(ask)

    async def document(self, ask: Ask) -> Reply:
        """A file without a command."""
        return await offer(ask)

    async def answer(self, ask: Ask) -> Reply:
        """The message after /add alone."""
        if questions.is_late(ask):
            return await self._late(ask)
        material = _material(ask)
        if material is None:
            return Reply(f"I can't read that. {HOW} Or /cancel.")
        return await self._take_or_collect(ask, material)

    async def piece(self, ask: Ask) -> Reply:
        """The message after one that was as long as messages can be."""
        if questions.is_late(ask):
            return await self._late(ask)
        material, before = _material(ask), str(ask.data["text"])
        if not isinstance(material, Words):
            return Reply(PIECES_OPEN, keyboard=ALL_HERE)
        text = _joined(before, material.text)
        if material.cut:
            return await _collect(ask, text, int(ask.data["count"]) + 1)
        return await self._take(ask, Words(text, cut=False))

    async def all_here(self, ask: Ask) -> Reply:
        """The button that says that no piece is missing."""
        found = await questions.waiting(ask)
        if found is None or found.kind != PIECES:
            return Reply("I don't have that text any more. Please /add it again.")
        return await self._take(ask, Words(str(found.data["text"]), cut=False))

    async def accept(self, ask: Ask) -> Reply:
        """The button under an offer: `message_id` of what was sent."""
        found = await questions.waiting(ask)
        items = found.data.get("items", {}) if found and found.kind == OFFERED else {}
        if ask.args not in items:
            return Reply("I don't have that any more. Please send it again, with /add.")
        return await self._take(ask, _read_material(items[ask.args]))

    async def _late(self, ask: Ask) -> Reply:
        await _withdraw(ask)
        if _material(ask) is None:
            return Reply("I waited ten minutes for the article, then I stopped. Say /add to begin again.")
        return await offer(ask)

    async def _take_or_collect(self, ask: Ask, material: Material) -> Reply:
        if isinstance(material, Words) and material.cut and ask.in_private:
            return await _collect(ask, material.text, 1)
        return await self._take(ask, material)

    async def _take(self, ask: Ask, material: Material) -> Reply:
        tally, handed_on = Tally(), False
        work = asyncio.ensure_future(self._bring(ask, material, tally))
        try:
            done = await _done(work, self._patience)
            await _withdraw(ask, only=ask.args if ask.pressed else None)
            if done:
                return await result(ask, work.result())
            handed_on = True
            return Reply(
                f"📖 I read {_called(material)}. That takes a while; I tell you when it is done. Go on meanwhile.",
                later=partial(self._go_on, ask, work, tally),
            )
        finally:
            if not handed_on:
                work.cancel()

    async def _go_on(self, ask: Ask, work: asyncio.Future[Sequence[Brought]], tally: Tally, tell: Tell) -> Reply:
        try:
            while not await _done(work, self._tell_every):
                if str(tally):
                    await tell(Reply(f"📖 {tally} read so far…"))
            if str(tally):
                await tell(Reply(f"📖 {tally} read."))
            return await result(replace(ask, now=ask.clock()), work.result())
        finally:
            work.cancel()

    async def _bring(self, ask: Ask, material: Material, tally: Tally) -> Sequence[Brought]:
        added_by, trusted = ask.person.user_id, includes(ask.role, Role.EDITOR)
        match material:
            case Refused(reason):
                return [Brought(None, reason=reason)]
            case Address(url):
                await _typing(ask)
                async with self._slots:
                    return await self._intake.page(url, added_by=added_by, trusted=trusted, progress=tally.count)
            case Words(text) if material.too_short:
                return [Brought(None, reason=TOO_SHORT)]
            case Words(text):
                return await self._intake.data(
                    text.encode("utf-8", "replace"),
                    name=None,
                    mime="text/plain",
                    added_by=added_by,
                    trusted=trusted,
                )
        found = await _download(ask, material)
        if isinstance(found, Brought):
            return [found]
        async with self._slots:
            return await self._intake.data(
                found,
                name=material.name,
                mime=material.mime,
                added_by=added_by,
                trusted=trusted,
                progress=tally.count,
            )


async def _done(work: asyncio.Future[Sequence[Brought]], seconds: float) -> bool:
    """Whether the work ends within so many seconds. It goes on if it doesn't."""
    finished, _ = await asyncio.wait({work}, timeout=seconds)
    return bool(finished)


# What was sent


def _material(ask: Ask) -> Material | None:
    return desk_material.of_document(ask.document) if ask.document else desk_material.of_text(ask.args)


def _replied(ask: Ask) -> Material | None:
    if ask.replied_document is not None:
        return desk_material.of_document(ask.replied_document)
    return desk_material.of_text(ask.replied_text)


def _read_material(kept: Mapping[str, Any]) -> Material:
    """Out of a prompt's JSON, as `offer` put it in."""
    if "url" in kept:
        return Address(**kept)
    return File(**kept) if "file_id" in kept else Words(**kept)


async def _download(ask: Ask, file: File) -> bytes | Brought:
    if file.too_large:
        return Brought(None, reason="The file is over 20 MB, more than Telegram gives to bots. Send a smaller one.")
    await _typing(ask)
    try:
        return bytes(await (await ask.bot.get_file(file.file_id)).download_as_bytearray())
    except TelegramError as error:
        log.warning("file_not_fetched", chat_id=ask.chat.chat_id, error=type(error).__name__)
        return Brought(None, reason="Telegram didn't give me the file. Please send it once more.")


async def _typing(ask: Ask) -> None:
    """Fetching takes a while; the chat shows that something happens."""
    with contextlib.suppress(TelegramError):
        await ask.bot.send_chat_action(
            ask.chat.chat_id, ChatAction.TYPING, message_thread_id=ask.destination.thread_id or None
        )


# Questions


async def _question(ask: Ask) -> Reply:
    await questions.put(ask, ASKED, {"asked": True})
    how = "as your next message, typed or forwarded" if ask.in_private else "as an answer to this message"
    return Reply(f"📝 What shall I add? {HOW}\n\nSend it {how}, or /cancel.")


ALL_HERE = ((("That is all of it", "d-all"), ("Cancel", "d-cancel")),)
PIECES_OPEN = (
    "That is as long as a Telegram message can be, so the rest should follow by itself. If there is no rest, press the "
    "button. (A long text also goes as a .txt file.)"
)


async def _collect(ask: Ask, text: str, count: int) -> Reply:
    """Keep the text so far; the first piece that is shorter is the last."""
    await questions.put(ask, PIECES, {"text": text, "count": count})
    return Reply(PIECES_OPEN if count == 1 else f"Piece {count} is here.", keyboard=ALL_HERE)


def _joined(before: str, after: str) -> str:
    """Clients cut at line breaks where they can, else between words; both are trimmed."""
    return f"{before}\n{after}" if before.endswith(SENTENCE_ENDS) else f"{before} {after}"


async def offer(ask: Ask) -> Reply:
    """Ask whether what came without a command is meant to be added. Several may be open at once."""
    material = _material(ask)
    if material is None:
        return Reply(HOW)
    if isinstance(material, Refused):
        return Reply(f"⚠️ {material.reason}")
    if isinstance(material, File) and material.too_large:
        return Reply("That file is over 20 MB, more than Telegram gives to bots. Send a smaller one.")
    if isinstance(material, Words) and material.cut:
        return await _collect(ask, material.text, 1)
    found = await questions.waiting(ask)
    items = dict(found.data.get("items", {})) if found and found.kind == OFFERED else {}
    items[str(ask.message_id)] = asdict(material)
    await questions.put(ask, OFFERED, {"items": dict(list(items.items())[-OFFERS_KEPT:])}, OFFER_FOR)
    return Reply(
        f"Add {_called(material)} as an article?",
        keyboard=((("✅ Add it", f"d-offer:{ask.message_id}"), ("No", "d-leave")),),
    )


def _called(material: Material) -> str:
    match material:
        case Refused():
            return "that"
        case Address(url):
            return f"the page at {render.escape(desk_card.short(url, 100))}"
        case Words(text):
            return f"“{render.escape(desk_card.short(text, 80))}”"
    return f"the file {render.escape(desk_card.short(material.name, 80))}"


async def leave(_ask: Ask) -> Reply:
    return Reply("All right, I leave it.")


async def cancel(ask: Ask) -> Reply:
    """Ends whatever question is open."""
    return Reply("Cancelled. Nothing was changed." if await _withdraw(ask) else "There is nothing to cancel.")


async def _withdraw(ask: Ask, only: str | None = None) -> bool:
    """Forget the open question; of several offers `only` that one."""
    found = await questions.waiting(ask) if only else None
    if found is not None and found.kind == OFFERED:
        left = {key: item for key, item in found.data["items"].items() if key != only}
        if left:
            await questions.put(ask, OFFERED, {"items": left}, found.expires_at - ask.now)
            return True
    return await questions.withdraw(ask)


def words(otherwise: Handler) -> Handler:
    """Plain text: what may be an article from somebody of the desk is offered to be added, the rest goes on."""

    async def handle(ask: Ask) -> Reply:
        from_desk = ask.in_private and includes(ask.role, Role.CONTRIBUTOR)
        if from_desk and desk_material.may_be_article(ask.args, forwarded=ask.forwarded):
            return await offer(ask)
        return await otherwise(ask)

    return handle


def commands(adding: Adding) -> tuple[Command, ...]:
    return (
        Command("add", adding.add, "Add an article", who=Who.CONTRIBUTOR, usage="[text or address]"),
        Command("cancel", cancel, ""),
    )


def presses(adding: Adding) -> tuple[Press, ...]:
    return (
        Press("d-offer", adding.accept, who=Who.CONTRIBUTOR),
        Press("d-all", adding.all_here, who=Who.CONTRIBUTOR),
        Press("d-leave", leave),
        Press("d-cancel", cancel),
    )


def answers(adding: Adding) -> tuple[Answer, ...]:
    return (
        Answer(ASKED, adding.answer, who=Who.CONTRIBUTOR),
        Answer(PIECES, adding.piece, who=Who.CONTRIBUTOR),
    )


def document(adding: Adding) -> Command:
    return Command("add", adding.document, "", who=Who.CONTRIBUTOR)
