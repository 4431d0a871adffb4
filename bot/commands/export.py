"""/export: all that is kept about a chat, as a file."""

import json

import structlog
from telegram.error import TelegramError

from bot.access import Who
from bot.ask import Ask, Reply
from bot.registry import Command, Press
from storage import personal

log = structlog.get_logger(__name__)

NAME = "tidings-about-this-chat.json"


async def export(ask: Ask) -> Reply:
    async with ask.db.read() as tx:
        kept = await personal.of_chat(tx, ask.me.bot_id, ask.chat.chat_id)
    data = json.dumps({"exported_at": ask.now.isoformat(), "kept": kept}, ensure_ascii=False, indent=2)
    try:
        await ask.bot.send_document(
            ask.chat.chat_id,
            data.encode(),
            filename=NAME,
            message_thread_id=ask.destination.thread_id or None,
        )
    except TelegramError as error:
        log.warning("file_not_sent", chat_id=ask.chat.chat_id, error=type(error).__name__)
        return Reply("⚠️ Telegram didn't take the file. Please try again.")
    return Reply("That is all I keep about this chat, table by table. /privacy says for how long, /forget deletes it.")


COMMANDS = (Command("export", export, "All I keep about this chat, as a file", who=Who.CHAT),)
PRESSES: tuple[Press, ...] = ()
