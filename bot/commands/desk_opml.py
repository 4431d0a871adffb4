"""/opml: the list of sources in and out, as feed readers know it."""

import asyncio
from collections.abc import Sequence

import structlog
from telegram.error import TelegramError

from bot.access import Who
from bot.ask import Ask, Reply
from bot.commands import desk_sources
from bot.registry import Command
from delivery import render
from ingest.errors import ExtractError
from ingest.opml import Listed, by_folder, read_opml, write_opml
from ingest.takeover import take_over
from storage import sources

log = structlog.get_logger(__name__)

MAX_FILE = 10_000_000
BRING = "To bring the list of a feed reader, send its file with /opml as the caption."


async def opml(ask: Ask) -> Reply:
    """With a file (or in answer to one) its feeds become sources; alone, the list comes as a file."""
    given = ask.document or ask.replied_document
    if given is None:
        return await _export(ask)
    if (given.file_size or 0) > MAX_FILE:
        return Reply("⚠️ That file is too big for a list of feeds.")
    try:
        data = bytes(await (await ask.bot.get_file(given.file_id)).download_as_bytearray())
        listed = await asyncio.to_thread(read_opml, data)
    except ExtractError as error:
        advice = "Send a list of feeds as your feed reader exports it (.opml)."
        return Reply(f"⚠️ I can't read that: {render.escape(str(error))}. {advice}")
    except TelegramError as error:
        log.warning("file_not_fetched", chat_id=ask.chat.chat_id, error=type(error).__name__)
        return Reply("⚠️ Telegram didn't give me the file. Please send it once more.")
    return await desk_sources.listing(ask, 0, await _imported(ask, listed))


async def _imported(ask: Ask, listed: Sequence[Listed]) -> str:
    if not listed:
        return "⚠️ The list names no feeds."
    added = await take_over(ask.db, listed, now=ask.now)
    known = f", {len(listed) - added} were known" if len(listed) > added else ""
    return f"✅ {added} added{known}. Their newest articles come in over the next minutes, without alerts."


async def _export(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        found = await sources.list_feeds(tx)
    if not found:
        return Reply(
            f"{desk_sources.NONE_YET} To bring the list of a feed reader, send its file with /opml as the caption."
        )
    listed = by_folder([Listed(feed.url, feed.source.name, feed.folder) for feed in found])
    data = write_opml(listed, title="Tidings", now=ask.now)
    try:
        await ask.bot.send_document(ask.chat.chat_id, data, filename="tidings.opml")
    except TelegramError as error:
        log.warning("file_not_sent", chat_id=ask.chat.chat_id, error=type(error).__name__)
        return Reply("⚠️ Telegram didn't take the file. Please try again.")
    return Reply(f"That is the list, for any feed reader. {BRING}")


COMMANDS = (Command("opml", opml, "The list of sources as a file", who=Who.EDITOR, private=True),)
